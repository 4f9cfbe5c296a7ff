-- The state of every address, computed from the ledger and from nothing else: no clock but the one
-- that is part of it (bounce.expiry_clock), no order of arrival. Whatever order events come in,
-- however often, in batches of any size, from any number of writers, the same ledger under the same
-- policy gives the same rows.
--
-- An event that withholds the state (bounce.event.withheld) is one of the address's events, and
-- nothing else here.
--
-- Each function takes a set of addresses and looks each one up by index, which OFFSET 0 enforces:
-- the planner has no other way to join such a subquery than once per address.

CREATE FUNCTION bounce.window_start(moment timestamptz, hours integer) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    -- date_part() gives a double, with which this is five times as fast as extract()'s numeric.
    SELECT to_timestamp(floor(date_part('epoch', moment) / (3600 * hours)) * (3600 * hours));
$$;
COMMENT ON FUNCTION bounce.window_start IS 'Start of the window that a moment falls into; windows start at midnight UTC.';

CREATE FUNCTION bounce.is_widespread(trouble bigint, heard bigint, delivered bigint, policy bounce.policy) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT (policy).outage_recipients > 0 AND trouble >= (policy).outage_recipients
       AND 100 * trouble >= (policy).outage_share * (heard + delivered);
$$;
COMMENT ON FUNCTION bounce.is_widespread IS 'Whether so many of a domain''s recipients were in trouble that it is the domain''s trouble.';

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
        WHERE e.recipient = k.recipient AND e.category = 'delivered' AND e.superseded_by IS NULL
          AND e.withheld IS NULL OFFSET 0) e
    UNION ALL
    -- A server that accepts and bounces afterwards has proven nothing. The hour is for clocks that
    -- differ and for reports that give the time of arrival.
    SELECT d.recipient, d.delivered_at
    FROM unnest(keys) AS k (recipient)
    CROSS JOIN LATERAL (SELECT * FROM bounce.delivery d WHERE d.recipient = k.recipient AND d.applied OFFSET 0) d
    CROSS JOIN LATERAL (
        SELECT count(*) AS bounces FROM bounce.event e
        WHERE e.recipient = d.recipient AND e.campaign = d.campaign AND e.campaign <> ''
          AND e.verdict IN ('soft', 'hard') AND e.superseded_by IS NULL AND e.withheld IS NULL
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
           e.recipient, e.campaign, e.message, e.occurred_at, e.weight, e.category
    FROM unnest(keys) AS k (recipient)
    CROSS JOIN LATERAL (
        SELECT max(a.acted_at) AS reinstated_at FROM bounce.operator_action a
        WHERE a.recipient = k.recipient AND a.action = 'reinstate') a
    CROSS JOIN bounce.policy p
    CROSS JOIN LATERAL (
        SELECT e.recipient, e.campaign, e.message, e.occurred_at, e.category,
               bounce.event_weight(e.verdict, e.counted AND (
                   SELECT o.outage FROM bounce.domain_window o
                   WHERE e.verdict = 'soft' AND e.fault <> 'recipient' AND o.outage AND o.domain = e.domain
                     AND o.starts_at = bounce.window_start(e.occurred_at, p.outage_window_hours)) IS NULL) AS weight
        FROM bounce.event e
        WHERE e.recipient = k.recipient AND e.superseded_by IS NULL AND e.withheld IS NULL
          AND e.occurred_at > coalesce(a.reinstated_at, '-infinity') OFFSET 0) e
    ORDER BY e.recipient, e.campaign, CASE WHEN e.campaign = '' THEN e.message END, e.weight DESC, e.occurred_at, e.message;
$$;
COMMENT ON FUNCTION bounce.recipient_sends IS 'The one event of each campaign that counts for these addresses, since they were last reinstated, with its weight (bounce.event_weight). The soft bounces of a domain''s outage are not counted.';

CREATE FUNCTION bounce.recipient_strikes(keys text[])
RETURNS TABLE (recipient text, occurred_at timestamptz, message uuid, campaign text, category text,
               streak bigint, streak_goes_on boolean, strike_category text, strikes bigint, needed integer,
               first_at timestamptz, messages uuid[], makes_hard boolean, expires_at timestamptz, escalates boolean)
LANGUAGE sql STABLE AS $$
    SELECT h.*, h.makes_hard AND coalesce(
               max(coalesce(h.expires_at, 'infinity')) FILTER (WHERE h.makes_hard) OVER (
                   PARTITION BY h.recipient, h.streak, h.strike_category ORDER BY h.occurred_at
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) <= h.occurred_at, true)
    FROM (SELECT s.recipient, s.occurred_at, s.message, s.campaign, s.category,
                 s.streak, s.streak_goes_on, s.strike_category, count(*) OVER recent, s.needed,
                 min(s.occurred_at) OVER recent, array_agg(s.message) OVER recent,
                 s.needed > 0 AND count(*) OVER recent >= s.needed
                 AND s.occurred_at - min(s.occurred_at) OVER recent >= make_interval(hours => 24 * s.min_span_days) AS makes_hard,
                 s.occurred_at + s.expires_after AS expires_at
          FROM (SELECT d.*, p.min_span_days, make_interval(hours => 24 * (p.expire ->> d.category)::integer) AS expires_after,
                       CASE WHEN p.category_strikes ? d.category THEN d.category ELSE '' END AS strike_category,
                       coalesce((p.category_strikes ->> d.category)::integer, p.strikes) AS needed,
                       -- How many proofs of life came before it, or with it.
                       coalesce(width_bucket(d.occurred_at, f.proven), 0)::bigint AS streak,
                       coalesce(width_bucket(d.occurred_at, f.proven) = cardinality(f.proven), true) AS streak_goes_on
                FROM (SELECT DISTINCT ON (c.recipient, (c.occurred_at AT TIME ZONE 'UTC')::date)
                             c.recipient, c.occurred_at, c.message, c.campaign, c.category
                      FROM bounce.recipient_sends(keys) c WHERE c.weight = 3
                      ORDER BY c.recipient, (c.occurred_at AT TIME ZONE 'UTC')::date, c.occurred_at, c.message) d
                CROSS JOIN bounce.policy p
                LEFT JOIN (SELECT f.recipient, array_agg(f.proven_at ORDER BY f.proven_at) AS proven
                           FROM bounce.recipient_proofs(keys) f GROUP BY f.recipient) f ON f.recipient = d.recipient) s
          -- Hours, since a day is not 24 of them in every session's time zone.
          WINDOW recent AS (PARTITION BY s.recipient, s.streak, s.strike_category ORDER BY s.occurred_at
                            RANGE BETWEEN (SELECT make_interval(hours => 24 * window_days) FROM bounce.policy)
                            PRECEDING AND CURRENT ROW)) h;
$$;
COMMENT ON FUNCTION bounce.recipient_strikes IS 'The strikes of these addresses, at most one a day, each with those that count together with it. A proof of life ends a streak and begins the next. Each that makes hard says until when (NULL: for ever), and whether it was not hard already by the ones before (escalates).';

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
              WHERE e.recipient = k.recipient AND e.superseded_by IS NULL AND e.withheld IS NULL OFFSET 0) e
          CROSS JOIN bounce.policy p
          WHERE p.outage_recipients > 0
          GROUP BY 1, 2) w
    GROUP BY w.recipient;
