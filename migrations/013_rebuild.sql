-- Computing everything anew compares first, on all cores that PostgreSQL gives, and writes only what
-- differs. What a recipient's rows are is said once, by bounce.recipient_compute() and
-- bounce.recipient_campaigns(); a window is what the states say of it.

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

CREATE FUNCTION bounce.state_write(keys text[], computed bounce.recipient_computed[], OUT escalations bigint, OUT suppressions bigint)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET jit = off AS $$
BEGIN
    WITH fresh AS MATERIALIZED (
        SELECT (c.state).* FROM unnest(computed) c
    ), old AS MATERIALIZED (
        SELECT r.* FROM bounce.recipient r WHERE r.recipient = ANY (keys)
    ), written AS (
        INSERT INTO bounce.recipient
        SELECT fresh.* FROM fresh LEFT JOIN old ON old.recipient = fresh.recipient
        WHERE old.* IS DISTINCT FROM fresh.*
        ON CONFLICT (recipient) DO UPDATE SET
            (address, domain, state, since, category, message, escalated, strikes, strikes_to_hard, strike_category,
             strikes_lapse_at, strike_messages, last_proof_of_life, reinstated_at, events, first_event_at,
             last_event_at, heard_windows, trouble_windows, expires_at)
            = (EXCLUDED.address, EXCLUDED.domain, EXCLUDED.state, EXCLUDED.since, EXCLUDED.category, EXCLUDED.message,
               EXCLUDED.escalated, EXCLUDED.strikes, EXCLUDED.strikes_to_hard, EXCLUDED.strike_category,
               EXCLUDED.strikes_lapse_at, EXCLUDED.strike_messages, EXCLUDED.last_proof_of_life,
               EXCLUDED.reinstated_at, EXCLUDED.events, EXCLUDED.first_event_at, EXCLUDED.last_event_at,
               EXCLUDED.heard_windows, EXCLUDED.trouble_windows, EXCLUDED.expires_at)
    ), gone AS (
        DELETE FROM bounce.recipient r
        WHERE r.recipient = ANY (ARRAY(SELECT recipient FROM old EXCEPT SELECT recipient FROM fresh))
    ), change AS (
        SELECT coalesce(fresh.recipient, old.recipient) AS recipient, coalesce(fresh.state, 'active') AS state, fresh.category,
               coalesce(fresh.state IN ('suppressed', 'hard', 'complained'), false) AS suppressed,
               coalesce(old.state IN ('suppressed', 'hard', 'complained'), false) AS was_suppressed,
               coalesce(fresh.escalated, false) AND NOT coalesce(old.escalated, false) AS newly_escalated
        FROM fresh FULL JOIN old ON old.recipient = fresh.recipient
    ), logged AS (
        INSERT INTO bounce.suppression_log (recipient, changed_at, suppressed, state, category)
        SELECT recipient, clock_timestamp(), suppressed, state, category FROM change WHERE suppressed <> was_suppressed
    ), escalation AS MATERIALIZED (
        SELECT e.* FROM unnest(computed) c CROSS JOIN unnest(c.escalations) e
    ), not_escalated AS (
        DELETE FROM bounce.escalation x
        WHERE x.recipient = ANY (keys)
          AND NOT EXISTS (SELECT FROM escalation e WHERE e.recipient = x.recipient AND e.escalated_at = x.escalated_at)
    ), escalated AS (
        INSERT INTO bounce.escalation AS x SELECT * FROM escalation
        ON CONFLICT (recipient, escalated_at) DO UPDATE
        SET (strikes, strike_category, first_strike_at, strike_messages)
            = (EXCLUDED.strikes, EXCLUDED.strike_category, EXCLUDED.first_strike_at, EXCLUDED.strike_messages)
        WHERE x.* IS DISTINCT FROM EXCLUDED.*
    )
    SELECT count(*) FILTER (WHERE newly_escalated), count(*) FILTER (WHERE suppressed AND NOT was_suppressed)
    INTO escalations, suppressions FROM change;
END
$$;
COMMENT ON FUNCTION bounce.state_write IS 'Writes the states and escalations of these addresses as they were computed. Returns how many soft bounces turned hard and how many came onto the suppression list. Hold bounce.ledger_lock().';

CREATE OR REPLACE FUNCTION bounce.state_refresh(keys text[], OUT escalations bigint, OUT suppressions bigint)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET jit = off AS $$
DECLARE
    computed bounce.recipient_computed[];
BEGIN
    SELECT array_agg(c) INTO computed FROM bounce.recipient_compute(keys) c;
    SELECT * INTO escalations, suppressions FROM bounce.state_write(keys, computed);
END
$$;
COMMENT ON FUNCTION bounce.state_refresh IS 'Computes and writes the states and escalations of these addresses; returns what bounce.state_write() does. Hold bounce.ledger_lock().';

