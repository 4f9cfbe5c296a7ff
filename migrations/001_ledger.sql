-- The ledger: what arrived, what it says, and what people decided. Facts; 002_computed.sql has the
-- tables that are computed from them.
--
-- For Citus: the column to distribute by stands first in every primary key, nothing references a
-- table that is distributed otherwise, and there are no triggers and no sequences. Keys compare
-- bytewise (COLLATE "C"), so that every server sorts and locks them in the same order.

COMMENT ON SCHEMA bounce IS 'nullsender: bounced mail, and which addresses may still be written to. Start with the views campaign_summary, campaign_bounces, suppression and recipient_status.';
COMMENT ON TABLE bounce.schema_version IS 'Which migrations this database has seen.';
COMMENT ON COLUMN bounce.schema_version.version IS 'Number in front of the migration''s name.';
COMMENT ON COLUMN bounce.schema_version.name IS 'File name of the migration.';
COMMENT ON COLUMN bounce.schema_version.sha256 IS 'SHA-256 of the migration''s bytes.';
COMMENT ON COLUMN bounce.schema_version.applied_at IS 'When it was applied.';

CREATE TABLE bounce.run (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    command text NOT NULL,
    mailbox text COLLATE "C",
    version text NOT NULL,
    ruleset text,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    fetched bigint NOT NULL DEFAULT 0,
    stored bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    already_known bigint NOT NULL DEFAULT 0,
    filed bigint NOT NULL DEFAULT 0,
    events bigint NOT NULL DEFAULT 0,
    escalations bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    error text,
    adds_up boolean GENERATED ALWAYS AS (fetched = stored + quarantined + already_known) STORED
);
CREATE INDEX run_started_at ON bounce.run (started_at);
COMMENT ON TABLE bounce.run IS 'One row for each run of nullsender on a mailbox.';
COMMENT ON COLUMN bounce.run.id IS 'Identifies the run.';
COMMENT ON COLUMN bounce.run.command IS 'The subcommand: fetch, import, ...';
COMMENT ON COLUMN bounce.run.mailbox IS 'The mailbox, as the configuration names it.';
COMMENT ON COLUMN bounce.run.version IS 'Version of the program.';
COMMENT ON COLUMN bounce.run.ruleset IS 'Version of the rules that judged.';
COMMENT ON COLUMN bounce.run.started_at IS 'When the run began.';
COMMENT ON COLUMN bounce.run.finished_at IS 'When it ended; NULL while it is at work, or when it was killed.';
COMMENT ON COLUMN bounce.run.fetched IS 'Messages that it looked at.';
COMMENT ON COLUMN bounce.run.stored IS 'Messages that are new in the ledger.';
COMMENT ON COLUMN bounce.run.quarantined IS 'New messages that could not be decoded; their bytes are kept.';
COMMENT ON COLUMN bounce.run.already_known IS 'Messages that were in the ledger before.';
COMMENT ON COLUMN bounce.run.filed IS 'Messages moved or deleted on the server.';
COMMENT ON COLUMN bounce.run.events IS 'Events written.';
COMMENT ON COLUMN bounce.run.escalations IS 'Addresses that their soft bounces turned hard.';
COMMENT ON COLUMN bounce.run.bytes IS 'Bytes fetched.';
COMMENT ON COLUMN bounce.run.error IS 'What ended it early; NULL when all went well.';
COMMENT ON COLUMN bounce.run.adds_up IS 'Whether every message that was fetched is accounted for.';