$$;
COMMENT ON FUNCTION bounce.recipient_windows IS 'In which windows these addresses were heard of, and in which they soft-bounced for their domain''s sake.';

CREATE TYPE bounce.recipient_computed AS (state bounce.recipient, escalations bounce.escalation[]);
COMMENT ON TYPE bounce.recipient_computed IS 'What the ledger says about an address: its state, and its escalations, oldest first.';

CREATE FUNCTION bounce.recipient_compute(keys text[]) RETURNS SETOF bounce.recipient_computed
LANGUAGE sql STABLE AS $$
    WITH said AS MATERIALIZED (
        SELECT e.recipient, e.message, e.occurred_at, e.verdict, e.category, e.address, e.withheld,
               CASE WHEN p.outage_recipients > 0 AND e.withheld IS NULL
                    THEN bounce.window_start(e.occurred_at, p.outage_window_hours) END AS window_start,
               e.verdict = 'soft' AND e.counted AND e.fault <> 'recipient' AS trouble
        FROM bounce.policy p CROSS JOIN unnest(keys) AS k (recipient)
        CROSS JOIN LATERAL (
            SELECT * FROM bounce.event e WHERE e.recipient = k.recipient AND e.superseded_by IS NULL OFFSET 0) e
    ), ledger AS (
        SELECT recipient, count(*)::integer AS events, min(occurred_at) AS first_at, max(occurred_at) AS last_at,
               (array_agg(address ORDER BY withheld IS NOT NULL, occurred_at, message))[1] AS address
        FROM said GROUP BY recipient
    ), spell AS (
        SELECT w.recipient, array_agg(w.window_start) AS heard, array_agg(w.window_start) FILTER (WHERE w.trouble) AS trouble
        FROM (SELECT s.recipient, s.window_start, bool_or(s.trouble) AS trouble
              FROM said s WHERE s.window_start IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2) w
        GROUP BY w.recipient
    ), action AS (
        SELECT a.recipient, a.acted_at, a.action
        FROM unnest(keys) AS k (recipient)
        CROSS JOIN LATERAL (SELECT * FROM bounce.operator_action a WHERE a.recipient = k.recipient OFFSET 0) a
    ), reinstatement AS (
        SELECT recipient, max(acted_at) AS at FROM action WHERE action = 'reinstate' GROUP BY recipient
    ), proof AS (
        SELECT recipient, max(proven_at) AS last_at FROM bounce.recipient_proofs(keys) GROUP BY recipient
    ), strike AS MATERIALIZED (
        SELECT s.recipient, s.occurred_at, s.message, s.category, s.streak_goes_on, s.strike_category, s.strikes, s.needed,
               s.first_at, s.messages, s.makes_hard, s.expires_at, s.escalates
        FROM bounce.recipient_strikes(keys) s
    ), escalation AS (
        -- Later strikes of one streak and count add nothing.
        SELECT s.recipient,
               array_agg(ROW(s.recipient, s.occurred_at, s.strikes, s.strike_category, s.first_at, s.messages)::bounce.escalation
                         ORDER BY s.occurred_at) AS list
        FROM strike s WHERE s.escalates GROUP BY s.recipient
    ), nearest AS (
        -- Of an address's counts the one nearest to hard, as it stood at its last strike.
        SELECT DISTINCT ON (l.recipient) l.*
        FROM (SELECT DISTINCT ON (recipient, strike_category) *
              -- Only strikes since the last proof of life can still make hard.
              FROM strike WHERE streak_goes_on
              ORDER BY recipient, strike_category, occurred_at DESC) l
        ORDER BY l.recipient, l.needed = 0, l.needed - l.strikes, l.strike_category
    ), death AS (
        -- No need to look at campaigns: the first hard one is the first of its campaign.
        SELECT s.recipient, s.occurred_at, s.category, s.message, false AS escalated,
               coalesce(s.occurred_at + make_interval(hours => 24 * (p.expire ->> s.category)::integer), 'infinity') AS holds_until
        FROM said s CROSS JOIN bounce.policy p LEFT JOIN reinstatement i ON i.recipient = s.recipient
        WHERE s.verdict = 'hard' AND s.withheld IS NULL AND s.occurred_at > coalesce(i.at, '-infinity')
        UNION ALL
        SELECT s.recipient, s.occurred_at, s.category, s.message, true, coalesce(s.expires_at, 'infinity')
        FROM strike s WHERE s.streak_goes_on AND s.makes_hard
    ), hardness AS (
        -- From the first of those that follow each other without a gap to the end of the last.
        SELECT DISTINCT ON (d.recipient) d.*
        FROM (SELECT death.*, max(holds_until) OVER (PARTITION BY recipient) AS ends_at,
                     max(holds_until) OVER (PARTITION BY recipient ORDER BY occurred_at, message
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS held_until
              FROM death) d
        CROSS JOIN bounce.expiry_clock c
        WHERE coalesce(d.held_until <= d.occurred_at, true) AND d.ends_at > c.at
        ORDER BY d.recipient, d.occurred_at DESC
    ), reason AS (
        SELECT DISTINCT ON (r.recipient) r.*
        FROM (SELECT s.recipient, 'complained' AS state, s.occurred_at AS since, s.category, s.message,
                     false AS escalated, NULL::timestamptz AS ends_at, 1 AS place
              FROM said s LEFT JOIN reinstatement i ON i.recipient = s.recipient
              WHERE s.verdict = 'complaint' AND s.withheld IS NULL AND s.occurred_at > coalesce(i.at, '-infinity')
              UNION ALL
              SELECT h.recipient, 'hard', h.occurred_at, h.category, h.message, h.escalated,
                     nullif(h.ends_at, 'infinity'), 2
              FROM hardness h
              UNION ALL
              SELECT a.recipient, 'suppressed', a.acted_at, NULL, NULL, false, NULL, 3
              FROM action a LEFT JOIN reinstatement i ON i.recipient = a.recipient
              WHERE a.action = 'suppress' AND a.acted_at > coalesce(i.at, '-infinity')
              UNION ALL
              SELECT n.recipient, 'soft', n.first_at, n.category, n.message, false, NULL, 4 FROM nearest n) r
        ORDER BY r.recipient, r.place, r.since, r.message
    )
    SELECT ROW(known.recipient, coalesce(l.address, known.recipient), substring(known.recipient FROM '[^@]*$'),
               coalesce(r.state, 'active'), r.since, r.category, r.message, coalesce(r.escalated, false),
               coalesce(n.strikes, 0), CASE WHEN n.needed > 0 THEN greatest(n.needed - n.strikes, 0) END, n.strike_category,
               n.first_at + make_interval(hours => 24 * p.window_days), coalesce(n.messages, '{}'),
               f.last_at, i.at, coalesce(l.events, 0), l.first_at, l.last_at,
               coalesce(w.heard, '{}'), coalesce(w.trouble, '{}'), r.ends_at)::bounce.recipient,
           coalesce(x.list, '{}')
    FROM (SELECT recipient FROM ledger UNION SELECT recipient FROM action) AS known
    CROSS JOIN bounce.policy p
    LEFT JOIN ledger l ON l.recipient = known.recipient
    LEFT JOIN reinstatement i ON i.recipient = known.recipient
    LEFT JOIN proof f ON f.recipient = known.recipient
    LEFT JOIN reason r ON r.recipient = known.recipient
    LEFT JOIN nearest n ON n.recipient = known.recipient
    LEFT JOIN spell w ON w.recipient = known.recipient
    LEFT JOIN escalation x ON x.recipient = known.recipient;
$$;
COMMENT ON FUNCTION bounce.recipient_compute IS 'The state of these addresses and their escalations, oldest first, from the ledger. No row for one that it does not know.';

CREATE FUNCTION bounce.recipient_campaigns(keys text[]) RETURNS SETOF bounce.campaign_recipient
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT ON (e.recipient, e.campaign)
           e.recipient, e.campaign, e.domain, e.verdict, e.category, e.fault, e.occurred_at, e.message
    FROM unnest(keys) AS k (recipient)
    CROSS JOIN LATERAL (
        SELECT * FROM bounce.event e
        WHERE e.recipient = k.recipient AND e.superseded_by IS NULL AND e.withheld IS DISTINCT FROM 'all' OFFSET 0) e
    ORDER BY e.recipient, e.campaign, bounce.event_weight(e.verdict, e.counted) DESC, e.occurred_at, e.message;
$$;
COMMENT ON FUNCTION bounce.recipient_campaigns IS 'What came of each campaign for these addresses, from the ledger.';
