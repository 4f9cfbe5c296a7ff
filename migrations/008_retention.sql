-- nullsender prune: what is not kept for ever. Each function looks at the next rows behind a place
-- (a time and a key) and returns the place that it came to, so that many small transactions go
-- through everything once; a place of NULL is the end. `removed` and `more` say what went, or, with
-- dry_run, what would.

ALTER TABLE bounce.message_raw ADD stored_at timestamptz NOT NULL DEFAULT now();
-- By the time alone: a second column would make the planner take them for an index of that column
-- while the tables are small.
CREATE INDEX message_raw_stored_at ON bounce.message_raw (stored_at);
COMMENT ON COLUMN bounce.message_raw.stored_at IS 'When they were stored.';

ALTER TABLE bounce.message ADD forgotten boolean NOT NULL DEFAULT false;
CREATE INDEX message_to_forget ON bounce.message (stored_at, id) WHERE outcome <> 'judged' AND NOT forgotten;
COMMENT ON COLUMN bounce.message.forgotten IS 'Its events and texts are not kept any longer; the row remains so that the same bytes are known when they come again.';

CREATE INDEX recipient_to_forget ON bounce.recipient (last_event_at, recipient) WHERE state IN ('active', 'soft');
CREATE INDEX delivery_delivered_at ON bounce.delivery (delivered_at);

CREATE TABLE bounce.prune_log (
    pruned_at timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
    complete boolean NOT NULL,
    raw_messages bigint NOT NULL,
    raw_bytes bigint NOT NULL,
    addresses bigint NOT NULL,
    events bigint NOT NULL,
    deliveries bigint NOT NULL,
    messages bigint NOT NULL
);
COMMENT ON TABLE bounce.prune_log IS 'What nullsender prune, and the end of a fetch, has removed.';
COMMENT ON COLUMN bounce.prune_log.pruned_at IS 'When.';
COMMENT ON COLUMN bounce.prune_log.complete IS 'Everything that was due; false where time ran out, and the next fetch goes on.';
COMMENT ON COLUMN bounce.prune_log.raw_messages IS 'Messages whose bytes were removed.';
COMMENT ON COLUMN bounce.prune_log.raw_bytes IS 'How many bytes.';
COMMENT ON COLUMN bounce.prune_log.addresses IS 'Addresses that were forgotten.';
COMMENT ON COLUMN bounce.prune_log.events IS 'Events that went with them.';
COMMENT ON COLUMN bounce.prune_log.deliveries IS 'Rows of bounce.delivery about addresses without a state.';
COMMENT ON COLUMN bounce.prune_log.messages IS 'Messages about nobody that were forgotten.';

