-- The state of every address, computed from the ledger and from nothing else: no clock, no order of
-- arrival. Whatever order events come in, however often, in batches of any size, from any number of
-- writers, the same ledger under the same policy gives the same rows.

-- Tables that are computed ------------------------------------------------------------------------

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
    trouble_windows timestamptz[] NOT NULL
);
CREATE INDEX recipient_suppressed ON bounce.recipient (state, since) WHERE state IN ('suppressed', 'hard', 'complained');
CREATE INDEX recipient_soft ON bounce.recipient (strikes) WHERE state = 'soft';
CREATE INDEX recipient_domain ON bounce.recipient (domain);
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
    outage boolean NOT NULL DEFAULT false,
    PRIMARY KEY (domain, starts_at)
);
CREATE INDEX domain_window_outage ON bounce.domain_window (starts_at) WHERE outage;
COMMENT ON TABLE bounce.domain_window IS 'How a domain fared in a window of time (bounce.policy.outage_window_hours).';
COMMENT ON COLUMN bounce.domain_window.domain IS 'The domain.';
COMMENT ON COLUMN bounce.domain_window.starts_at IS 'When the window starts.';
COMMENT ON COLUMN bounce.domain_window.heard IS 'Recipients with an event in it.';
COMMENT ON COLUMN bounce.domain_window.trouble IS 'Of these, recipients with a soft bounce that is not their own fault.';
COMMENT ON COLUMN bounce.domain_window.delivered IS 'Rows of bounce.delivery in it.';
COMMENT ON COLUMN bounce.domain_window.outage IS 'So many in trouble that it was the domain''s outage: these bounces are no strikes.';

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
COMMENT ON TABLE bounce.campaign_count IS 'Rows of bounce.campaign_recipient, counted; kept with every commit, so that summaries need not count.';
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

-- The computation ----------------------------------------------------------------------------------
--
-- Each function takes a set of addresses and looks each one up by index, which OFFSET 0 enforces:
-- the planner has no other way to join such a subquery than once per address.

CREATE FUNCTION bounce.window_start(moment timestamptz, hours integer) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT to_timestamp(floor(extract(epoch FROM moment) / (3600 * hours)) * (3600 * hours));
$$;
COMMENT ON FUNCTION bounce.window_start IS 'Start of the window that a moment falls into; windows start at midnight UTC.';

CREATE FUNCTION bounce.is_outage(trouble bigint, heard bigint, delivered bigint, policy bounce.policy) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT (policy).outage_recipients > 0 AND trouble >= (policy).outage_recipients
       AND 100 * trouble >= (policy).outage_share * (heard + delivered);
$$;
COMMENT ON FUNCTION bounce.is_outage IS 'Whether such a window was an outage of the domain.';

CREATE FUNCTION bounce.event_weight(verdict text, strike boolean) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE verdict WHEN 'none' THEN 0 WHEN 'block' THEN 1 WHEN 'hard' THEN 4 WHEN 'complaint' THEN 5
                        ELSE CASE WHEN strike THEN 3 ELSE 2 END END;
$$;
COMMENT ON FUNCTION bounce.event_weight IS 'Which of several events about one send to one recipient counts: the heaviest. 5 complaint, 4 hard, 3 a strike, 2 soft and not counted, 1 block, 0 none.';

