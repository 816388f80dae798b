-- Who connected, revoked, changed what.
CREATE TABLE audit_log (
    company_id TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    entry_id   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    key_id     TEXT,
    user_id    TEXT,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    PRIMARY KEY (company_id, entry_id)
) STRICT, WITHOUT ROWID;
