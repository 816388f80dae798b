-- After the database was restored from a backup: what is older may have records that are not known here, and nothing is
-- written before the tab was read anew.
ALTER TABLE sheet_sync_config ADD COLUMN restored_at INTEGER;
ALTER TABLE sheet_sync_config ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sheet_sync_config_held ON sheet_sync_config (company_id, config_id) WHERE held = 1;

-- The same word stands in the file DATABASE.mark beside the database, and is replaced in both again and again.
CREATE TABLE mark (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    word     TEXT NOT NULL
) STRICT;
