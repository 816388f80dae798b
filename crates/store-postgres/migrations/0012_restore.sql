-- After the database was restored from a backup: what is older may have records that are not known here, and nothing is
-- written before the tab was read anew.
ALTER TABLE kopru.sheet_sync_config ADD COLUMN restored_at TIMESTAMPTZ;
ALTER TABLE kopru.sheet_sync_config ADD COLUMN held BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX sheet_sync_config_held ON kopru.sheet_sync_config (company_id, config_id) WHERE held;
CREATE POLICY held ON kopru.sheet_sync_config FOR SELECT
    USING (held AND current_setting('kopru.every', true) = 'held');

-- Where this row was written. A database that was copied is another one; a row that was loaded from a dump was written by
-- another transaction; and a server that was set back to a moment goes on in another timeline.
CREATE TABLE kopru.mark (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    database TEXT NOT NULL,
    written  TEXT NOT NULL,
    timeline TEXT NOT NULL
);
