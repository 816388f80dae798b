-- Requests to send, by the key that their caller knows them by.
CREATE TABLE kopru.message_batch (
    company_id      TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    batch_id        UUID NOT NULL,
    idempotency_key TEXT COLLATE "C",
    fingerprint     TEXT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (company_id, batch_id),
    UNIQUE (company_id, idempotency_key)
);

-- Ids grow with time: the key is the order of the log.
CREATE TABLE kopru.message (
    company_id  TEXT COLLATE "C" NOT NULL,
    message_id  UUID NOT NULL,
    batch_id    UUID NOT NULL,
    lane        TEXT COLLATE "C" NOT NULL,
    channel     TEXT COLLATE "C" NOT NULL,
    given       TEXT NOT NULL,
    number      TEXT COLLATE "C",
    content     TEXT NOT NULL,
    media       TEXT NOT NULL,
    segments    BIGINT NOT NULL,
    urgent      BOOLEAN NOT NULL,
    send_at     TIMESTAMPTZ,
    user_id     TEXT,
    status      TEXT COLLATE "C" NOT NULL,
    hold        TEXT,
    trouble     TEXT,
    code        TEXT,
    provider_id TEXT COLLATE "C",
    counted     BOOLEAN NOT NULL DEFAULT false,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (company_id, message_id),
    FOREIGN KEY (company_id, batch_id) REFERENCES kopru.message_batch ON DELETE CASCADE
);
CREATE INDEX message_by_batch ON kopru.message (company_id, batch_id, message_id);
CREATE INDEX message_by_status ON kopru.message (company_id, status, message_id);
CREATE INDEX message_by_number ON kopru.message (company_id, number, message_id) WHERE number IS NOT NULL;
CREATE INDEX message_by_provider ON kopru.message (company_id, provider_id, message_id) WHERE provider_id IS NOT NULL;

-- What is known of numbers.
CREATE TABLE kopru.message_contact (
    company_id      TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    channel         TEXT COLLATE "C" NOT NULL,
    number          TEXT COLLATE "C" NOT NULL,
    opted_out_at    TIMESTAMPTZ,
    last_inbound_at TIMESTAMPTZ,
    PRIMARY KEY (company_id, channel, number)
);
CREATE INDEX message_contact_opted_out ON kopru.message_contact (company_id, channel, number)
    WHERE opted_out_at IS NOT NULL;

-- People's messages that were told of: a repetition must not undo a later word.
CREATE TABLE kopru.message_inbound (
    company_id  TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    provider_id TEXT COLLATE "C" NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (company_id, provider_id)
);

-- What a company let go on a day: of each message once, which it says itself.
CREATE TABLE kopru.message_day (
    company_id TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    day        DATE NOT NULL,
    messages   BIGINT NOT NULL DEFAULT 0,
    segments   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, day)
);

CREATE TABLE kopru.message_template (
    company_id TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    name       TEXT COLLATE "C" NOT NULL,
    template   TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (company_id, name)
);

CREATE TABLE kopru.message_policy (
    company_id TEXT COLLATE "C" PRIMARY KEY REFERENCES kopru.company ON DELETE CASCADE,
    policy     TEXT NOT NULL
);

DO $$
DECLARE
    tenant TEXT;
BEGIN
    FOREACH tenant IN ARRAY ARRAY['message_batch', 'message', 'message_contact', 'message_inbound', 'message_day',
                                  'message_template', 'message_policy']
    LOOP
        EXECUTE format('ALTER TABLE kopru.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tenant);
        EXECUTE format('CREATE POLICY of_company ON kopru.%I USING (company_id = current_setting(''kopru.company'', true))',
                       tenant);
    END LOOP;
END $$;