CREATE TABLE bounce.mailbox (
    mailbox text COLLATE "C" PRIMARY KEY,
    uidvalidity bigint NOT NULL,
    last_uid bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE bounce.mailbox IS 'How far a mailbox whose messages stay in place has been read.';
COMMENT ON COLUMN bounce.mailbox.mailbox IS 'The mailbox, as the configuration names it.';
COMMENT ON COLUMN bounce.mailbox.uidvalidity IS 'UIDVALIDITY (RFC 9051 section 2.3.1.1) under which last_uid holds.';
COMMENT ON COLUMN bounce.mailbox.last_uid IS 'All messages up to this UID are in the ledger.';
COMMENT ON COLUMN bounce.mailbox.updated_at IS 'When it moved last.';

CREATE TABLE bounce.message (
    id uuid PRIMARY KEY,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    arrived_at timestamptz NOT NULL,
    message_id text,
    from_address text,
    subject text,
    kind text,
    format text,
    outcome text NOT NULL CHECK (outcome IN ('judged', 'unmatched', 'not_a_bounce', 'quarantined')),
    outcome_reason text,
    truncated boolean NOT NULL,
    run uuid NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX message_stored_at ON bounce.message USING brin (stored_at);
CREATE INDEX message_not_judged ON bounce.message (outcome, stored_at) WHERE outcome <> 'judged';
COMMENT ON TABLE bounce.message IS 'Every mail that was fetched, once, however often the same bytes came.';
COMMENT ON COLUMN bounce.message.id IS 'The first 128 bits of sha256.';
COMMENT ON COLUMN bounce.message.sha256 IS 'SHA-256 of the bytes as fetched.';
COMMENT ON COLUMN bounce.message.size IS 'Bytes on the server.';
COMMENT ON COLUMN bounce.message.arrived_at IS 'When it reached the mailbox (IMAP INTERNALDATE).';
COMMENT ON COLUMN bounce.message.message_id IS 'Its Message-ID field.';
COMMENT ON COLUMN bounce.message.from_address IS 'Address in its From field.';
COMMENT ON COLUMN bounce.message.subject IS 'Its subject, decoded.';
COMMENT ON COLUMN bounce.message.kind IS 'What kind of mail it is: delivery_status, feedback, auto_reply, ordinary, ...';
COMMENT ON COLUMN bounce.message.format IS 'How it was read: rfc3464, qmail, text, ...';
COMMENT ON COLUMN bounce.message.outcome IS 'judged: it says something about a known recipient. unmatched: a report, but about whom? not_a_bounce: concerns no recipient. quarantined: could not be decoded.';
COMMENT ON COLUMN bounce.message.outcome_reason IS 'Why that outcome, in words.';
COMMENT ON COLUMN bounce.message.truncated IS 'Only the beginning was fetched.';
COMMENT ON COLUMN bounce.message.run IS 'The run that stored it.';
COMMENT ON COLUMN bounce.message.stored_at IS 'When it was stored.';

CREATE TABLE bounce.fetched (
    mailbox text COLLATE "C",
    uidvalidity bigint,
    uid bigint,
    message uuid NOT NULL,
    run uuid NOT NULL,
    PRIMARY KEY (mailbox, uidvalidity, uid)
);
COMMENT ON TABLE bounce.fetched IS 'Where each message was met. Two rows with one message: the same bytes were delivered twice, or the mailbox was renumbered.';
COMMENT ON COLUMN bounce.fetched.mailbox IS 'The mailbox, as the configuration names it.';
COMMENT ON COLUMN bounce.fetched.uidvalidity IS 'UIDVALIDITY of the folder (RFC 9051).';
COMMENT ON COLUMN bounce.fetched.uid IS 'UID of the message in it.';
COMMENT ON COLUMN bounce.fetched.message IS 'Its id in bounce.message.';
COMMENT ON COLUMN bounce.fetched.run IS 'The run that met it.';

CREATE TABLE bounce.message_raw (
    message uuid PRIMARY KEY,
    raw bytea NOT NULL
);
COMMENT ON TABLE bounce.message_raw IS 'The bytes of messages, kept for a configured time so that they can be judged again. Not for readers: it is other people''s mail.';
COMMENT ON COLUMN bounce.message_raw.message IS 'Its id in bounce.message.';
COMMENT ON COLUMN bounce.message_raw.raw IS 'The bytes as fetched.';
DO $$
BEGIN
    -- Mail compresses three times faster with lz4; servers before 14, or built without it, use pglz.
    IF EXISTS (SELECT FROM pg_settings
               WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        EXECUTE 'ALTER TABLE bounce.message_raw ALTER raw SET COMPRESSION lz4';
    END IF;
END
$$;

CREATE TABLE bounce.category (
    category text COLLATE "C" PRIMARY KEY,
    verdict text NOT NULL,
    fault text NOT NULL,
    description text NOT NULL
);
COMMENT ON TABLE bounce.category IS 'What the categories mean. Written by nullsender migrate.';
COMMENT ON COLUMN bounce.category.category IS 'The word in bounce.event.';
COMMENT ON COLUMN bounce.category.verdict IS 'The verdict that usually goes with it.';
COMMENT ON COLUMN bounce.category.fault IS 'On whose side the cause usually lies.';
COMMENT ON COLUMN bounce.category.description IS 'A sentence for people.';

CREATE TABLE bounce.event (
    recipient text COLLATE "C",
    message uuid,
    revision smallint DEFAULT 0,
    superseded_by uuid,
    address text NOT NULL,
    domain text COLLATE "C" NOT NULL,
    campaign text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('none', 'block', 'soft', 'hard', 'complaint')),
    category text COLLATE "C" NOT NULL,
    fault text NOT NULL CHECK (fault IN ('recipient', 'domain', 'sender', 'message', 'unknown')),
    counted boolean NOT NULL,
    action text,
    status text,
    reply_code integer,
    diagnostic text,
    reporting_mta text,
    remote_mta text,
    final_recipient text,
    original_recipient text,
    identified_by text NOT NULL,
    found_in text,
    verp_address text,
    signature text CHECK (signature IN ('valid', 'unsigned', 'wrong', 'expired', 'unknown_key', 'unknown_token')),
    withheld text CHECK (withheld IN ('state', 'all')),
    rule text NOT NULL,
    matched text,
    matched_in text,
    ruleset text,
    run uuid NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (recipient, message, revision)
);
CREATE INDEX event_message ON bounce.event (message);
CREATE INDEX event_occurred_at ON bounce.event USING brin (occurred_at);
-- Which recipients a domain's outage concerns.
CREATE INDEX event_domain_trouble ON bounce.event (domain, occurred_at)
    WHERE verdict = 'soft' AND counted AND fault <> 'recipient' AND superseded_by IS NULL;
CREATE INDEX event_delivered ON bounce.event (recipient) WHERE category = 'delivered' AND superseded_by IS NULL;
-- For bounce.sender_trouble, whose `time` this is.
CREATE INDEX event_sender_trouble ON bounce.event ((date_trunc('day', occurred_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'))
    WHERE superseded_by IS NULL AND (fault = 'sender' OR verdict = 'block');
COMMENT ON TABLE bounce.event IS 'What one message says about one recipient. Facts: rows are added, never changed, save that a newer judgement supersedes an older one.';
COMMENT ON COLUMN bounce.event.recipient IS 'The address in its normal form (lower case); empty where the message names nobody.';
COMMENT ON COLUMN bounce.event.message IS 'Id of the message in bounce.message.';
COMMENT ON COLUMN bounce.event.revision IS '0 for the first judgement of the message, then 1, 2, ...';
COMMENT ON COLUMN bounce.event.superseded_by IS 'The run whose judgement took this one''s place; NULL for the one in force.';
COMMENT ON COLUMN bounce.event.address IS 'The address as it was written.';
COMMENT ON COLUMN bounce.event.domain IS 'Domain of the address.';
COMMENT ON COLUMN bounce.event.campaign IS 'The campaign that was sent; empty where nothing names it.';
COMMENT ON COLUMN bounce.event.occurred_at IS 'When the delivery failed, as far as the report says, else when it arrived.';
COMMENT ON COLUMN bounce.event.verdict IS 'hard: the address is dead. soft: could not be delivered this time. block: refused because of the sender or the message. complaint: the recipient called it spam. none: says nothing against the address.';
COMMENT ON COLUMN bounce.event.category IS 'Why; bounce.category has a sentence for each.';
COMMENT ON COLUMN bounce.event.fault IS 'On whose side the cause lies: recipient, domain, sender, message, unknown.';
COMMENT ON COLUMN bounce.event.counted IS 'A soft one that is a strike towards hard.';
COMMENT ON COLUMN bounce.event.action IS 'RFC 3464 Action: failed, delayed, delivered, relayed, expanded.';
COMMENT ON COLUMN bounce.event.status IS 'Enhanced status code (RFC 3463), such as 5.1.1.';
COMMENT ON COLUMN bounce.event.reply_code IS 'SMTP reply code (RFC 5321), such as 550.';
COMMENT ON COLUMN bounce.event.diagnostic IS 'The words of the server that refused.';
COMMENT ON COLUMN bounce.event.reporting_mta IS 'The server that wrote the report.';
COMMENT ON COLUMN bounce.event.remote_mta IS 'The server that refused.';
COMMENT ON COLUMN bounce.event.final_recipient IS 'RFC 3464 Final-Recipient: where delivery ended; may be a forwarding target.';
COMMENT ON COLUMN bounce.event.original_recipient IS 'RFC 3464 Original-Recipient.';
COMMENT ON COLUMN bounce.event.identified_by IS 'How the recipient is known: verp, original_recipient, final_recipient, ...';
COMMENT ON COLUMN bounce.event.found_in IS 'The field that named the recipient.';
COMMENT ON COLUMN bounce.event.verp_address IS 'The VERP address as it was found.';
COMMENT ON COLUMN bounce.event.signature IS 'Whether a VERP address in the message was signed by us: valid, unsigned, wrong, expired, unknown_key, unknown_token; NULL where there was no key to check with.';
COMMENT ON COLUMN bounce.event.withheld IS 'What may not follow from it, since nothing shows that it is about mail of ours. state: it counts for its campaign, and does not change the state of the address. all: it is only recorded. NULL: it counts.';
COMMENT ON COLUMN bounce.event.rule IS 'Id of the rule that decided.';
COMMENT ON COLUMN bounce.event.matched IS 'The text that the rule matched.';
COMMENT ON COLUMN bounce.event.matched_in IS 'Where that text stood.';
COMMENT ON COLUMN bounce.event.ruleset IS 'Version of the rules.';
COMMENT ON COLUMN bounce.event.run IS 'The run that stored it.';
COMMENT ON COLUMN bounce.event.stored_at IS 'When it was stored.';

CREATE TABLE bounce.delivery (
    recipient text COLLATE "C" NOT NULL CONSTRAINT recipient_is_lower_case CHECK (recipient = lower(recipient)),
    campaign text COLLATE "C" NOT NULL DEFAULT '',
    delivered_at timestamptz NOT NULL DEFAULT now(),
    applied boolean NOT NULL DEFAULT false
);
CREATE INDEX delivery_recipient ON bounce.delivery (recipient);
CREATE INDEX delivery_not_applied ON bounce.delivery (recipient) WHERE NOT applied;
COMMENT ON TABLE bounce.delivery IS 'For the sending system to fill (INSERT or COPY): this address took mail at that time, which is proof of life. The next fetch takes new rows into account, or SELECT bounce.delivery_apply().';
COMMENT ON COLUMN bounce.delivery.recipient IS 'The address, in lower case.';
COMMENT ON COLUMN bounce.delivery.campaign IS 'What was delivered; empty if it does not matter. A delivery whose campaign bounced within the hour before it, or later, proves nothing.';
COMMENT ON COLUMN bounce.delivery.delivered_at IS 'When the recipient''s server took it.';
COMMENT ON COLUMN bounce.delivery.applied IS 'Leave it out: nullsender sets it once the row has been taken into account.';

CREATE TABLE bounce.operator_action (
    recipient text COLLATE "C",
    acted_at timestamptz DEFAULT now(),
    action text CHECK (action IN ('suppress', 'reinstate')),
    operator text NOT NULL DEFAULT session_user,
    reason text NOT NULL,
    PRIMARY KEY (recipient, acted_at, action)
);
COMMENT ON TABLE bounce.operator_action IS 'What people decided about addresses.';
COMMENT ON COLUMN bounce.operator_action.recipient IS 'The address in its normal form (lower case).';
COMMENT ON COLUMN bounce.operator_action.acted_at IS 'When. A reinstatement lifts all that happened up to then.';
COMMENT ON COLUMN bounce.operator_action.action IS 'suppress or reinstate.';
COMMENT ON COLUMN bounce.operator_action.operator IS 'Who.';
COMMENT ON COLUMN bounce.operator_action.reason IS 'Why.';

CREATE TABLE bounce.campaign (
    campaign text COLLATE "C" PRIMARY KEY,
    sent bigint CHECK (sent > 0),
    note text
);
COMMENT ON TABLE bounce.campaign IS 'What is known about campaigns from elsewhere. Rows are optional; with sent there are rates.';
COMMENT ON COLUMN bounce.campaign.campaign IS 'Name of the campaign, as in the VERP address.';
COMMENT ON COLUMN bounce.campaign.sent IS 'How many mails were sent.';
COMMENT ON COLUMN bounce.campaign.note IS 'Anything worth saying about it.';

CREATE TABLE bounce.policy (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    strikes integer NOT NULL DEFAULT 5 CHECK (strikes >= 0),
    window_days integer NOT NULL DEFAULT 180 CHECK (window_days BETWEEN 1 AND 36500),
    min_span_days integer NOT NULL DEFAULT 0 CHECK (min_span_days BETWEEN 0 AND window_days),
    category_strikes jsonb NOT NULL DEFAULT '{}',
    outage_share integer NOT NULL DEFAULT 50 CHECK (outage_share BETWEEN 1 AND 100),
    outage_recipients integer NOT NULL DEFAULT 20 CHECK (outage_recipients >= 0),
    outage_window_hours integer NOT NULL DEFAULT 24 CHECK (outage_window_hours BETWEEN 1 AND 24 AND 24 % outage_window_hours = 0),
    expire jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO bounce.policy DEFAULT VALUES;
COMMENT ON TABLE bounce.policy IS 'When soft bounces make an address hard. Set from the configuration at the start of a fetch; a change recomputes every state.';
COMMENT ON COLUMN bounce.policy.only_row IS 'There is one row.';
COMMENT ON COLUMN bounce.policy.strikes IS 'So many strikes make hard; 0: never.';
COMMENT ON COLUMN bounce.policy.window_days IS 'None of them older than this, seen from the last one.';
COMMENT ON COLUMN bounce.policy.min_span_days IS 'The first and the last at least so far apart.';
COMMENT ON COLUMN bounce.policy.category_strikes IS 'Categories that count for themselves, with their own number of strikes: {"mailbox_full": 10}.';
COMMENT ON COLUMN bounce.policy.outage_share IS 'A domain has an outage when at least this share, in percent, of its recipients heard of in one window soft-bounced in it ...';
COMMENT ON COLUMN bounce.policy.outage_recipients IS '... and they are at least so many, and it was not so three days and more ago already; 0: outages are not looked for.';
COMMENT ON COLUMN bounce.policy.outage_window_hours IS 'Length of the windows, which start at midnight UTC.';
COMMENT ON COLUMN bounce.policy.expire IS 'Categories that do not keep an address hard for ever, with the days after which it ends: {"mailbox_full": 90}.';

-- States depend on no clock but this one, which is part of the ledger: whoever computes them anew
-- gets the same.
CREATE TABLE bounce.expiry_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO bounce.expiry_clock DEFAULT VALUES;
COMMENT ON TABLE bounce.expiry_clock IS 'Up to when hard states that end by themselves (bounce.policy.expire) have been ended. Each fetch sets it forward.';
COMMENT ON COLUMN bounce.expiry_clock.only_row IS 'There is one row.';
COMMENT ON COLUMN bounce.expiry_clock.at IS 'The time that computing states takes for now.';

-- What is left of events that are not kept any longer (nullsender prune): sums, without addresses.
CREATE TABLE bounce.forgotten_window (
    domain text COLLATE "C",
    starts_at timestamptz,
    heard integer NOT NULL,
    trouble integer NOT NULL,
    delivered integer NOT NULL,
    PRIMARY KEY (domain, starts_at)
);
COMMENT ON TABLE bounce.forgotten_window IS 'The part of addresses that were forgotten in bounce.domain_window, so that what was a domain''s outage remains one.';
COMMENT ON COLUMN bounce.forgotten_window.domain IS 'The domain.';
COMMENT ON COLUMN bounce.forgotten_window.starts_at IS 'When the window starts.';
COMMENT ON COLUMN bounce.forgotten_window.heard IS 'As in bounce.domain_window.';
COMMENT ON COLUMN bounce.forgotten_window.trouble IS 'As in bounce.domain_window.';
COMMENT ON COLUMN bounce.forgotten_window.delivered IS 'As in bounce.domain_window.';

CREATE TABLE bounce.forgotten_campaign (
    campaign text COLLATE "C",
    day date,
    verdict text,
    category text COLLATE "C",
    fault text,
    recipients bigint NOT NULL,
    PRIMARY KEY (campaign, day, verdict, category, fault)
);
COMMENT ON TABLE bounce.forgotten_campaign IS 'The part of addresses that were forgotten in bounce.campaign_count, so that the sums of old campaigns stay.';
COMMENT ON COLUMN bounce.forgotten_campaign.campaign IS 'As in bounce.campaign_count.';
COMMENT ON COLUMN bounce.forgotten_campaign.day IS 'As in bounce.campaign_count.';
COMMENT ON COLUMN bounce.forgotten_campaign.verdict IS 'As in bounce.campaign_count.';
COMMENT ON COLUMN bounce.forgotten_campaign.category IS 'As in bounce.campaign_count.';
COMMENT ON COLUMN bounce.forgotten_campaign.fault IS 'As in bounce.campaign_count.';
COMMENT ON COLUMN bounce.forgotten_campaign.recipients IS 'As in bounce.campaign_count.';
