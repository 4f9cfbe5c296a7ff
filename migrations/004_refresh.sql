-- Keeps the computed tables in step with the ledger: what is to be called in a transaction that
-- changed it, and what computes everything anew.

CREATE FUNCTION bounce.ledger_lock() RETURNS void
LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('nullsender ledger', 0));
$$;
COMMENT ON FUNCTION bounce.ledger_lock IS 'Lets one transaction at a time compute states, until its end. What the ones before it wrote is committed, and the next statement sees it.';

CREATE FUNCTION bounce.outage_mark(domains text[]) RETURNS text[]
LANGUAGE sql VOLATILE AS $$
    -- A domain in trouble again, or still, after three days is not out but gone: were that an outage
    -- too, the addresses of a dead domain would be written to for ever. Queues try for up to five
    -- days, so that nobody bounces on more days than these by one incident.
    WITH judged AS (
        SELECT w.domain, w.starts_at, w.outage AS was_outage,
               w.widespread AND count(*) FILTER (WHERE w.widespread) OVER earlier = 0 AS outage
        FROM bounce.domain_window w
        WHERE w.domain = ANY (domains) AND (w.widespread OR w.outage)
        WINDOW earlier AS (PARTITION BY w.domain ORDER BY w.starts_at
                           RANGE BETWEEN (SELECT make_interval(hours => 24 * window_days) FROM bounce.policy) PRECEDING
                           AND interval '72 hours' PRECEDING)
    ), turned AS (
        UPDATE bounce.domain_window w SET outage = j.outage FROM judged j
        WHERE w.domain = j.domain AND w.starts_at = j.starts_at AND j.outage <> j.was_outage
        RETURNING w.domain, w.starts_at
    )
    SELECT coalesce(array_agg(DISTINCT e.recipient), '{}')
    FROM turned t CROSS JOIN bounce.policy p
    CROSS JOIN LATERAL (
        SELECT e.recipient FROM bounce.event e
        WHERE e.domain = t.domain AND e.occurred_at >= t.starts_at
          AND e.occurred_at < t.starts_at + make_interval(hours => p.outage_window_hours)
          AND e.verdict = 'soft' AND e.counted AND e.fault <> 'recipient' AND e.superseded_by IS NULL OFFSET 0) e;
$$;
COMMENT ON FUNCTION bounce.outage_mark IS 'Decides for these domains which windows are outages. Returns the addresses whose strikes that changes.';

CREATE FUNCTION bounce.outage_refresh(keys text[], delivered_domains text[], delivered_windows timestamptz[])
RETURNS text[]
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET jit = off AS $$
DECLARE
    turned text[];
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
        SELECT s.*, bounce.is_widespread(s.trouble, s.heard, s.delivered, p) AS widespread
        FROM (SELECT c.domain, c.starts_at, coalesce(w.widespread, false) AS was_widespread,
                     c.heard + coalesce(w.heard, 0) AS heard, c.trouble + coalesce(w.trouble, 0) AS trouble,
                     c.delivered + coalesce(w.delivered, 0) AS delivered
              FROM change c
              LEFT JOIN LATERAL (SELECT * FROM bounce.domain_window w
                                 WHERE w.domain = c.domain AND w.starts_at = c.starts_at OFFSET 0) w ON true) s
        CROSS JOIN bounce.policy p
    ), written AS (
        INSERT INTO bounce.domain_window AS w (domain, starts_at, heard, trouble, delivered, widespread)
        SELECT domain, starts_at, heard, trouble, delivered, widespread FROM after
        ON CONFLICT (domain, starts_at) DO UPDATE SET (heard, trouble, delivered, widespread)
            = (EXCLUDED.heard, EXCLUDED.trouble, EXCLUDED.delivered, EXCLUDED.widespread)
    )
    SELECT array_agg(DISTINCT domain) INTO turned FROM after WHERE widespread <> was_widespread;
    IF turned IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN bounce.outage_mark(turned);
END
$$;
COMMENT ON FUNCTION bounce.outage_refresh IS 'Brings bounce.domain_window up to date with the events of these addresses and with deliveries (a domain and a window for each). Returns the addresses whose strikes an outage that began or ended touches. Hold bounce.ledger_lock().';

