-- For how many days a company's data are kept; NULL is for ever.
ALTER TABLE company ADD COLUMN history_days INTEGER DEFAULT 365;
ALTER TABLE company ADD COLUMN events_days INTEGER DEFAULT 30;
ALTER TABLE company ADD COLUMN audit_days INTEGER DEFAULT 730;
CREATE INDEX reverse_sync_log_by_age ON reverse_sync_log (company_id, at);
CREATE INDEX webhook_event_by_age ON webhook_event (company_id, processed_at) WHERE processed_at IS NOT NULL;