CREATE FUNCTION bounce.campaign_refresh(keys text[]) RETURNS void
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET jit = off AS $$
BEGIN
    WITH old AS MATERIALIZED (
        SELECT c AS stored, c.ctid AS at, c.recipient, c.campaign FROM bounce.campaign_recipient c WHERE c.recipient = ANY (keys)
    ), difference AS MATERIALIZED (
        SELECT f AS fresh, o.stored, o.at
        FROM bounce.recipient_campaigns(keys) f
        FULL JOIN old o ON o.recipient = f.recipient AND o.campaign = f.campaign
        WHERE o.stored IS DISTINCT FROM f
    ), gone AS (
        -- By where they stand: joined with the table itself, a plan made while that was empty reads
        -- all of it each time.
        DELETE FROM bounce.campaign_recipient c
        WHERE c.ctid = ANY (ARRAY(SELECT d.at FROM difference d WHERE (d.fresh).recipient IS NULL))
    ), written AS (
        INSERT INTO bounce.campaign_recipient
        SELECT (d.fresh).* FROM difference d WHERE (d.fresh).recipient IS NOT NULL
        ON CONFLICT (recipient, campaign) DO UPDATE SET (domain, verdict, category, fault, occurred_at, message)
            = (EXCLUDED.domain, EXCLUDED.verdict, EXCLUDED.category, EXCLUDED.fault, EXCLUDED.occurred_at, EXCLUDED.message)
    ), change AS (
        SELECT (c.counted).campaign, ((c.counted).occurred_at AT TIME ZONE 'UTC')::date AS day, (c.counted).verdict,
               (c.counted).category, (c.counted).fault, sum(c.n) AS n
        FROM (SELECT fresh AS counted, 1 AS n FROM difference UNION ALL SELECT stored, -1 FROM difference) AS c
        WHERE (c.counted).recipient IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(c.n) <> 0
    )
    INSERT INTO bounce.campaign_count AS c (campaign, day, verdict, category, fault, recipients)
    SELECT campaign, day, verdict, category, fault, n FROM change
    ON CONFLICT (campaign, day, verdict, category, fault) DO UPDATE SET recipients = c.recipients + EXCLUDED.recipients;
END
$$;
COMMENT ON FUNCTION bounce.campaign_refresh IS 'Writes what came of campaigns for these addresses, and the counts. Hold bounce.ledger_lock().';