CREATE FUNCTION bounce.recipient_proofs(keys text[]) RETURNS TABLE (recipient text, proven_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT e.recipient, e.occurred_at
    FROM unnest(keys) AS k (recipient)
    CROSS JOIN LATERAL (
        SELECT * FROM bounce.event e
        WHERE e.recipient = k.recipient AND e.category = 'delivered' AND e.superseded_by IS NULL OFFSET 0) e
    UNION ALL
    -- A server that accepts and bounces afterwards has proven nothing. The hour is for clocks that
    -- differ and for reports that give the time of arrival.
    SELECT d.recipient, d.delivered_at
    FROM unnest(keys) AS k (recipient)
    CROSS JOIN LATERAL (SELECT * FROM bounce.delivery d WHERE d.recipient = k.recipient AND d.applied OFFSET 0) d
    CROSS JOIN LATERAL (
        SELECT count(*) AS bounces FROM bounce.event e
        WHERE e.recipient = d.recipient AND e.campaign = d.campaign AND e.campaign <> ''
          AND e.verdict IN ('soft', 'hard') AND e.superseded_by IS NULL
          AND e.occurred_at >= d.delivered_at - interval '1 hour') b
    WHERE b.bounces = 0
    UNION ALL
    SELECT a.recipient, a.acted_at
    FROM unnest(keys) AS k (recipient)
    CROSS JOIN LATERAL (
        SELECT * FROM bounce.operator_action a
        WHERE a.recipient = k.recipient AND a.action = 'reinstate' OFFSET 0) a;
$$;
COMMENT ON FUNCTION bounce.recipient_proofs IS 'When these addresses proved to be alive.';

CREATE FUNCTION bounce.recipient_sends(keys text[])
RETURNS TABLE (recipient text, campaign text, message uuid, occurred_at timestamptz, weight integer, category text)
LANGUAGE sql STABLE AS $$
    -- One countable event for each campaign; without one, each message stands for itself.
    SELECT DISTINCT ON (e.recipient, e.campaign, CASE WHEN e.campaign = '' THEN e.message END)
           e.recipient, e.campaign, e.message, e.occurred_at,
           bounce.event_weight(e.verdict, e.counted AND o.outage IS NULL) AS weight, e.category
    FROM unnest(keys) AS k (recipient)
    CROSS JOIN LATERAL (
        SELECT max(a.acted_at) AS reinstated_at FROM bounce.operator_action a
        WHERE a.recipient = k.recipient AND a.action = 'reinstate') a
    CROSS JOIN LATERAL (
        SELECT * FROM bounce.event e
        WHERE e.recipient = k.recipient AND e.superseded_by IS NULL
          AND e.occurred_at > coalesce(a.reinstated_at, '-infinity') OFFSET 0) e
    CROSS JOIN bounce.policy p
    LEFT JOIN LATERAL (
        SELECT o.outage FROM bounce.domain_window o
        WHERE e.verdict = 'soft' AND e.fault <> 'recipient' AND o.outage AND o.domain = e.domain
          AND o.starts_at = bounce.window_start(e.occurred_at, p.outage_window_hours) OFFSET 0) o ON true
    ORDER BY e.recipient, e.campaign, CASE WHEN e.campaign = '' THEN e.message END,
             bounce.event_weight(e.verdict, e.counted AND o.outage IS NULL) DESC, e.occurred_at, e.message;
$$;
COMMENT ON FUNCTION bounce.recipient_sends IS 'The one event of each campaign that counts for these addresses, since they were last reinstated, with its weight (bounce.event_weight). The soft bounces of a domain''s outage are not counted.';

CREATE FUNCTION bounce.recipient_strikes(keys text[])
RETURNS TABLE (recipient text, occurred_at timestamptz, message uuid, campaign text, category text,
               streak bigint, streak_goes_on boolean, strike_category text, strikes bigint, needed integer,
               first_at timestamptz, messages uuid[], makes_hard boolean)
LANGUAGE sql STABLE AS $$
    SELECT s.recipient, s.occurred_at, s.message, s.campaign, s.category,
           s.streak, s.streak_goes_on, s.strike_category, count(*) OVER recent, s.needed,
           min(s.occurred_at) OVER recent, array_agg(s.message) OVER recent,
           s.needed > 0 AND count(*) OVER recent >= s.needed
           AND s.occurred_at - min(s.occurred_at) OVER recent >= make_interval(hours => 24 * s.min_span_days)
    FROM (SELECT m.*, p.min_span_days,
                 CASE WHEN p.category_strikes ? m.category THEN m.category ELSE '' END AS strike_category,
                 coalesce((p.category_strikes ->> m.category)::integer, p.strikes) AS needed
          FROM (SELECT n.*,
                       count(*) FILTER (WHERE n.message IS NULL)
                           OVER (PARTITION BY n.recipient ORDER BY n.occurred_at, n.message IS NOT NULL
                                 ROWS UNBOUNDED PRECEDING) AS streak,
                       count(*) FILTER (WHERE n.message IS NULL) OVER (PARTITION BY n.recipient)
                       = count(*) FILTER (WHERE n.message IS NULL)
                           OVER (PARTITION BY n.recipient ORDER BY n.occurred_at, n.message IS NOT NULL
                                 ROWS UNBOUNDED PRECEDING) AS streak_goes_on
                FROM (SELECT * FROM (
                          SELECT DISTINCT ON (c.recipient, (c.occurred_at AT TIME ZONE 'UTC')::date)
                                 c.recipient, c.occurred_at, c.message, c.campaign, c.category
                          FROM bounce.recipient_sends(keys) c WHERE c.weight = 3
                          ORDER BY c.recipient, (c.occurred_at AT TIME ZONE 'UTC')::date, c.occurred_at, c.message) d
                      UNION ALL
                      SELECT f.recipient, f.proven_at, NULL, NULL, NULL FROM bounce.recipient_proofs(keys) f) n
               ) m
          CROSS JOIN bounce.policy p
          WHERE m.message IS NOT NULL) s
    -- Hours, since a day is not 24 of them in every session's time zone.
    WINDOW recent AS (PARTITION BY s.recipient, s.streak, s.strike_category ORDER BY s.occurred_at
                      RANGE BETWEEN (SELECT make_interval(hours => 24 * window_days) FROM bounce.policy)
                      PRECEDING AND CURRENT ROW);
$$;
COMMENT ON FUNCTION bounce.recipient_strikes IS 'The strikes of these addresses, at most one a day, each with those that count together with it. A proof of life ends a streak and begins the next.';

CREATE FUNCTION bounce.recipient_windows(keys text[])
RETURNS TABLE (recipient text, heard timestamptz[], trouble timestamptz[])
LANGUAGE sql STABLE AS $$
    SELECT w.recipient, array_agg(w.starts_at ORDER BY w.starts_at),
           coalesce(array_agg(w.starts_at ORDER BY w.starts_at) FILTER (WHERE w.trouble), '{}')
    FROM (SELECT e.recipient, bounce.window_start(e.occurred_at, p.outage_window_hours) AS starts_at,
                 bool_or(e.verdict = 'soft' AND e.counted AND e.fault <> 'recipient') AS trouble
          FROM unnest(keys) AS k (recipient)
          CROSS JOIN LATERAL (
              SELECT * FROM bounce.event e
              WHERE e.recipient = k.recipient AND e.superseded_by IS NULL OFFSET 0) e
          CROSS JOIN bounce.policy p
          WHERE p.outage_recipients > 0
          GROUP BY 1, 2) w
    GROUP BY w.recipient;
$$;
COMMENT ON FUNCTION bounce.recipient_windows IS 'In which windows these addresses were heard of, and in which they soft-bounced for their domain''s sake.';

CREATE FUNCTION bounce.recipient_state(keys text[]) RETURNS SETOF bounce.recipient
LANGUAGE sql STABLE AS $$
    WITH ledger AS (
        SELECT e.recipient, count(*)::integer AS events, min(e.occurred_at) AS first_at, max(e.occurred_at) AS last_at,
               (array_agg(e.address ORDER BY e.occurred_at, e.message))[1] AS address
        FROM unnest(keys) AS k (recipient)
        CROSS JOIN LATERAL (
            SELECT * FROM bounce.event e WHERE e.recipient = k.recipient AND e.superseded_by IS NULL OFFSET 0) e
        GROUP BY e.recipient
    ), action AS (
        SELECT a.recipient, a.acted_at, a.action,
               max(a.acted_at) FILTER (WHERE a.action = 'reinstate') OVER (PARTITION BY a.recipient) AS reinstated_at
        FROM unnest(keys) AS k (recipient)
        CROSS JOIN LATERAL (SELECT * FROM bounce.operator_action a WHERE a.recipient = k.recipient OFFSET 0) a
    ), proof AS (
        SELECT recipient, max(proven_at) AS last_at FROM bounce.recipient_proofs(keys) GROUP BY recipient
    ), strike AS (
        -- Those since the last proof of life: only they can still make hard.
        SELECT * FROM bounce.recipient_strikes(keys) WHERE streak_goes_on
    ), nearest AS (
        -- Of an address's counts the one nearest to hard, as it stood at its last strike.
        SELECT DISTINCT ON (l.recipient) l.*
        FROM (SELECT DISTINCT ON (recipient, strike_category) * FROM strike
              ORDER BY recipient, strike_category, occurred_at DESC) l
        ORDER BY l.recipient, l.needed = 0, l.needed - l.strikes, l.strike_category
    ), reason AS (
        SELECT DISTINCT ON (r.recipient) r.*
        FROM (SELECT s.recipient, CASE s.weight WHEN 5 THEN 'complained' ELSE 'hard' END AS state,
                     s.occurred_at AS since, s.category, s.message, false AS escalated,
                     CASE s.weight WHEN 5 THEN 1 ELSE 2 END AS place
              FROM bounce.recipient_sends(keys) s WHERE s.weight >= 4
              UNION ALL
              SELECT s.recipient, 'hard', s.occurred_at, s.category, s.message, true, 2 FROM strike s WHERE s.makes_hard
              UNION ALL
              SELECT a.recipient, 'suppressed', a.acted_at, NULL, NULL, false, 3 FROM action a
              WHERE a.action = 'suppress' AND a.acted_at > coalesce(a.reinstated_at, '-infinity')
              UNION ALL
              SELECT n.recipient, 'soft', n.first_at, n.category, n.message, false, 4 FROM nearest n) r
        ORDER BY r.recipient, r.place, r.since, r.message
    )
    SELECT known.recipient, coalesce(l.address, known.recipient), substring(known.recipient FROM '[^@]*$'),
           coalesce(r.state, 'active'), r.since, r.category, r.message, coalesce(r.escalated, false),
           coalesce(n.strikes, 0)::integer,
           CASE WHEN n.needed > 0 THEN greatest(n.needed - n.strikes, 0) END::integer, n.strike_category,
           n.first_at + make_interval(hours => 24 * p.window_days), coalesce(n.messages, '{}'),
           f.last_at, a.reinstated_at,
           coalesce(l.events, 0), l.first_at, l.last_at, coalesce(w.heard, '{}'), coalesce(w.trouble, '{}')
    FROM (SELECT recipient FROM ledger UNION SELECT recipient FROM action) AS known
    CROSS JOIN bounce.policy p
    LEFT JOIN ledger l ON l.recipient = known.recipient
    LEFT JOIN (SELECT DISTINCT recipient, reinstated_at FROM action) a ON a.recipient = known.recipient
    LEFT JOIN proof f ON f.recipient = known.recipient
    LEFT JOIN reason r ON r.recipient = known.recipient
    LEFT JOIN nearest n ON n.recipient = known.recipient
    LEFT JOIN bounce.recipient_windows(keys) w ON w.recipient = known.recipient;
$$;
COMMENT ON FUNCTION bounce.recipient_state IS 'The state of these addresses, from the ledger. No row for one that it does not know.';

-- Keeping the computed tables ----------------------------------------------------------------------

CREATE FUNCTION bounce.ledger_lock() RETURNS void
LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('nullsender ledger', 0));
$$;
COMMENT ON FUNCTION bounce.ledger_lock IS 'Lets one transaction at a time compute states, until its end. What the ones before it wrote is committed, and the next statement sees it.';

