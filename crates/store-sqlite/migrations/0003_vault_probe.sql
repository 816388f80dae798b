-- A text sealed with the vault's first key: another key is noticed before it seals anything.
CREATE TABLE vault_probe (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    sealed   TEXT NOT NULL
) STRICT;
