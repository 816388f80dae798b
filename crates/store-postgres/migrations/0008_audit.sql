-- Who connected, revoked, changed what.
CREATE TABLE kopru.audit_log (
    company_id TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    entry_id   UUID NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    key_id     UUID,
    user_id    TEXT,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    PRIMARY KEY (company_id, entry_id)
);

ALTER TABLE kopru.audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_company ON kopru.audit_log USING (company_id = current_setting('kopru.company', true));
