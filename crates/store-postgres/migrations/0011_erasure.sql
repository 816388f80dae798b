-- Messages are kept for a time too; NULL is for ever.
ALTER TABLE kopru.company ADD COLUMN messages_days INTEGER DEFAULT 365;
CREATE INDEX message_by_age ON kopru.message (company_id, created_at);
CREATE INDEX message_inbound_by_age ON kopru.message_inbound (company_id, received_at);

-- Whose messages are deleted.
CREATE INDEX message_by_user ON kopru.message (company_id, user_id) WHERE user_id IS NOT NULL;

-- A lane that was deleted and comes again begins with a later epoch: by the clock.
ALTER TABLE kopru.lane ALTER COLUMN epoch SET DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
