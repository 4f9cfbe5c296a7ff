-- Signed VERP addresses: what their tokens stand for.

CREATE TABLE bounce.verp_token (
    token text COLLATE "C" PRIMARY KEY,
    campaign text COLLATE "C" NOT NULL DEFAULT '',
    recipient text COLLATE "C" NOT NULL,
    domain text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX verp_token_created_at ON bounce.verp_token (created_at);
COMMENT ON TABLE bounce.verp_token IS 'What the tokens in VERP addresses stand for whose local part could not hold campaign and recipient. Written by nullsender verp encode, or by the sending system. Not for readers: whoever knows a token can forge a bounce of that recipient.';
COMMENT ON COLUMN bounce.verp_token.token IS 'As in the address: bounces+TOKEN@news.example.com; the tag that signs campaign, recipient and domain.';
COMMENT ON COLUMN bounce.verp_token.campaign IS 'The campaign; empty where the address stands for none.';
COMMENT ON COLUMN bounce.verp_token.recipient IS 'The recipient in its normal form (lower case).';
COMMENT ON COLUMN bounce.verp_token.domain IS 'Domain of the VERP address.';
COMMENT ON COLUMN bounce.verp_token.created_at IS 'When it was stored.';

ALTER TABLE bounce.prune_log ADD tokens bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN bounce.prune_log.tokens IS 'Tokens of VERP addresses that were removed.';

CREATE FUNCTION bounce.prune_tokens(days integer, dry_run boolean, at_most integer,
                                    INOUT after_time timestamptz, INOUT after_key text,
                                    OUT removed bigint, OUT more bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    -- Judging the messages of an address again must find the same recipient.
    WITH candidate AS MATERIALIZED (
        SELECT t.token, t.recipient, t.created_at FROM bounce.verp_token t
        WHERE t.created_at < now() - make_interval(hours => 24 * days) AND (t.created_at, t.token) > (after_time, after_key)
        ORDER BY t.created_at, t.token LIMIT at_most
    ), due AS (
        SELECT c.token FROM candidate c
        WHERE NOT EXISTS (SELECT FROM bounce.recipient r WHERE r.recipient = c.recipient)
    ), gone AS (
        DELETE FROM bounce.verp_token t WHERE NOT dry_run AND t.token IN (SELECT token FROM due)
    )
    SELECT (SELECT count(*) FROM due), l.created_at, l.token INTO removed, after_time, after_key
    FROM (SELECT) one LEFT JOIN (SELECT * FROM candidate ORDER BY created_at DESC, token DESC LIMIT 1) l ON true;
    more := 0;
END
$$;
COMMENT ON FUNCTION bounce.prune_tokens IS 'Removes tokens that are older than so many days, save those of addresses that the ledger knows.';

-- For bounce.signature_outcomes, whose `time` this is. Events are stored in the order of time, more or
-- less, so that an index of 100 kB finds a week among ten million of them.
CREATE INDEX event_day ON bounce.event USING brin ((date_trunc('day', occurred_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'));

-- An event's first revision is of the run that stored the message; only what was judged again has to
-- ask the message.
CREATE VIEW bounce.signature_outcomes AS
SELECT (e.occurred_at AT TIME ZONE 'UTC')::date AS day, coalesce(r.mailbox, '') AS mailbox, e.signature AS outcome,
       count(*) AS events, count(DISTINCT e.recipient) AS recipients,
       count(*) FILTER (WHERE e.withheld IS NOT NULL) AS withheld,
       date_trunc('day', e.occurred_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS time
FROM bounce.event e
LEFT JOIN bounce.message m ON m.id = CASE WHEN e.revision > 0 THEN e.message END
LEFT JOIN bounce.run r ON r.id = coalesce(m.run, e.run)
WHERE e.superseded_by IS NULL AND e.signature IS NOT NULL AND e.recipient <> ''
GROUP BY 1, 2, 3, time;
COMMENT ON VIEW bounce.signature_outcomes IS 'How the signatures of VERP addresses turned out, by day and mailbox: what to look at before require_signature is set, and where forged bounces show. Only events about somebody, and only where there is a key.';
COMMENT ON COLUMN bounce.signature_outcomes.day IS 'Day of the bounces (UTC).';
COMMENT ON COLUMN bounce.signature_outcomes.mailbox IS 'The mailbox that they came to.';
COMMENT ON COLUMN bounce.signature_outcomes.outcome IS 'valid: to an address that we made. unsigned: to one without a signature, or known from something else than its address. wrong: forged, or changed on the way. expired: ours, but too old. unknown_key: no such key, or one that was removed. unknown_token: the database does not have it.';
COMMENT ON COLUMN bounce.signature_outcomes.events IS 'How many events.';
COMMENT ON COLUMN bounce.signature_outcomes.recipients IS 'How many recipients they are about.';
COMMENT ON COLUMN bounce.signature_outcomes.withheld IS 'Of the events, those that change no state.';
COMMENT ON COLUMN bounce.signature_outcomes.time IS 'Start of the day.';
