-- Every tenant table leads with company_id. Ids stand in the order of their bytes, whatever the database's language.
-- JSON is kept as text: jsonb refuses \u0000 and respells numbers, and no statement looks into it.

CREATE TABLE kopru.company (
    company_id TEXT COLLATE "C" PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- A text sealed with the vault's first key: another key is noticed before it seals anything.
CREATE TABLE kopru.vault_probe (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    sealed   TEXT NOT NULL
);

CREATE TABLE kopru.api_key (
    company_id TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    key_id     UUID NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    last_four  TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    PRIMARY KEY (company_id, key_id)
);

CREATE TABLE kopru.sheet_sync_config (
    company_id       TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    config_id        UUID NOT NULL,
    user_id          TEXT NOT NULL,
    name             TEXT NOT NULL,
    spreadsheet_id   TEXT NOT NULL,
    gid              INTEGER NOT NULL,
    entity           TEXT NOT NULL,
    portal           TEXT NOT NULL,
    title_from       TEXT NOT NULL,
    language         TEXT NOT NULL,
    quiet_ms         BIGINT NOT NULL,
    enabled          BOOLEAN NOT NULL,
    webhook_key_hash TEXT NOT NULL UNIQUE,
    sealed_secret    TEXT NOT NULL,
    scan             TEXT,
    created_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (company_id, config_id),
    UNIQUE (company_id, spreadsheet_id, gid)
);

CREATE TABLE kopru.field_mapping (
    company_id   TEXT COLLATE "C" NOT NULL,
    config_id    UUID NOT NULL,
    position     BIGINT NOT NULL,
    column_index BIGINT NOT NULL,
    column_name  TEXT NOT NULL,
    crm_field    TEXT NOT NULL,
    style        TEXT NOT NULL,
    PRIMARY KEY (company_id, config_id, position),
    FOREIGN KEY (company_id, config_id) REFERENCES kopru.sheet_sync_config ON DELETE CASCADE
);

CREATE TABLE kopru.webhook_event (
    company_id   TEXT COLLATE "C" NOT NULL,
    config_id    UUID NOT NULL,
    event_id     TEXT COLLATE "C" NOT NULL,
    first_row    BIGINT,
    end_row      BIGINT,
    received_at  TIMESTAMPTZ NOT NULL,
    processed_at TIMESTAMPTZ,
    PRIMARY KEY (company_id, config_id, event_id),
    FOREIGN KEY (company_id, config_id) REFERENCES kopru.sheet_sync_config ON DELETE CASCADE
);
CREATE INDEX webhook_event_open ON kopru.webhook_event (company_id, config_id, received_at, event_id)
    WHERE processed_at IS NULL;

CREATE TABLE kopru.sync_row (
    company_id     TEXT COLLATE "C" NOT NULL,
    config_id      UUID NOT NULL,
    row_id         TEXT COLLATE "C" NOT NULL,
    place          BIGINT NOT NULL,
    record_id      TEXT,
    desired        TEXT NOT NULL,
    acked          TEXT NOT NULL DEFAULT '{}',
    refusals       TEXT NOT NULL,
    rejected       TEXT NOT NULL DEFAULT '{}',
    state          TEXT NOT NULL,
    error          TEXT,
    revision       BIGINT NOT NULL DEFAULT 1,
    shown_revision BIGINT NOT NULL DEFAULT 0,
    scan           BIGINT,
    PRIMARY KEY (company_id, config_id, row_id),
    FOREIGN KEY (company_id, config_id) REFERENCES kopru.sheet_sync_config ON DELETE CASCADE
);
CREATE INDEX sync_row_by_place ON kopru.sync_row (company_id, config_id, place, row_id);
CREATE INDEX sync_row_status_due ON kopru.sync_row (company_id, config_id, place, row_id)
    WHERE shown_revision < revision AND state <> 'pending';

CREATE TABLE kopru.reverse_sync_log (
    entry_id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company_id TEXT COLLATE "C" NOT NULL,
    config_id  UUID NOT NULL,
    row_id     TEXT COLLATE "C" NOT NULL,
    row_number BIGINT NOT NULL,
    record_id  TEXT,
    fields     TEXT NOT NULL,
    status     TEXT NOT NULL,
    refusals   TEXT NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (company_id, config_id) REFERENCES kopru.sheet_sync_config ON DELETE CASCADE
);
CREATE INDEX reverse_sync_log_by_config ON kopru.reverse_sync_log (company_id, config_id, entry_id);

-- Finished work leaves these tables: they stay as small as what is still to be done.
CREATE TABLE kopru.lane (
    company_id  TEXT COLLATE "C" NOT NULL,
    lane        TEXT COLLATE "C" NOT NULL,
    next_due    TIMESTAMPTZ,
    lease_until TIMESTAMPTZ NOT NULL DEFAULT 'epoch',
    epoch       BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, lane)
);
CREATE INDEX lane_due ON kopru.lane (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX lane_held ON kopru.lane (lease_until, company_id);

CREATE TABLE kopru.work (
    company_id TEXT COLLATE "C" NOT NULL,
    lane       TEXT COLLATE "C" NOT NULL,
    work_key   TEXT COLLATE "C" NOT NULL,
    kind       TEXT NOT NULL,
    owner      TEXT NOT NULL,
    payload    TEXT NOT NULL,
    urgency    SMALLINT NOT NULL,
    due        TIMESTAMPTZ NOT NULL,
    since      TIMESTAMPTZ NOT NULL,
    failures   BIGINT NOT NULL DEFAULT 0,
    generation BIGINT NOT NULL DEFAULT 1,
    parked     BOOLEAN NOT NULL DEFAULT false,
    error      TEXT,
    PRIMARY KEY (company_id, lane, work_key)
);
CREATE INDEX work_due ON kopru.work (company_id, lane, urgency, due, work_key) WHERE NOT parked;
CREATE INDEX work_by_owner ON kopru.work (company_id, owner);

CREATE TABLE kopru.attempt (
    company_id TEXT COLLATE "C" NOT NULL,
    lane       TEXT COLLATE "C" NOT NULL,
    work_key   TEXT COLLATE "C" NOT NULL,
    payload    TEXT NOT NULL,
    deadline   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (company_id, lane, work_key)
);

-- How far vendors' limits are used: one moment says all of a leaky bucket. No tenant's data.
CREATE TABLE kopru.limiter (
    scope      TEXT COLLATE "C" PRIMARY KEY,
    per_second DOUBLE PRECISION NOT NULL,
    burst      DOUBLE PRECISION NOT NULL,
    full_at    TIMESTAMPTZ NOT NULL
);
