-- What people show who they are by: nothing in it can be shown itself.
CREATE TABLE session (
    company_id TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    key_id     TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (company_id, hash),
    FOREIGN KEY (company_id, key_id) REFERENCES api_key ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_end ON session (company_id, expires_at);