CREATE FUNCTION bounce.outage_refresh(keys text[], delivered_domains text[], delivered_windows timestamptz[])
RETURNS text[]
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_nestloop = off SET jit = off AS $$
DECLARE
    concerned text[];
BEGIN
    WITH change AS (
        SELECT d.domain, d.starts_at, sum(d.heard) AS heard, sum(d.trouble) AS trouble, sum(d.delivered) AS delivered
        FROM (SELECT substring(w.recipient FROM '[^@]*$') COLLATE "C", u.starts_at, w.sign * u.heard, w.sign * u.trouble, 0
              FROM (SELECT recipient, heard, trouble, 1 AS sign FROM bounce.recipient_windows(keys)
                    UNION ALL
                    SELECT r.recipient, r.heard_windows, r.trouble_windows, -1
                    FROM bounce.recipient r WHERE r.recipient = ANY (keys)) w
              CROSS JOIN LATERAL (SELECT h, 1, 0 FROM unnest(w.heard) h
                                  UNION ALL SELECT t, 0, 1 FROM unnest(w.trouble) t) AS u (starts_at, heard, trouble)
              UNION ALL
              SELECT u.*, 0, 0, 1 FROM unnest(delivered_domains, delivered_windows) AS u
             ) AS d (domain, starts_at, heard, trouble, delivered)
        GROUP BY d.domain, d.starts_at
        HAVING sum(d.heard) <> 0 OR sum(d.trouble) <> 0 OR sum(d.delivered) <> 0
    ), after AS MATERIALIZED (
        SELECT s.*, bounce.is_outage(s.trouble, s.heard, s.delivered, p) AS outage
        FROM (SELECT c.domain, c.starts_at, coalesce(w.outage, false) AS was_outage,
                     c.heard + coalesce(w.heard, 0) AS heard, c.trouble + coalesce(w.trouble, 0) AS trouble,
                     c.delivered + coalesce(w.delivered, 0) AS delivered
              FROM change c
              LEFT JOIN LATERAL (SELECT * FROM bounce.domain_window w
                                 WHERE w.domain = c.domain AND w.starts_at = c.starts_at OFFSET 0) w ON true) s
        CROSS JOIN bounce.policy p
    ), written AS (
        INSERT INTO bounce.domain_window AS w (domain, starts_at, heard, trouble, delivered, outage)
        SELECT domain, starts_at, heard, trouble, delivered, outage FROM after
        ON CONFLICT (domain, starts_at) DO UPDATE
        SET (heard, trouble, delivered, outage) = (EXCLUDED.heard, EXCLUDED.trouble, EXCLUDED.delivered, EXCLUDED.outage)
    )
    SELECT array_agg(DISTINCT e.recipient) INTO concerned
    FROM after a CROSS JOIN bounce.policy p
    CROSS JOIN LATERAL (
        SELECT e.recipient FROM bounce.event e
        WHERE e.domain = a.domain AND e.occurred_at >= a.starts_at
          AND e.occurred_at < a.starts_at + make_interval(hours => p.outage_window_hours)
          AND e.verdict = 'soft' AND e.counted AND e.fault <> 'recipient' AND e.superseded_by IS NULL OFFSET 0) e
    WHERE a.outage <> a.was_outage;
    RETURN coalesce(concerned, '{}');
