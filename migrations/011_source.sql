-- UIDs mean something within one folder of one account only, and UIDVALIDITY tells folders of
-- different accounts apart only where servers choose it so: Gmail's inboxes all have 1.

ALTER TABLE bounce.mailbox ADD source text;
COMMENT ON TABLE bounce.mailbox IS 'Whose UIDs those of a mailbox are, and how far one whose messages stay in place has been read.';
COMMENT ON COLUMN bounce.mailbox.source IS 'Account, server and folder that the configuration named last.';
