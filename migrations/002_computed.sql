-- Tables that are computed from the ledger (003_state.sql), kept with every commit (004_refresh.sql),
-- and can be computed anew at any time.

CREATE FUNCTION bounce.is_suppressed(state text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT state IN ('suppressed', 'hard', 'complained');
$$;
COMMENT ON FUNCTION bounce.is_suppressed IS 'Whether an address in this state is not to be written to.';

CREATE TABLE bounce.recipient (
    recipient text COLLATE "C" PRIMARY KEY,
    address text NOT NULL,
    domain text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'soft', 'suppressed', 'hard', 'complained')),
    since timestamptz,
    category text COLLATE "C",
    message uuid,
    escalated boolean NOT NULL,
    strikes integer NOT NULL,
    strikes_to_hard integer,
    strike_category text COLLATE "C",
    strikes_lapse_at timestamptz,
    strike_messages uuid[] NOT NULL,
    last_proof_of_life timestamptz,
    reinstated_at timestamptz,
    events integer NOT NULL,
    first_event_at timestamptz,
    last_event_at timestamptz,
    heard_windows timestamptz[] NOT NULL,
    trouble_windows timestamptz[] NOT NULL,
    expires_at timestamptz
);
CREATE INDEX recipient_domain ON bounce.recipient (domain);
CREATE INDEX recipient_suppressed ON bounce.recipient (since) WHERE bounce.is_suppressed(state);
CREATE INDEX recipient_soft ON bounce.recipient (strikes) WHERE state = 'soft';
CREATE INDEX recipient_expires_at ON bounce.recipient (expires_at) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE bounce.recipient IS 'The state of every address that bounced. Computed by bounce.recipient_refresh(); bounce.rebuild() gives the same rows.';
COMMENT ON COLUMN bounce.recipient.recipient IS 'The address in its normal form (lower case).';
COMMENT ON COLUMN bounce.recipient.address IS 'The address as its first event wrote it.';
COMMENT ON COLUMN bounce.recipient.domain IS 'Its domain.';
COMMENT ON COLUMN bounce.recipient.state IS 'active: nothing against it. soft: has strikes. hard: dead. complained: called mail spam. suppressed: by an operator. The last three are not to be written to.';
COMMENT ON COLUMN bounce.recipient.since IS 'Since when, by the event that decided; NULL for active.';
COMMENT ON COLUMN bounce.recipient.category IS 'Why, by the event that decided.';
COMMENT ON COLUMN bounce.recipient.message IS 'The message that decided; NULL where none did.';
COMMENT ON COLUMN bounce.recipient.escalated IS 'Hard because of soft bounces; bounce.escalation has them.';
COMMENT ON COLUMN bounce.recipient.strikes IS 'Soft bounces that count: one a day at most, within the window, since the last proof of life.';
COMMENT ON COLUMN bounce.recipient.strikes_to_hard IS 'How many more make it hard; NULL without strikes.';
COMMENT ON COLUMN bounce.recipient.strike_category IS 'The category they are counted for, where it counts for itself; empty for the common count.';
COMMENT ON COLUMN bounce.recipient.strikes_lapse_at IS 'From then on the first of them does not count towards new ones.';
COMMENT ON COLUMN bounce.recipient.strike_messages IS 'The messages that are the strikes, oldest first.';
COMMENT ON COLUMN bounce.recipient.last_proof_of_life IS 'When mail to it was last seen delivered, or when it was reinstated.';
COMMENT ON COLUMN bounce.recipient.reinstated_at IS 'When an operator last lifted what was against it.';
COMMENT ON COLUMN bounce.recipient.events IS 'How many events there are about it.';
COMMENT ON COLUMN bounce.recipient.first_event_at IS 'The earliest of them.';
COMMENT ON COLUMN bounce.recipient.last_event_at IS 'The latest of them.';
COMMENT ON COLUMN bounce.recipient.heard_windows IS 'Windows of time with an event about it: its part in bounce.domain_window.heard.';
COMMENT ON COLUMN bounce.recipient.trouble_windows IS 'Windows in which it soft-bounced for its domain''s sake: its part in bounce.domain_window.trouble.';
COMMENT ON COLUMN bounce.recipient.expires_at IS 'From then on it is hard no longer; NULL where only a reinstatement or a proof of life ends it.';

CREATE TABLE bounce.escalation (
    recipient text COLLATE "C",
    escalated_at timestamptz,
    strikes integer NOT NULL,
    strike_category text COLLATE "C" NOT NULL,
    first_strike_at timestamptz NOT NULL,
    strike_messages uuid[] NOT NULL,
    PRIMARY KEY (recipient, escalated_at)
);
COMMENT ON TABLE bounce.escalation IS 'Soft bounces that made an address hard: one row each time that happened since it was last reinstated, later proofs of life included.';
COMMENT ON COLUMN bounce.escalation.recipient IS 'The address in its normal form.';
COMMENT ON COLUMN bounce.escalation.escalated_at IS 'When the last of the strikes happened.';
COMMENT ON COLUMN bounce.escalation.strikes IS 'How many there were.';
COMMENT ON COLUMN bounce.escalation.strike_category IS 'The category that was counted for itself; empty for the common count.';
COMMENT ON COLUMN bounce.escalation.first_strike_at IS 'When the first of them happened.';
COMMENT ON COLUMN bounce.escalation.strike_messages IS 'The messages that are the strikes, oldest first.';