END
$$;
COMMENT ON FUNCTION bounce.outage_refresh IS 'Brings bounce.domain_window up to date with the events of these addresses and with deliveries (a domain and a window for each). Returns the addresses whose strikes an outage that began or ended touches. Hold bounce.ledger_lock().';

CREATE FUNCTION bounce.state_refresh(keys text[], OUT escalations bigint, OUT suppressions bigint)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_nestloop = off SET jit = off AS $$
BEGIN
    WITH fresh AS MATERIALIZED (
        SELECT * FROM bounce.recipient_state(keys)
    ), old AS MATERIALIZED (
        SELECT r.recipient, r.state, r.escalated FROM bounce.recipient r WHERE r.recipient = ANY (keys)
    ), written AS (
        INSERT INTO bounce.recipient AS r SELECT * FROM fresh
        ON CONFLICT (recipient) DO UPDATE SET
            (address, domain, state, since, category, message, escalated, strikes, strikes_to_hard, strike_category,
             strikes_lapse_at, strike_messages, last_proof_of_life, reinstated_at, events, first_event_at,
             last_event_at, heard_windows, trouble_windows)
            = (EXCLUDED.address, EXCLUDED.domain, EXCLUDED.state, EXCLUDED.since, EXCLUDED.category, EXCLUDED.message,
               EXCLUDED.escalated, EXCLUDED.strikes, EXCLUDED.strikes_to_hard, EXCLUDED.strike_category,
               EXCLUDED.strikes_lapse_at, EXCLUDED.strike_messages, EXCLUDED.last_proof_of_life,
               EXCLUDED.reinstated_at, EXCLUDED.events, EXCLUDED.first_event_at, EXCLUDED.last_event_at,
               EXCLUDED.heard_windows, EXCLUDED.trouble_windows)
        WHERE r.* IS DISTINCT FROM EXCLUDED.*
    ), gone AS (
        DELETE FROM bounce.recipient r USING old
        WHERE r.recipient = old.recipient AND NOT EXISTS (SELECT FROM fresh WHERE fresh.recipient = old.recipient)
    ), change AS (
        SELECT coalesce(fresh.recipient, old.recipient) AS recipient, coalesce(fresh.state, 'active') AS state, fresh.category,
               coalesce(fresh.state IN ('suppressed', 'hard', 'complained'), false) AS suppressed,
               coalesce(old.state IN ('suppressed', 'hard', 'complained'), false) AS was_suppressed,
               coalesce(fresh.escalated, false) AND NOT coalesce(old.escalated, false) AS newly_escalated
        FROM fresh FULL JOIN old ON old.recipient = fresh.recipient
    ), logged AS (
        INSERT INTO bounce.suppression_log (recipient, changed_at, suppressed, state, category)
        SELECT recipient, clock_timestamp(), suppressed, state, category FROM change WHERE suppressed <> was_suppressed
    )
    SELECT count(*) FILTER (WHERE newly_escalated), count(*) FILTER (WHERE suppressed AND NOT was_suppressed)
    INTO escalations, suppressions FROM change;

    WITH fresh AS MATERIALIZED (
        -- The first of each streak and count: the later strikes add nothing.
        SELECT DISTINCT ON (s.recipient, s.streak, s.strike_category)
               s.recipient, s.occurred_at, s.strikes, s.strike_category, s.first_at, s.messages
        FROM bounce.recipient_strikes(keys) s WHERE s.makes_hard
        ORDER BY s.recipient, s.streak, s.strike_category, s.occurred_at
    ), gone AS (
        DELETE FROM bounce.escalation x
        WHERE x.recipient = ANY (keys)
          AND NOT EXISTS (SELECT FROM fresh f WHERE f.recipient = x.recipient AND f.occurred_at = x.escalated_at)
    )
    INSERT INTO bounce.escalation AS x (recipient, escalated_at, strikes, strike_category, first_strike_at, strike_messages)
    SELECT recipient, occurred_at, strikes, strike_category, first_at, messages FROM fresh
    ON CONFLICT (recipient, escalated_at) DO UPDATE
    SET (strikes, strike_category, first_strike_at, strike_messages)
        = (EXCLUDED.strikes, EXCLUDED.strike_category, EXCLUDED.first_strike_at, EXCLUDED.strike_messages)
    WHERE x.* IS DISTINCT FROM EXCLUDED.*;

    WITH fresh AS MATERIALIZED (
        SELECT DISTINCT ON (e.recipient, e.campaign)
               e.recipient, e.campaign, e.domain, e.verdict, e.category, e.fault, e.occurred_at, e.message
        FROM unnest(keys) AS k (recipient)
        CROSS JOIN LATERAL (
            SELECT * FROM bounce.event e WHERE e.recipient = k.recipient AND e.superseded_by IS NULL OFFSET 0) e
        ORDER BY e.recipient, e.campaign, bounce.event_weight(e.verdict, e.counted) DESC, e.occurred_at, e.message
    ), old AS MATERIALIZED (
        SELECT c.* FROM bounce.campaign_recipient c WHERE c.recipient = ANY (keys)
    ), gone AS (
        DELETE FROM bounce.campaign_recipient c USING old
        WHERE c.recipient = old.recipient AND c.campaign = old.campaign
          AND NOT EXISTS (SELECT FROM fresh f WHERE f.recipient = old.recipient AND f.campaign = old.campaign)
    ), written AS (
        INSERT INTO bounce.campaign_recipient AS c SELECT * FROM fresh
        ON CONFLICT (recipient, campaign) DO UPDATE SET (verdict, category, fault, occurred_at, message)
            = (EXCLUDED.verdict, EXCLUDED.category, EXCLUDED.fault, EXCLUDED.occurred_at, EXCLUDED.message)
        WHERE c.* IS DISTINCT FROM EXCLUDED.*
    ), change AS (
        SELECT campaign, (occurred_at AT TIME ZONE 'UTC')::date AS day, verdict, category, fault, sum(n) AS n
        FROM (SELECT f.*, 1 AS n FROM fresh f UNION ALL SELECT o.*, -1 FROM old o) AS both_sides
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0
    )
    INSERT INTO bounce.campaign_count AS c (campaign, day, verdict, category, fault, recipients)
    SELECT campaign, day, verdict, category, fault, n FROM change
    ON CONFLICT (campaign, day, verdict, category, fault) DO UPDATE SET recipients = c.recipients + EXCLUDED.recipients;
