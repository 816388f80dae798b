-- Requests to send, by the key that their caller knows them by.
CREATE TABLE message_batch (
    company_id      TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    batch_id        TEXT NOT NULL,
    idempotency_key TEXT,
    fingerprint     TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (company_id, batch_id),
    UNIQUE (company_id, idempotency_key)
) STRICT, WITHOUT ROWID;

-- Ids grow with time: the key is the order of the log.
CREATE TABLE message (
    company_id  TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    batch_id    TEXT NOT NULL,
    lane        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    given       TEXT NOT NULL,
    number      TEXT,
    content     TEXT NOT NULL,
    media       TEXT NOT NULL,
    segments    INTEGER NOT NULL,
    urgent      INTEGER NOT NULL,
    send_at     INTEGER,
    user_id     TEXT,
    status      TEXT NOT NULL,
    hold        TEXT,
    trouble     TEXT,
    code        TEXT,
    provider_id TEXT,
    counted     INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (company_id, message_id),
    FOREIGN KEY (company_id, batch_id) REFERENCES message_batch ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX message_by_batch ON message (company_id, batch_id, message_id);
CREATE INDEX message_by_status ON message (company_id, status, message_id);
CREATE INDEX message_by_number ON message (company_id, number, message_id) WHERE number IS NOT NULL;
CREATE INDEX message_by_provider ON message (company_id, provider_id, message_id) WHERE provider_id IS NOT NULL;

-- What is known of numbers.
CREATE TABLE message_contact (
    company_id      TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    channel         TEXT NOT NULL,
    number          TEXT NOT NULL,
    opted_out_at    INTEGER,
    last_inbound_at INTEGER,
    PRIMARY KEY (company_id, channel, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_contact_opted_out ON message_contact (company_id, channel, number) WHERE opted_out_at IS NOT NULL;

-- People's messages that were told of: a repetition must not undo a later word.
CREATE TABLE message_inbound (
    company_id  TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    provider_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (company_id, provider_id)
) STRICT, WITHOUT ROWID;

-- What a company let go on a day: of each message once, which it says itself.
CREATE TABLE message_day (
    company_id TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    day        TEXT NOT NULL,
    messages   INTEGER NOT NULL DEFAULT 0,
    segments   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE message_template (
    company_id TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    name       TEXT NOT NULL,
    template   TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (company_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE message_policy (
    company_id TEXT PRIMARY KEY REFERENCES company ON DELETE CASCADE,
    policy     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
