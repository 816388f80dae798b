-- People's and companies' connections, and row-level security on every tenant table.

CREATE TABLE kopru.user_integration (
    company_id    TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    user_id       TEXT NOT NULL,
    integration   TEXT NOT NULL,
    version       BIGINT NOT NULL,
    access_token  TEXT NOT NULL,
    refresh_token TEXT,
    expires_at    TIMESTAMPTZ NOT NULL,
    scopes        TEXT NOT NULL,
    account_id    TEXT NOT NULL,
    account_email TEXT NOT NULL,
    status        TEXT NOT NULL,
    last_error    TEXT,
    refresh_until TIMESTAMPTZ NOT NULL DEFAULT 'epoch',
    PRIMARY KEY (company_id, user_id, integration)
);
CREATE INDEX user_integration_by_account ON kopru.user_integration (account_id);

CREATE TABLE kopru.company_integration (
    company_id  TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    integration TEXT NOT NULL,
    settings    TEXT NOT NULL,
    version     BIGINT NOT NULL,
    status      TEXT NOT NULL,
    last_error  TEXT,
    last_used   TIMESTAMPTZ,
    PRIMARY KEY (company_id, integration)
);

-- A way into a company: holds nothing that can be used without the state itself.
CREATE TABLE kopru.oauth_consent (
    company_id TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    state_hash TEXT NOT NULL UNIQUE,
    consent    TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (company_id, state_hash)
);

-- The application's role neither owns the tables nor passes by their policies. Roles belong to the whole
-- server: another database's migration may make it at the same moment.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kopru_app') THEN
        CREATE ROLE kopru_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT kopru_app TO %I', current_user);
    END IF;
END $$;
GRANT USAGE ON SCHEMA kopru TO kopru_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA kopru TO kopru_app;
REVOKE INSERT, UPDATE, DELETE ON kopru.schema_migration FROM kopru_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA kopru GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kopru_app;

-- A transaction sees the company that it was opened for, and without one nothing: an unset setting equals
-- no id. Whatever table comes later needs the same two lines; a test looks for tables without them.
DO $$
DECLARE
    tenant TEXT;
BEGIN
    FOR tenant IN SELECT table_name FROM information_schema.columns
                  WHERE table_schema = 'kopru' AND column_name = 'company_id'
    LOOP
        EXECUTE format('ALTER TABLE kopru.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tenant);
        EXECUTE format('CREATE POLICY of_company ON kopru.%I USING (company_id = current_setting(''kopru.company'', true))',
                       tenant);
    END LOOP;
END $$;

-- What has to be found before the company is known: by a secret's hash, which opens one row and no other.
CREATE POLICY by_hash ON kopru.api_key FOR SELECT USING (hash = current_setting('kopru.hash', true));
CREATE POLICY by_hash ON kopru.sheet_sync_config FOR SELECT
    USING (webhook_key_hash = current_setting('kopru.hash', true));
CREATE POLICY by_hash ON kopru.oauth_consent USING (state_hash = current_setting('kopru.hash', true));

-- An account at a vendor may be connected for several companies: they are counted before it is revoked.
CREATE POLICY by_account ON kopru.user_integration FOR SELECT
    USING (account_id = current_setting('kopru.account', true));

-- The scheduler chooses among all companies' lanes, which hold no payload; operators list the companies.
CREATE POLICY all_lanes ON kopru.lane USING (current_setting('kopru.every', true) = 'lane');
CREATE POLICY all_companies ON kopru.company FOR SELECT USING (current_setting('kopru.every', true) = 'company');
