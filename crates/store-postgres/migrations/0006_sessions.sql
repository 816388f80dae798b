-- What people show who they are by: nothing in it can be shown itself.
CREATE TABLE kopru.session (
    company_id TEXT COLLATE "C" NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    key_id     UUID NOT NULL,
    user_id    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (company_id, hash),
    FOREIGN KEY (company_id, key_id) REFERENCES kopru.api_key ON DELETE CASCADE
);
CREATE INDEX session_by_end ON kopru.session (company_id, expires_at);

ALTER TABLE kopru.session ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_company ON kopru.session USING (company_id = current_setting('kopru.company', true));
CREATE POLICY by_hash ON kopru.session USING (hash = current_setting('kopru.hash', true));
