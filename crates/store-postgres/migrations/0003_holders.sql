-- Which instance has a lane: what a killed one had is free at once, without a wait for its lease's end.
ALTER TABLE kopru.lane ADD COLUMN holder INTEGER;
