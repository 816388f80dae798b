-- From which pages in the browser a company's people may call.
CREATE TABLE kopru.company_origin (
    company_id TEXT COLLATE "C" NOT NULL REFERENCES kopru.company ON DELETE CASCADE,
    origin     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (company_id, origin)
);
CREATE INDEX company_origin_by_origin ON kopru.company_origin (origin);

ALTER TABLE kopru.company_origin ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_company ON kopru.company_origin USING (company_id = current_setting('kopru.company', true));
CREATE POLICY by_origin ON kopru.company_origin FOR SELECT USING (origin = current_setting('kopru.origin', true));