END
$$;
COMMENT ON FUNCTION bounce.state_refresh IS 'Writes the computed rows of these addresses. Returns how many soft bounces turned hard and how many came onto the suppression list. Hold bounce.ledger_lock().';

CREATE FUNCTION bounce.recipient_refresh(keys text[], OUT escalations bigint, OUT suppressions bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    concerned text[];
BEGIN
    -- Lock first and compute in later statements: under READ COMMITTED these see what the writers
    -- before this one have committed.
    PERFORM bounce.ledger_lock();
    SELECT array_agg(DISTINCT k) INTO concerned FROM unnest(keys) k WHERE k <> '';
    concerned := concerned || bounce.outage_refresh(concerned, '{}', '{}');
    SELECT array_agg(DISTINCT k) INTO concerned FROM unnest(concerned) k;
    SELECT * INTO escalations, suppressions FROM bounce.state_refresh(coalesce(concerned, '{}'));
END
$$;
COMMENT ON FUNCTION bounce.recipient_refresh IS 'To be called in the transaction that changed the ledger of these addresses, after the change.';

CREATE FUNCTION bounce.delivery_apply(at_most integer DEFAULT 100000) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_nestloop = off SET jit = off AS $$
DECLARE
    concerned text[];
    domains text[];
    windows timestamptz[];
BEGIN
    PERFORM bounce.ledger_lock();
    WITH picked AS (
        SELECT d.ctid FROM bounce.delivery d WHERE NOT d.applied ORDER BY d.recipient LIMIT at_most FOR UPDATE
    ), applied AS (
        UPDATE bounce.delivery d SET applied = true FROM picked WHERE d.ctid = picked.ctid
        RETURNING d.recipient, d.delivered_at
    )
    SELECT array_agg(a.recipient), array_agg(substring(a.recipient FROM '[^@]*$')),
           array_agg(bounce.window_start(a.delivered_at, p.outage_window_hours))
    INTO concerned, domains, windows
    FROM applied a CROSS JOIN bounce.policy p;
    IF concerned IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM bounce.state_refresh(k.keys) FROM (
        SELECT array_agg(DISTINCT u.recipient) AS keys
        FROM (SELECT unnest(bounce.outage_refresh('{}', domains, windows))
              UNION ALL
              -- An address that never bounced has no state.
              SELECT r.recipient FROM bounce.recipient r WHERE r.recipient = ANY (concerned)) AS u (recipient)
        ) k WHERE k.keys IS NOT NULL;
    RETURN cardinality(domains);
END
$$;
COMMENT ON FUNCTION bounce.delivery_apply IS 'Takes new rows of bounce.delivery into account; returns how many.';

CREATE FUNCTION bounce.rebuild() RETURNS bigint
LANGUAGE plpgsql VOLATILE SET jit = off AS $$
DECLARE
    chunk text[];
    addresses bigint := 0;
BEGIN
    PERFORM bounce.ledger_lock();
    -- Readers keep seeing the old rows until the commit; hence DELETE, which unlike TRUNCATE does
    -- not keep them waiting.
    DELETE FROM bounce.domain_window;
    INSERT INTO bounce.domain_window (domain, starts_at, heard, trouble, delivered, outage)
    SELECT s.*, bounce.is_outage(s.trouble, s.heard, s.delivered, p)
    FROM bounce.policy p CROSS JOIN (SELECT domain, starts_at, sum(heard) AS heard, sum(trouble) AS trouble, sum(delivered) AS delivered
          FROM (SELECT e.domain, bounce.window_start(e.occurred_at, p.outage_window_hours),
                       count(DISTINCT e.recipient),
                       count(DISTINCT e.recipient) FILTER (WHERE e.verdict = 'soft' AND e.counted AND e.fault <> 'recipient'),
                       0
                FROM bounce.event e CROSS JOIN bounce.policy p
                WHERE p.outage_recipients > 0 AND e.superseded_by IS NULL AND e.recipient <> '' GROUP BY 1, 2
                UNION ALL
                SELECT substring(d.recipient FROM '[^@]*$'), bounce.window_start(d.delivered_at, p.outage_window_hours),
                       0, 0, count(*)
                FROM bounce.delivery d CROSS JOIN bounce.policy p WHERE d.applied GROUP BY 1, 2
               ) AS part (domain, starts_at, heard, trouble, delivered)
          GROUP BY domain, starts_at) s;
    FOR chunk IN
        SELECT array_agg(n.recipient) FROM (
            SELECT a.recipient, (row_number() OVER (ORDER BY a.recipient) - 1) / 2000 AS part
            FROM (SELECT recipient FROM bounce.event UNION SELECT recipient FROM bounce.operator_action
                  UNION SELECT recipient FROM bounce.recipient UNION SELECT recipient FROM bounce.escalation
                  UNION SELECT recipient FROM bounce.campaign_recipient) a
            WHERE a.recipient <> '') n
        GROUP BY n.part ORDER BY n.part
    LOOP
        PERFORM bounce.state_refresh(chunk);
        addresses := addresses + cardinality(chunk);
    END LOOP;
    DELETE FROM bounce.campaign_count;
    INSERT INTO bounce.campaign_count (campaign, day, verdict, category, fault, recipients)
    SELECT campaign, (occurred_at AT TIME ZONE 'UTC')::date, verdict, category, fault, count(*)
    FROM bounce.campaign_recipient GROUP BY 1, 2, 3, 4, 5;
    RETURN addresses;
END
$$;
COMMENT ON FUNCTION bounce.rebuild IS 'Computes every state anew from the ledger; returns how many addresses there are. Writers wait meanwhile, readers do not.';

CREATE FUNCTION bounce.policy_set(new bounce.policy) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF EXISTS (SELECT FROM bounce.policy p WHERE p.* IS NOT DISTINCT FROM new.*) THEN
        RETURN false;
    END IF;
    PERFORM bounce.ledger_lock();
    UPDATE bounce.policy p
    SET (strikes, window_days, min_span_days, category_strikes, outage_share, outage_recipients, outage_window_hours)
        = (new.strikes, new.window_days, new.min_span_days, new.category_strikes, new.outage_share,
           new.outage_recipients, new.outage_window_hours)
    WHERE p.* IS DISTINCT FROM new.*;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM bounce.rebuild();
    RETURN true;
END
$$;
COMMENT ON FUNCTION bounce.policy_set IS 'Makes this the policy and, where it differs, computes every state anew; returns whether it did.';
