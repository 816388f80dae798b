-- No work on the lane is due before: what is finished lies below, and is not looked at again, also while somebody's
-- snapshot keeps it from being cleaned away.
ALTER TABLE kopru.lane ADD COLUMN first_due TIMESTAMPTZ NOT NULL DEFAULT 'epoch';
