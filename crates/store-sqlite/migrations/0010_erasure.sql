-- Messages are kept for a time too; NULL is for ever.
ALTER TABLE company ADD COLUMN messages_days INTEGER DEFAULT 365;
CREATE INDEX message_by_age ON message (company_id, created_at);
CREATE INDEX message_inbound_by_age ON message_inbound (company_id, received_at);

-- Whose messages are deleted, and that a consent goes with its company. Of all messages: without statistics a part of them is not used.
CREATE INDEX message_by_user ON message (company_id, user_id);
ALTER TABLE oauth_consent ADD COLUMN company_id TEXT REFERENCES company ON DELETE CASCADE;
UPDATE oauth_consent SET company_id = consent ->> '$.key.company'
    WHERE consent ->> '$.key.company' IN (SELECT company_id FROM company);
CREATE INDEX oauth_consent_by_company ON oauth_consent (company_id);
