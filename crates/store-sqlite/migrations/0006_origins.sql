-- From which pages in the browser a company's people may call.
CREATE TABLE company_origin (
    company_id TEXT NOT NULL REFERENCES company ON DELETE CASCADE,
    origin     TEXT NOT NULL,
    PRIMARY KEY (company_id, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX company_origin_by_origin ON company_origin (origin);