CREATE TABLE bounce.domain_window (
    domain text COLLATE "C",
    starts_at timestamptz,
    heard integer NOT NULL DEFAULT 0,
    trouble integer NOT NULL DEFAULT 0,
    delivered integer NOT NULL DEFAULT 0,
    widespread boolean NOT NULL DEFAULT false,
    outage boolean NOT NULL DEFAULT false,
    PRIMARY KEY (domain, starts_at)
);
CREATE INDEX domain_window_outage ON bounce.domain_window (domain, starts_at) WHERE outage;
COMMENT ON TABLE bounce.domain_window IS 'How a domain fared in a window of time (bounce.policy.outage_window_hours).';
COMMENT ON COLUMN bounce.domain_window.domain IS 'The domain.';
COMMENT ON COLUMN bounce.domain_window.starts_at IS 'When the window starts.';
COMMENT ON COLUMN bounce.domain_window.heard IS 'Recipients with an event in it.';
COMMENT ON COLUMN bounce.domain_window.trouble IS 'Of these, recipients with a soft bounce that is not their own fault.';
COMMENT ON COLUMN bounce.domain_window.delivered IS 'Rows of bounce.delivery in it.';
COMMENT ON COLUMN bounce.domain_window.widespread IS 'So many in trouble that it is the domain''s trouble and not theirs.';
COMMENT ON COLUMN bounce.domain_window.outage IS 'A widespread trouble that is not how the domain always is: these bounces are no strikes.';

CREATE TABLE bounce.campaign_recipient (
    recipient text COLLATE "C",
    campaign text COLLATE "C",
    domain text COLLATE "C" NOT NULL,
    verdict text NOT NULL,
    category text COLLATE "C" NOT NULL,
    fault text NOT NULL,
    occurred_at timestamptz NOT NULL,
    message uuid NOT NULL,
    PRIMARY KEY (recipient, campaign)
);
CREATE INDEX campaign_recipient_campaign ON bounce.campaign_recipient (campaign, occurred_at);
COMMENT ON TABLE bounce.campaign_recipient IS 'What came of one campaign for one recipient: the heaviest of its events, the earliest of these.';
COMMENT ON COLUMN bounce.campaign_recipient.recipient IS 'The address in its normal form.';
COMMENT ON COLUMN bounce.campaign_recipient.campaign IS 'The campaign; empty where nothing names it.';
COMMENT ON COLUMN bounce.campaign_recipient.domain IS 'Domain of the address.';
COMMENT ON COLUMN bounce.campaign_recipient.verdict IS 'As in bounce.event.';
COMMENT ON COLUMN bounce.campaign_recipient.category IS 'As in bounce.event.';
COMMENT ON COLUMN bounce.campaign_recipient.fault IS 'As in bounce.event.';
COMMENT ON COLUMN bounce.campaign_recipient.occurred_at IS 'As in bounce.event.';
COMMENT ON COLUMN bounce.campaign_recipient.message IS 'The message of that event.';

CREATE TABLE bounce.campaign_count (
    campaign text COLLATE "C",
    day date,
    verdict text,
    category text COLLATE "C",
    fault text,
    recipients bigint NOT NULL,
    PRIMARY KEY (campaign, day, verdict, category, fault)
);
COMMENT ON TABLE bounce.campaign_count IS 'Rows of bounce.campaign_recipient and bounce.forgotten_campaign, counted; kept with every commit, so that summaries need not count.';
COMMENT ON COLUMN bounce.campaign_count.campaign IS 'The campaign; empty where nothing names it.';
COMMENT ON COLUMN bounce.campaign_count.day IS 'Day of the bounce (UTC).';
COMMENT ON COLUMN bounce.campaign_count.verdict IS 'As in bounce.event.';
COMMENT ON COLUMN bounce.campaign_count.category IS 'As in bounce.event.';
COMMENT ON COLUMN bounce.campaign_count.fault IS 'As in bounce.event.';
COMMENT ON COLUMN bounce.campaign_count.recipients IS 'How many recipients.';

CREATE TABLE bounce.suppression_log (
    recipient text COLLATE "C",
    changed_at timestamptz,
    suppressed boolean NOT NULL,
    state text NOT NULL,
    category text,
    PRIMARY KEY (recipient, changed_at)
);
CREATE INDEX suppression_log_changed_at ON bounce.suppression_log (changed_at);
COMMENT ON TABLE bounce.suppression_log IS 'When an address came onto the suppression list or left it, by the clock of the commit. The one table here that a rebuild does not write again.';
COMMENT ON COLUMN bounce.suppression_log.recipient IS 'The address in its normal form.';
COMMENT ON COLUMN bounce.suppression_log.changed_at IS 'When the list changed. Later commits have later times, so that one can ask for what came after the last one seen.';
COMMENT ON COLUMN bounce.suppression_log.suppressed IS 'Came onto the list, or left it.';
COMMENT ON COLUMN bounce.suppression_log.state IS 'The new state.';
COMMENT ON COLUMN bounce.suppression_log.category IS 'Why.';
