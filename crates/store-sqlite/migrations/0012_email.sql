-- Why an address gets no messages; of who opted out before, nothing: they had asked for it.
ALTER TABLE message_contact ADD COLUMN opt_out_cause TEXT;
