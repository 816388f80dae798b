-- Which request for its work an attempt answers: one that was opened again is later than the turn that began before.
ALTER TABLE kopru.attempt ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
