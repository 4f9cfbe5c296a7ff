-- Judging stored messages anew: what they were taken for before, so that it can be brought back.

CREATE TABLE bounce.message_revision (
    message uuid,
    revision smallint,
    superseded_by uuid NOT NULL,
    undone_by uuid,
    events integer NOT NULL,
    message_id text,
    from_address text,
    subject text,
    kind text,
    format text,
    outcome text NOT NULL,
    outcome_reason text,
    PRIMARY KEY (message, revision)
);
CREATE INDEX message_revision_run ON bounce.message_revision (superseded_by, message);
COMMENT ON TABLE bounce.message_revision IS 'What a message was taken for before a run of nullsender reprocess judged it anew. Its former events are those in bounce.event that the same run superseded.';
COMMENT ON COLUMN bounce.message_revision.message IS 'Its id in bounce.message.';
COMMENT ON COLUMN bounce.message_revision.revision IS '1 for what it was taken for at first, then 2, ...';
COMMENT ON COLUMN bounce.message_revision.superseded_by IS 'The run that judged it anew.';
COMMENT ON COLUMN bounce.message_revision.undone_by IS 'The run that brought this back; NULL where none did.';
COMMENT ON COLUMN bounce.message_revision.events IS 'How many events the run superseded.';
COMMENT ON COLUMN bounce.message_revision.message_id IS 'As bounce.message had it.';
COMMENT ON COLUMN bounce.message_revision.from_address IS 'As bounce.message had it.';
COMMENT ON COLUMN bounce.message_revision.subject IS 'As bounce.message had it.';
COMMENT ON COLUMN bounce.message_revision.kind IS 'As bounce.message had it.';
COMMENT ON COLUMN bounce.message_revision.format IS 'As bounce.message had it.';
COMMENT ON COLUMN bounce.message_revision.outcome IS 'As bounce.message had it.';
COMMENT ON COLUMN bounce.message_revision.outcome_reason IS 'As bounce.message had it.';

-- A run of reprocess, or one that undoes it, has a row of its own.
COMMENT ON COLUMN bounce.run.command IS 'The subcommand: fetch, import, reprocess, reprocess --undo, ...';
COMMENT ON COLUMN bounce.run.mailbox IS 'The mailbox, as the configuration names it; NULL where the run was about none.';
COMMENT ON COLUMN bounce.run.stored IS 'Messages that are new in the ledger; of a reprocess, those that it changed.';
COMMENT ON COLUMN bounce.run.quarantined IS 'New messages that could not be decoded; their bytes are kept. Of a reprocess, those that it could not decode, and left alone.';
COMMENT ON COLUMN bounce.run.already_known IS 'Messages that were in the ledger before; of a reprocess, those that it judged no otherwise.';
