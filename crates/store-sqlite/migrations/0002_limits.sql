-- How far vendors' limits are used: one moment says all of a leaky bucket. No tenant's data.
CREATE TABLE limiter (
    scope      TEXT PRIMARY KEY,
    per_second REAL NOT NULL,
    burst      REAL NOT NULL,
    full_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A turn takes work of one urgency, oldest first; the first of each urgency is also the lane's next moment.
DROP INDEX work_due;
CREATE INDEX work_due ON work (company_id, lane, urgency, due, work_key) WHERE parked = 0;

-- Companies take turns: which lanes are held, and the oldest due lane of a company.
CREATE INDEX lane_held ON lane (lease_until, company_id) WHERE lease_until > 0;
CREATE INDEX lane_due_by_company ON lane (company_id, next_due) WHERE next_due IS NOT NULL;
