-- Moments are microseconds since 1970 (UTC). Every tenant table leads with company_id.

CREATE TABLE company (
    company_id TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    company_id TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    key_id     TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    last_four  TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (company_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_integration (
    company_id    TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    user_id       TEXT NOT NULL,
    integration   TEXT NOT NULL,
    version       INTEGER NOT NULL,
    access_token  TEXT NOT NULL,
    refresh_token TEXT,
    expires_at    INTEGER NOT NULL,
    scopes        TEXT NOT NULL,
    account_id    TEXT NOT NULL,
    account_email TEXT NOT NULL,
    status        TEXT NOT NULL,
    last_error    TEXT,
    refresh_until INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, user_id, integration)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_integration_by_account ON user_integration (account_id);

CREATE TABLE company_integration (
    company_id  TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    integration TEXT NOT NULL,
    settings    TEXT NOT NULL,
    version     INTEGER NOT NULL,
    status      TEXT NOT NULL,
    last_error  TEXT,
    last_used   INTEGER,
    PRIMARY KEY (company_id, integration)
) STRICT, WITHOUT ROWID;

-- A way into a company: holds nothing that can be used without the state itself.
CREATE TABLE oauth_consent (
    state_hash TEXT PRIMARY KEY,
    consent    TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sheet_sync_config (
    company_id       TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    config_id        TEXT NOT NULL,
    user_id          TEXT NOT NULL,
    name             TEXT NOT NULL,
    spreadsheet_id   TEXT NOT NULL,
    gid              INTEGER NOT NULL,
    entity           TEXT NOT NULL,
    portal           TEXT NOT NULL,
    title_from       TEXT NOT NULL,
    language         TEXT NOT NULL,
    quiet_ms         INTEGER NOT NULL,
    enabled          INTEGER NOT NULL,
    webhook_key_hash TEXT NOT NULL UNIQUE,
    sealed_secret    TEXT NOT NULL,
    scan             TEXT,
    created_at       INTEGER NOT NULL,
    PRIMARY KEY (company_id, config_id),
    UNIQUE (company_id, spreadsheet_id, gid)
) STRICT, WITHOUT ROWID;

CREATE TABLE field_mapping (
    company_id   TEXT NOT NULL,
    config_id    TEXT NOT NULL,
    position     INTEGER NOT NULL,
    column_index INTEGER NOT NULL,
    column_name  TEXT NOT NULL,
    crm_field    TEXT NOT NULL,
    style        TEXT NOT NULL,
    PRIMARY KEY (company_id, config_id, position),
    FOREIGN KEY (company_id, config_id) REFERENCES sheet_sync_config ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_event (
    company_id   TEXT NOT NULL,
    config_id    TEXT NOT NULL,
    event_id     TEXT NOT NULL,
    first_row    INTEGER,
    end_row      INTEGER,
    received_at  INTEGER NOT NULL,
    processed_at INTEGER,
    PRIMARY KEY (company_id, config_id, event_id),
    FOREIGN KEY (company_id, config_id) REFERENCES sheet_sync_config ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_event_open ON webhook_event (company_id, config_id, received_at) WHERE processed_at IS NULL;

CREATE TABLE sync_row (
    company_id     TEXT NOT NULL,
    config_id      TEXT NOT NULL,
    row_id         TEXT NOT NULL,
    place          INTEGER NOT NULL,
    record_id      TEXT,
    desired        TEXT NOT NULL,
    acked          TEXT NOT NULL DEFAULT '{}',
    refusals       TEXT NOT NULL,
    rejected       TEXT NOT NULL DEFAULT '{}',
    state          TEXT NOT NULL,
    error          TEXT,
    revision       INTEGER NOT NULL DEFAULT 1,
    shown_revision INTEGER NOT NULL DEFAULT 0,
    scan           INTEGER,
    PRIMARY KEY (company_id, config_id, row_id),
    FOREIGN KEY (company_id, config_id) REFERENCES sheet_sync_config ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX sync_row_by_place ON sync_row (company_id, config_id, place);
CREATE INDEX sync_row_status_due ON sync_row (company_id, config_id, place)
    WHERE shown_revision < revision AND state <> 'pending';

CREATE TABLE reverse_sync_log (
    entry_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id TEXT NOT NULL,
    config_id  TEXT NOT NULL,
    row_id     TEXT NOT NULL,
    row_number INTEGER NOT NULL,
    record_id  TEXT,
    fields     TEXT NOT NULL,
    status     TEXT NOT NULL,
    refusals   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    FOREIGN KEY (company_id, config_id) REFERENCES sheet_sync_config ON DELETE CASCADE
) STRICT;
CREATE INDEX reverse_sync_log_by_config ON reverse_sync_log (company_id, config_id, entry_id);

-- Finished work leaves these tables: they stay as small as what is still to be done.
CREATE TABLE lane (
    company_id  TEXT NOT NULL,
    lane        TEXT NOT NULL,
    next_due    INTEGER,
    lease_until INTEGER NOT NULL DEFAULT 0,
    epoch       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, lane)
) STRICT, WITHOUT ROWID;
CREATE INDEX lane_due ON lane (next_due) WHERE next_due IS NOT NULL;

CREATE TABLE work (
    company_id TEXT NOT NULL,
    lane       TEXT NOT NULL,
    work_key   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    owner      TEXT NOT NULL,
    payload    TEXT NOT NULL,
    urgency    INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    failures   INTEGER NOT NULL DEFAULT 0,
    generation INTEGER NOT NULL DEFAULT 1,
    parked     INTEGER NOT NULL DEFAULT 0,
    error      TEXT,
    PRIMARY KEY (company_id, lane, work_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_due ON work (company_id, lane, due + urgency * 3000000, work_key) WHERE parked = 0;
CREATE INDEX work_by_owner ON work (company_id, owner);

CREATE TABLE attempt (
    company_id TEXT NOT NULL,
    lane       TEXT NOT NULL,
    work_key   TEXT NOT NULL,
    payload    TEXT NOT NULL,
    deadline   INTEGER NOT NULL,
    PRIMARY KEY (company_id, lane, work_key)
) STRICT, WITHOUT ROWID;
