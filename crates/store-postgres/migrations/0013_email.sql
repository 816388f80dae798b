-- Why an address gets no messages; of who opted out before, nothing: they had asked for it.
ALTER TABLE kopru.message_contact ADD COLUMN opt_out_cause TEXT;
-- What became of a message on each road; and since when a company's account has had trouble.
ALTER TABLE kopru.message ADD COLUMN tries TEXT NOT NULL DEFAULT '[]';
ALTER TABLE kopru.company_integration ADD COLUMN ailing_since TIMESTAMPTZ;