CREATE FUNCTION bounce.prune_raw(days integer, dry_run boolean, at_most integer,
                                 INOUT after_time timestamptz, INOUT after_key text,
                                 OUT removed bigint, OUT more bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    -- What nobody has understood yet is kept twice as long, for rules to come.
    WITH candidate AS MATERIALIZED (
        SELECT r.message, r.stored_at, octet_length(r.raw) AS bytes FROM bounce.message_raw r
        WHERE r.stored_at < now() - make_interval(hours => 24 * days)
          AND (r.stored_at, r.message) > (after_time, after_key::uuid)
        ORDER BY r.stored_at, r.message LIMIT at_most
    ), due AS (
        SELECT c.message, c.bytes FROM candidate c LEFT JOIN bounce.message m ON m.id = c.message
        WHERE c.stored_at < now() - make_interval(hours => 48 * days)
           OR (m.outcome NOT IN ('quarantined', 'unmatched')
               AND NOT EXISTS (SELECT FROM bounce.event e
                               WHERE e.message = c.message AND e.superseded_by IS NULL AND e.category = 'undetermined'))
    ), gone AS (
        DELETE FROM bounce.message_raw r WHERE NOT dry_run AND r.message IN (SELECT message FROM due)
    )
    SELECT (SELECT count(*) FROM due), (SELECT coalesce(sum(d.bytes), 0) FROM due d), l.stored_at, l.message
    INTO removed, more, after_time, after_key
    FROM (SELECT) one LEFT JOIN (SELECT * FROM candidate ORDER BY stored_at DESC, message DESC LIMIT 1) l ON true;
END
$$;
COMMENT ON FUNCTION bounce.prune_raw IS 'Removes bytes of messages that are older than so many days; twice as many where nobody has understood the message.';

CREATE FUNCTION bounce.message_forget(ids uuid[]) RETURNS void
LANGUAGE sql VOLATILE AS $$
    DELETE FROM bounce.message_raw r WHERE r.message = ANY (ids);
    DELETE FROM bounce.message_revision v WHERE v.message = ANY (ids);
    UPDATE bounce.message m
    SET forgotten = true, message_id = NULL, from_address = NULL, subject = NULL, outcome_reason = NULL
    WHERE m.id = ANY (ids) AND NOT EXISTS (SELECT FROM bounce.event e WHERE e.message = m.id);
$$;
COMMENT ON FUNCTION bounce.message_forget IS 'To be called for messages some events of which have been deleted: judging them again would bring these back, so their bytes go, and with the last event what was written in them.';

CREATE FUNCTION bounce.prune_addresses(days integer, dry_run boolean, at_most integer,
                                       INOUT after_time timestamptz, INOUT after_key text,
                                       OUT removed bigint, OUT more bigint)
LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    before timestamptz := now() - make_interval(hours => 24 * days);
    keys text[];
    messages uuid[];
    last_time timestamptz;
    last_key text;
BEGIN
    IF NOT dry_run THEN
        PERFORM bounce.ledger_lock();
    END IF;
    -- Nothing stands against them, nobody has decided about them, nothing was heard of them, and
    -- whoever follows the list of changes has had the time to see that they left it.
    WITH candidate AS MATERIALIZED (
        SELECT r.recipient, r.state, r.last_event_at, r.last_proof_of_life FROM bounce.recipient r
        WHERE r.state IN ('active', 'soft') AND r.last_event_at < before
          AND (r.last_event_at, r.recipient) > (after_time, after_key)
        ORDER BY r.last_event_at, r.recipient LIMIT at_most
    )
    SELECT (SELECT array_agg(c.recipient) FROM candidate c CROSS JOIN bounce.policy p
            WHERE (c.state = 'active' OR c.last_event_at < now() - make_interval(hours => 24 * p.window_days))
              AND coalesce(c.last_proof_of_life < before, true)
              AND NOT EXISTS (SELECT FROM bounce.operator_action a WHERE a.recipient = c.recipient)
              AND NOT EXISTS (SELECT FROM bounce.delivery d WHERE d.recipient = c.recipient AND NOT d.applied)
              AND NOT EXISTS (SELECT FROM bounce.suppression_log l
                              WHERE l.recipient = c.recipient AND l.changed_at >= before)),
           l.last_event_at, l.recipient
    INTO keys, last_time, last_key
    FROM (SELECT) one LEFT JOIN (SELECT * FROM candidate ORDER BY last_event_at DESC, recipient DESC LIMIT 1) l ON true;
    after_time := last_time;
    after_key := last_key;
    removed := coalesce(cardinality(keys), 0);
    SELECT count(*) INTO more FROM bounce.event e WHERE e.recipient = ANY (keys);
    IF dry_run OR removed = 0 THEN
        RETURN;
    END IF;

    INSERT INTO bounce.forgotten_window AS f (domain, starts_at, heard, trouble, delivered)
    SELECT w.domain, w.starts_at, sum(w.heard), sum(w.trouble), sum(w.delivered)
    FROM (SELECT r.domain, h, 1, 0, 0 FROM bounce.recipient r CROSS JOIN unnest(r.heard_windows) h WHERE r.recipient = ANY (keys)
          UNION ALL
          SELECT r.domain, t, 0, 1, 0 FROM bounce.recipient r CROSS JOIN unnest(r.trouble_windows) t WHERE r.recipient = ANY (keys)
          UNION ALL
          SELECT substring(d.recipient FROM '[^@]*$') COLLATE "C", bounce.window_start(d.delivered_at, p.outage_window_hours), 0, 0, 1
          FROM bounce.delivery d CROSS JOIN bounce.policy p WHERE d.recipient = ANY (keys)
         ) AS w (domain, starts_at, heard, trouble, delivered)
    GROUP BY w.domain, w.starts_at
    ON CONFLICT (domain, starts_at) DO UPDATE SET (heard, trouble, delivered)
        = (f.heard + EXCLUDED.heard, f.trouble + EXCLUDED.trouble, f.delivered + EXCLUDED.delivered);

    INSERT INTO bounce.forgotten_campaign AS f (campaign, day, verdict, category, fault, recipients)
    SELECT c.campaign, (c.occurred_at AT TIME ZONE 'UTC')::date, c.verdict, c.category, c.fault, count(*)
    FROM bounce.campaign_recipient c WHERE c.recipient = ANY (keys) GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (campaign, day, verdict, category, fault) DO UPDATE SET recipients = f.recipients + EXCLUDED.recipients;

    WITH gone AS (DELETE FROM bounce.event e WHERE e.recipient = ANY (keys) RETURNING e.message)
    SELECT array_agg(DISTINCT message) INTO messages FROM gone;
    PERFORM bounce.message_forget(messages);
    DELETE FROM bounce.campaign_recipient c WHERE c.recipient = ANY (keys);
    DELETE FROM bounce.escalation x WHERE x.recipient = ANY (keys);
    DELETE FROM bounce.delivery d WHERE d.recipient = ANY (keys);
    DELETE FROM bounce.suppression_log l WHERE l.recipient = ANY (keys);
    DELETE FROM bounce.recipient r WHERE r.recipient = ANY (keys);
END
$$;
COMMENT ON FUNCTION bounce.prune_addresses IS 'Forgets addresses against which nothing stands and of which nothing was heard for so many days, with their events. No other state changes, and no sum.';

CREATE FUNCTION bounce.prune_deliveries(days integer, dry_run boolean, at_most integer,
                                        INOUT after_time timestamptz, INOUT after_key text,
                                        OUT removed bigint, OUT more bigint)
LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    rows tid[];
    last_time timestamptz;
    last_key text;
BEGIN
    IF NOT dry_run THEN
        PERFORM bounce.ledger_lock();
    END IF;
    WITH candidate AS MATERIALIZED (
        SELECT d.ctid AS place, d.recipient, d.delivered_at FROM bounce.delivery d
        WHERE d.applied AND d.delivered_at < now() - make_interval(hours => 24 * days)
          AND (d.delivered_at, d.recipient) > (after_time, after_key)
        ORDER BY d.delivered_at, d.recipient LIMIT at_most
    )
    SELECT (SELECT array_agg(c.place) FROM candidate c
            WHERE NOT EXISTS (SELECT FROM bounce.recipient r WHERE r.recipient = c.recipient)),
           l.delivered_at, l.recipient
    INTO rows, last_time, last_key
    FROM (SELECT) one LEFT JOIN (SELECT * FROM candidate ORDER BY delivered_at DESC, recipient DESC LIMIT 1) l ON true;
    after_time := last_time;
    after_key := last_key;
    removed := coalesce(cardinality(rows), 0);
    more := 0;
    IF dry_run OR removed = 0 THEN
        RETURN;
    END IF;
    WITH gone AS (DELETE FROM bounce.delivery d WHERE d.ctid = ANY (rows) RETURNING d.recipient, d.delivered_at)
    INSERT INTO bounce.forgotten_window AS f (domain, starts_at, heard, trouble, delivered)
    SELECT substring(g.recipient FROM '[^@]*$') COLLATE "C", bounce.window_start(g.delivered_at, p.outage_window_hours), 0, 0, count(*)
    FROM gone g CROSS JOIN bounce.policy p GROUP BY 1, 2
    ON CONFLICT (domain, starts_at) DO UPDATE SET delivered = f.delivered + EXCLUDED.delivered;
END
$$;
COMMENT ON FUNCTION bounce.prune_deliveries IS 'Removes rows of bounce.delivery that are older than so many days and about addresses that never bounced.';

CREATE FUNCTION bounce.prune_messages(days integer, dry_run boolean, at_most integer,
                                      INOUT after_time timestamptz, INOUT after_key text,
                                      OUT removed bigint, OUT more bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ids uuid[];
BEGIN
    WITH candidate AS MATERIALIZED (
        SELECT m.id, m.stored_at FROM bounce.message m
        WHERE m.outcome <> 'judged' AND NOT m.forgotten AND m.stored_at < now() - make_interval(hours => 24 * days)
          AND (m.stored_at, m.id) > (after_time, after_key::uuid)
        ORDER BY m.stored_at, m.id LIMIT at_most
    )
    -- Whoever has the bytes can still find out what the message says.
    SELECT (SELECT array_agg(c.id) FROM candidate c
            WHERE NOT EXISTS (SELECT FROM bounce.message_raw r WHERE r.message = c.id)
              AND NOT EXISTS (SELECT FROM bounce.event e WHERE e.message = c.id AND e.recipient <> '')),
           l.stored_at, l.id
    INTO ids, after_time, after_key
    FROM (SELECT) one LEFT JOIN (SELECT * FROM candidate ORDER BY stored_at DESC, id DESC LIMIT 1) l ON true;
    removed := coalesce(cardinality(ids), 0);
    more := 0;
    IF NOT dry_run AND removed > 0 THEN
        DELETE FROM bounce.event e WHERE e.message = ANY (ids);
        PERFORM bounce.message_forget(ids);
    END IF;
END
$$;
COMMENT ON FUNCTION bounce.prune_messages IS 'Forgets messages about nobody whose bytes are gone and that are older than so many days.';