CREATE FUNCTION bounce.state_write(keys text[], computed bounce.recipient_computed[], OUT escalations bigint, OUT suppressions bigint)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET jit = off AS $$
BEGIN
    WITH fresh AS MATERIALIZED (
        -- An array of rows: (c.state).* would look for each column from the first one on.
        SELECT * FROM unnest(ARRAY(SELECT c.state FROM unnest(computed) c))
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
               coalesce(bounce.is_suppressed(fresh.state), false) AS suppressed,
               coalesce(bounce.is_suppressed(old.state), false) AS was_suppressed,
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

CREATE FUNCTION bounce.state_refresh(keys text[], OUT escalations bigint, OUT suppressions bigint)
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

CREATE FUNCTION bounce.recipient_refresh(keys text[], OUT escalations bigint, OUT suppressions bigint)
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
COMMENT ON FUNCTION bounce.recipient_refresh IS 'To be called in the transaction that changed the ledger of these addresses, after the change.';

CREATE FUNCTION bounce.delivery_apply(at_most integer DEFAULT 100000) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET jit = off AS $$
DECLARE
    concerned text[];
    domains text[];
    windows timestamptz[];
BEGIN
    PERFORM bounce.ledger_lock();
    WITH picked AS (
        SELECT d.ctid FROM bounce.delivery d WHERE NOT d.applied ORDER BY d.recipient LIMIT at_most FOR UPDATE
    ), applied AS (
        UPDATE bounce.delivery d SET applied = true WHERE d.ctid = ANY (ARRAY(SELECT ctid FROM picked))
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

CREATE FUNCTION bounce.expire(up_to timestamptz DEFAULT clock_timestamp(), at_most integer DEFAULT 10000) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    until timestamptz;
    concerned text[];
BEGIN
    IF (SELECT p.expire = '{}' FROM bounce.policy p) THEN
        RETURN 0;
    END IF;
    PERFORM bounce.ledger_lock();
    -- The clock stands after each transaction where all states are those of its time.
    SELECT coalesce(max(d.expires_at) FILTER (WHERE d.place = at_most), up_to) INTO until
    FROM (SELECT r.expires_at, row_number() OVER (ORDER BY r.expires_at) AS place
          FROM bounce.recipient r WHERE r.expires_at <= up_to ORDER BY r.expires_at LIMIT at_most) d;
    UPDATE bounce.expiry_clock SET at = greatest(at, until);
    SELECT array_agg(r.recipient) INTO concerned FROM bounce.recipient r WHERE r.expires_at <= until;
    PERFORM bounce.state_refresh(concerned) WHERE concerned IS NOT NULL;
    RETURN coalesce(cardinality(concerned), 0);
END
$$;
COMMENT ON FUNCTION bounce.expire IS 'Sets bounce.expiry_clock forward and ends the hard states whose time is over (bounce.policy.expire); returns how many. Call it until it returns 0.';

CREATE FUNCTION bounce.ledger_compare(above text, up_to text)
RETURNS TABLE (addresses bigint, state_of text, computed bounce.recipient_computed, campaigns_of text)
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
        RETURN QUERY
        SELECT cardinality(keys)::bigint, NULL::text, NULL::bounce.recipient_computed, NULL::text;

        RETURN QUERY
        SELECT NULL::bigint, coalesce((f.state).recipient, r.recipient, x.recipient), f, NULL::text
        FROM bounce.recipient_compute(keys) f
        FULL JOIN (SELECT r.recipient, r AS stored FROM bounce.recipient r WHERE r.recipient = ANY (keys)) r
            ON r.recipient = (f.state).recipient
        FULL JOIN (SELECT x.recipient, array_agg(x ORDER BY x.escalated_at) AS list FROM bounce.escalation x
                   WHERE x.recipient = ANY (keys) GROUP BY 1) x
            ON x.recipient = (f.state).recipient
        WHERE f.state IS DISTINCT FROM r.stored OR f.escalations IS DISTINCT FROM coalesce(x.list, '{}');

        -- Of an empty table, nothing need be computed to know what differs.
        IF EXISTS (SELECT FROM bounce.campaign_recipient c WHERE c.recipient = ANY (keys)) THEN
            RETURN QUERY
            SELECT DISTINCT NULL::bigint, NULL::text, NULL::bounce.recipient_computed, coalesce(f.recipient, c.recipient)
            FROM bounce.recipient_campaigns(keys) f
            FULL JOIN (SELECT c AS stored, c.recipient, c.campaign FROM bounce.campaign_recipient c
                       WHERE c.recipient = ANY (keys)) c
                ON c.recipient = f.recipient AND c.campaign = f.campaign
            WHERE f IS DISTINCT FROM c.stored;
        ELSE
            RETURN QUERY
            SELECT NULL::bigint, NULL::text, NULL::bounce.recipient_computed, k FROM unnest(keys) k;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION bounce.ledger_compare IS 'Counts the addresses above one and up to another (NULL: all that follow), and returns those whose rows are other than what the ledger gives: states with what it gives, and the addresses alone where it is campaigns.';

CREATE FUNCTION bounce.campaign_rebuild(keys text[]) RETURNS void
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET jit = off AS $$
BEGIN
    DELETE FROM bounce.campaign_recipient c WHERE c.recipient = ANY (keys);
    INSERT INTO bounce.campaign_recipient SELECT * FROM bounce.recipient_campaigns(keys);
END
$$;
COMMENT ON FUNCTION bounce.campaign_rebuild IS 'The part of bounce.rebuild() that writes what came of campaigns for these addresses.';

CREATE FUNCTION bounce.window_rebuild() RETURNS text[]
LANGUAGE plpgsql VOLATILE SET jit = off AS $$
BEGIN
    CREATE TEMP TABLE rebuild_window ON COMMIT DROP AS
    WITH fresh AS (
        SELECT s.*, bounce.is_widespread(s.trouble, s.heard, s.delivered, p) AS widespread
        FROM bounce.policy p CROSS JOIN (
            SELECT domain, starts_at, sum(heard)::bigint AS heard, sum(trouble)::bigint AS trouble, sum(delivered)::bigint AS delivered
            FROM (SELECT r.domain, h, 1, (h = ANY (r.trouble_windows))::integer, 0
                  FROM (SELECT r.domain, r.heard_windows, r.trouble_windows FROM bounce.recipient r
                        WHERE NOT EXISTS (SELECT FROM pg_temp.rebuild_difference d WHERE d.state_of = r.recipient)
                        UNION ALL
                        SELECT ((d.computed).state).domain, ((d.computed).state).heard_windows, ((d.computed).state).trouble_windows
                        FROM pg_temp.rebuild_difference d WHERE d.state_of IS NOT NULL) r
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
    )
    SELECT f.*, coalesce(w.outage, false) AS outage, w.ctid AS at
    FROM fresh f FULL JOIN bounce.domain_window w ON w.domain = f.domain AND w.starts_at = f.starts_at
    WHERE (w.heard, w.trouble, w.delivered, w.widespread) IS DISTINCT FROM (f.heard, f.trouble, f.delivered, f.widespread);

    DELETE FROM bounce.domain_window w WHERE w.ctid = ANY (ARRAY(SELECT n.at FROM pg_temp.rebuild_window n));
    INSERT INTO bounce.domain_window (domain, starts_at, heard, trouble, delivered, widespread, outage)
    SELECT n.domain, n.starts_at, n.heard, n.trouble, n.delivered, n.widespread, n.outage
    FROM pg_temp.rebuild_window n WHERE n.domain IS NOT NULL ORDER BY n.domain, n.starts_at;
    DROP TABLE pg_temp.rebuild_window;
    RETURN bounce.outage_mark((SELECT array_agg(DISTINCT w.domain) FROM bounce.domain_window w WHERE w.widespread OR w.outage));
END
$$;
COMMENT ON FUNCTION bounce.window_rebuild IS 'The part of bounce.rebuild() that brings bounce.domain_window in step with the states that are stored or staged. Returns the addresses whose strikes an outage that began or ended touches.';

CREATE FUNCTION bounce.state_rebuild() RETURNS void
LANGUAGE plpgsql VOLATILE SET jit = off AS $$
BEGIN
    INSERT INTO bounce.suppression_log (recipient, changed_at, suppressed, state, category)
    SELECT c.recipient, clock_timestamp(), c.suppressed, coalesce(c.state, 'active'), c.category
    FROM (SELECT d.state_of AS recipient, ((d.computed).state).state, ((d.computed).state).category,
                 coalesce(bounce.is_suppressed(((d.computed).state).state), false) AS suppressed,
                 coalesce(bounce.is_suppressed(r.state), false) AS was_suppressed
          FROM pg_temp.rebuild_difference d LEFT JOIN bounce.recipient r ON r.recipient = d.state_of
          WHERE d.state_of IS NOT NULL) c
    WHERE c.suppressed <> c.was_suppressed ORDER BY c.recipient COLLATE "C";

    DELETE FROM bounce.recipient r USING pg_temp.rebuild_difference d WHERE r.recipient = d.state_of;
    INSERT INTO bounce.recipient
    SELECT ((d.computed).state).* FROM pg_temp.rebuild_difference d
    WHERE ((d.computed).state).recipient IS NOT NULL ORDER BY 1;

    DELETE FROM bounce.escalation x USING pg_temp.rebuild_difference d WHERE x.recipient = d.state_of;
    INSERT INTO bounce.escalation
    SELECT e.* FROM pg_temp.rebuild_difference d CROSS JOIN unnest((d.computed).escalations) e
    WHERE d.state_of IS NOT NULL ORDER BY e.recipient, e.escalated_at;
END
$$;
COMMENT ON FUNCTION bounce.state_rebuild IS 'The part of bounce.rebuild() that writes the staged states and escalations.';

CREATE FUNCTION bounce.campaign_count_rebuild() RETURNS void
LANGUAGE plpgsql VOLATILE
-- The planner takes each row for a group of its own, and would sort them all.
SET enable_sort = off SET jit = off AS $$
BEGIN
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
END
$$;
COMMENT ON FUNCTION bounce.campaign_count_rebuild IS 'The part of bounce.rebuild() that counts bounce.campaign_recipient.';

CREATE FUNCTION bounce.rebuild() RETURNS bigint
LANGUAGE plpgsql VOLATILE SET jit = off AS $$
DECLARE
    -- Several for each core, as some take longer than others.
    ranges CONSTANT integer := 16;
    sample_pages CONSTANT integer := 1000;
    at_once CONSTANT integer := 500;
    bounds text[];
    chunk text[];
    concerned text[];
    addresses bigint;
BEGIN
    PERFORM bounce.ledger_lock();
    -- Compare first, on all cores that PostgreSQL gives, and write only what differs: one query for
    -- each range of addresses, so that parallel workers take one each. What differs is deleted, and
    -- inserted in the order of the primary key: half of what it costs in any order, or ON CONFLICT.
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

    -- Campaigns are computed again where they are written, in order already: to stage and to sort ten
    -- million rows costs more.
    FOR chunk IN
        SELECT array_agg(u.k)
        FROM (SELECT d.campaigns_of, row_number() OVER (ORDER BY d.campaigns_of COLLATE "C")
              FROM pg_temp.rebuild_difference d WHERE d.campaigns_of IS NOT NULL) AS u (k, n)
        GROUP BY (u.n - 1) / at_once ORDER BY min(u.n)
    LOOP
        PERFORM bounce.campaign_rebuild(chunk);
    END LOOP;

    -- The states were computed under the outages that had been known; those of the addresses that
    -- others concern are computed again.
    concerned := bounce.window_rebuild();
    DELETE FROM pg_temp.rebuild_difference d USING unnest(concerned) k WHERE d.state_of = k;
    PERFORM bounce.state_rebuild();
    FOR chunk IN
        SELECT array_agg(u.k) FROM unnest(concerned) WITH ORDINALITY AS u (k, n) GROUP BY (u.n - 1) / at_once
    LOOP
        PERFORM bounce.state_refresh(chunk);
    END LOOP;
    DROP TABLE pg_temp.rebuild_difference;

    PERFORM bounce.campaign_count_rebuild();
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
    SET (strikes, window_days, min_span_days, category_strikes, outage_share, outage_recipients, outage_window_hours,
         expire)
        = (new.strikes, new.window_days, new.min_span_days, new.category_strikes, new.outage_share,
           new.outage_recipients, new.outage_window_hours, new.expire)
    WHERE p.* IS DISTINCT FROM new.*;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM bounce.rebuild();
    RETURN true;
END
$$;
COMMENT ON FUNCTION bounce.policy_set IS 'Makes this the policy and, where it differs, computes every state anew; returns whether it did.';