CREATE OR REPLACE FUNCTION bounce.recipient_refresh(keys text[], OUT escalations bigint, OUT suppressions bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    concerned text[];
BEGIN
    -- Lock first and compute in later statements: under READ COMMITTED these see what the writers
    -- before this one have committed.
    PERFORM bounce.ledger_lock();
    SELECT array_agg(DISTINCT k) INTO concerned FROM unnest(keys) k WHERE k <> '';
    PERFORM bounce.campaign_refresh(concerned);
    concerned := concerned || bounce.outage_refresh(concerned, '{}', '{}');
    SELECT array_agg(DISTINCT k) INTO concerned FROM unnest(concerned) k;
    SELECT * INTO escalations, suppressions FROM bounce.state_refresh(coalesce(concerned, '{}'));
END
$$;

CREATE FUNCTION bounce.ledger_compare(above text, up_to text)
RETURNS TABLE (addresses bigint, address text, computed bounce.recipient_computed,
               campaign_at tid, campaign_computed bounce.campaign_recipient)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000000
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET jit = off AS $$
DECLARE
    -- So few that the pages with their events, each of which is read several times, stay in a small
    -- server's shared_buffers meanwhile.
    at_once CONSTANT integer := 500;
    last text := above;
    keys text[];
BEGIN
    WHILE last < up_to COLLATE "C" OR up_to IS NULL LOOP
        SELECT array_agg(u.recipient), max(u.recipient) INTO keys, last
        FROM ((SELECT DISTINCT e.recipient FROM bounce.event e WHERE e.recipient > last ORDER BY 1 LIMIT at_once)
              UNION
              (SELECT DISTINCT a.recipient FROM bounce.operator_action a WHERE a.recipient > last ORDER BY 1 LIMIT at_once)
              UNION
              (SELECT r.recipient FROM bounce.recipient r WHERE r.recipient > last ORDER BY 1 LIMIT at_once)
              UNION
              (SELECT DISTINCT x.recipient FROM bounce.escalation x WHERE x.recipient > last ORDER BY 1 LIMIT at_once)
              UNION
              (SELECT DISTINCT c.recipient FROM bounce.campaign_recipient c WHERE c.recipient > last ORDER BY 1 LIMIT at_once)
              ORDER BY 1 LIMIT at_once) u;
        EXIT WHEN last IS NULL;
        IF last > up_to COLLATE "C" THEN
            keys := ARRAY(SELECT k FROM unnest(keys) k WHERE k <= up_to COLLATE "C");
        END IF;
        RETURN QUERY SELECT cardinality(keys)::bigint, NULL::text, NULL::bounce.recipient_computed, NULL::tid, NULL::bounce.campaign_recipient;

        RETURN QUERY
        SELECT NULL::bigint, coalesce((f.state).recipient, r.recipient, x.recipient), f, NULL::tid, NULL::bounce.campaign_recipient
        FROM bounce.recipient_compute(keys) f
        FULL JOIN (SELECT r.recipient, r AS stored FROM bounce.recipient r WHERE r.recipient = ANY (keys)) r
            ON r.recipient = (f.state).recipient
        FULL JOIN (SELECT x.recipient, array_agg(x ORDER BY x.escalated_at) AS list FROM bounce.escalation x
                   WHERE x.recipient = ANY (keys) GROUP BY 1) x
            ON x.recipient = (f.state).recipient
        WHERE f.state IS DISTINCT FROM r.stored OR f.escalations IS DISTINCT FROM coalesce(x.list, '{}');

        RETURN QUERY
        SELECT NULL::bigint, NULL::text, NULL::bounce.recipient_computed, c.at, f
        FROM bounce.recipient_campaigns(keys) f
        FULL JOIN (SELECT c.ctid AS at, c AS stored, c.recipient, c.campaign FROM bounce.campaign_recipient c
                   WHERE c.recipient = ANY (keys)) c
            ON c.recipient = f.recipient AND c.campaign = f.campaign
        WHERE f IS DISTINCT FROM c.stored;
    END LOOP;
END
$$;
COMMENT ON FUNCTION bounce.ledger_compare IS 'Counts the addresses above one and up to another (NULL: all that follow), and returns those whose rows are other than what the ledger gives, with what it gives: states with escalations, and campaigns with the place of the stored row.';

CREATE FUNCTION bounce.window_rebuild() RETURNS text[]
LANGUAGE plpgsql VOLATILE SET jit = off AS $$
BEGIN
    WITH fresh AS (
        SELECT s.*, bounce.is_widespread(s.trouble, s.heard, s.delivered, p) AS widespread
        FROM bounce.policy p CROSS JOIN (
            SELECT domain, starts_at, sum(heard)::bigint AS heard, sum(trouble)::bigint AS trouble, sum(delivered)::bigint AS delivered
            FROM (SELECT r.domain, h, 1, (h = ANY (r.trouble_windows))::integer, 0
                  FROM (SELECT r.domain, r.heard_windows, r.trouble_windows FROM bounce.recipient r
                        WHERE NOT EXISTS (SELECT FROM pg_temp.rebuild_difference d WHERE d.address = r.recipient)
                        UNION ALL
                        SELECT ((d.computed).state).domain, ((d.computed).state).heard_windows, ((d.computed).state).trouble_windows
                        FROM pg_temp.rebuild_difference d WHERE d.address IS NOT NULL) r
                  CROSS JOIN unnest(r.heard_windows) h
                  UNION ALL
                  SELECT substring(d.recipient FROM '[^@]*$'), bounce.window_start(d.delivered_at, p.outage_window_hours),
                         0, 0, count(*)
                  FROM bounce.delivery d CROSS JOIN bounce.policy p WHERE d.applied GROUP BY 1, 2
                  UNION ALL
                  SELECT f.domain, bounce.window_start(f.starts_at, p.outage_window_hours), f.heard, f.trouble, f.delivered
                  FROM bounce.forgotten_window f CROSS JOIN bounce.policy p
                 ) AS part (domain, starts_at, heard, trouble, delivered)
            GROUP BY domain, starts_at) s
    ), difference AS MATERIALIZED (
        SELECT f.*, w.ctid AS at
        FROM fresh f FULL JOIN bounce.domain_window w ON w.domain = f.domain AND w.starts_at = f.starts_at
        WHERE (w.heard, w.trouble, w.delivered, w.widespread) IS DISTINCT FROM (f.heard, f.trouble, f.delivered, f.widespread)
    ), gone AS (
        DELETE FROM bounce.domain_window w WHERE w.ctid = ANY (ARRAY(SELECT d.at FROM difference d WHERE d.domain IS NULL))
    )
    INSERT INTO bounce.domain_window AS w (domain, starts_at, heard, trouble, delivered, widespread)
    SELECT d.domain, d.starts_at, d.heard, d.trouble, d.delivered, d.widespread FROM difference d WHERE d.domain IS NOT NULL
    ORDER BY d.domain, d.starts_at
    ON CONFLICT (domain, starts_at) DO UPDATE SET (heard, trouble, delivered, widespread)
        = (EXCLUDED.heard, EXCLUDED.trouble, EXCLUDED.delivered, EXCLUDED.widespread);
    RETURN bounce.outage_mark((SELECT array_agg(DISTINCT w.domain) FROM bounce.domain_window w WHERE w.widespread OR w.outage));
END
$$;

COMMENT ON FUNCTION bounce.window_rebuild IS 'The part of bounce.rebuild() that brings bounce.domain_window in step with the states that are stored or staged. Returns the addresses whose strikes an outage that began or ended touches.';

CREATE OR REPLACE FUNCTION bounce.rebuild() RETURNS bigint
LANGUAGE plpgsql VOLATILE
-- The planner thinks of campaign_count as large, and would sort all of campaign_recipient for it.
SET enable_sort = off SET jit = off AS $$
DECLARE
    -- Several for each core, as some take longer than others.
    ranges CONSTANT integer := 16;
    sample_pages CONSTANT integer := 1000;
    at_once CONSTANT integer := 500;
    bounds text[];
    chunk text[];
    computed bounce.recipient_computed[];
    concerned text[];
    addresses bigint;
BEGIN
    PERFORM bounce.ledger_lock();
    -- One query for each range of addresses, so that parallel workers take one each.
    SELECT percentile_disc(ARRAY(SELECT i / ranges::float FROM generate_series(1, ranges - 1) i)) WITHIN GROUP (ORDER BY e.recipient)
    INTO bounds
    FROM bounce.event e TABLESAMPLE SYSTEM (
        least(100, 100.0 * sample_pages * current_setting('block_size')::integer / greatest(1, pg_relation_size('bounce.event'))));
    EXECUTE (
        SELECT 'CREATE TEMP TABLE rebuild_difference ON COMMIT DROP AS '
               || string_agg(format('SELECT * FROM bounce.ledger_compare(%L, %L)', r.above, r.up_to), ' UNION ALL ')
        FROM (SELECT coalesce(lag(b) OVER (ORDER BY n), '') AS above, b AS up_to
              FROM unnest(bounds || NULL::text) WITH ORDINALITY AS u (b, n)) r);
    SELECT coalesce(sum(d.addresses), 0) INTO addresses FROM pg_temp.rebuild_difference d;

    DELETE FROM bounce.campaign_recipient c
    WHERE c.ctid = ANY (ARRAY(SELECT d.campaign_at FROM pg_temp.rebuild_difference d WHERE d.campaign_at IS NOT NULL));
    INSERT INTO bounce.campaign_recipient
    SELECT (d.campaign_computed).* FROM pg_temp.rebuild_difference d WHERE (d.campaign_computed).recipient IS NOT NULL;

    -- The states were computed under the outages that had been known; those of the addresses that
    -- others concern are computed again.
    concerned := bounce.window_rebuild();
    FOR chunk, computed IN
        SELECT array_agg(d.address), array_agg(d.computed) FILTER (WHERE ((d.computed).state).recipient IS NOT NULL)
        FROM (SELECT d.address, d.computed, row_number() OVER (ORDER BY d.address) AS place
              FROM pg_temp.rebuild_difference d
              WHERE d.address IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(concerned) k WHERE k = d.address)) d
        GROUP BY d.place / at_once ORDER BY d.place / at_once
    LOOP
        PERFORM bounce.state_write(chunk, computed);
    END LOOP;
    FOR chunk IN
        SELECT array_agg(u.k) FROM unnest(concerned) WITH ORDINALITY AS u (k, n) GROUP BY (u.n - 1) / at_once
    LOOP
        PERFORM bounce.state_refresh(chunk);
    END LOOP;
    DROP TABLE pg_temp.rebuild_difference;

    -- Readers keep seeing the old rows until the commit; hence DELETE, which unlike TRUNCATE does
    -- not keep them waiting.
    DELETE FROM bounce.campaign_count;
    -- In parallel, which an INSERT is not.
    CREATE TEMP TABLE rebuild_count ON COMMIT DROP AS
    SELECT campaign, (occurred_at AT TIME ZONE 'UTC')::date AS day, verdict, category, fault, count(*) AS recipients
    FROM bounce.campaign_recipient GROUP BY 1, 2, 3, 4, 5;
    INSERT INTO bounce.campaign_count (campaign, day, verdict, category, fault, recipients)
    SELECT campaign, day, verdict, category, fault, sum(recipients)
    FROM (SELECT * FROM pg_temp.rebuild_count
          UNION ALL
          SELECT campaign, day, verdict, category, fault, recipients FROM bounce.forgotten_campaign) n
    GROUP BY 1, 2, 3, 4, 5;
    DROP TABLE pg_temp.rebuild_count;
    RETURN addresses;
END
$$;

DROP FUNCTION bounce.recipient_state(text[]);
