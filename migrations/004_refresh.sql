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

CREATE FUNCTION bounce.state_refresh(keys text[], OUT escalations bigint, OUT suppressions bigint)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET jit = off AS $$
DECLARE
    candidates text[];
BEGIN
    WITH fresh AS MATERIALIZED (
        SELECT * FROM bounce.recipient_state(keys)
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
               coalesce(fresh.escalated, false) AND NOT coalesce(old.escalated, false) AS newly_escalated,
               fresh.events
        FROM fresh FULL JOIN old ON old.recipient = fresh.recipient
    ), logged AS (
        INSERT INTO bounce.suppression_log (recipient, changed_at, suppressed, state, category)
        SELECT recipient, clock_timestamp(), suppressed, state, category FROM change WHERE suppressed <> was_suppressed
    )
    SELECT count(*) FILTER (WHERE newly_escalated), count(*) FILTER (WHERE suppressed AND NOT was_suppressed),
           array_agg(recipient) FILTER (WHERE events >= (
               SELECT least(p.strikes, min(n.strikes::integer))
               FROM bounce.policy p LEFT JOIN jsonb_each_text(p.category_strikes) AS n (category, strikes) ON true
               GROUP BY p.strikes))
    INTO escalations, suppressions, candidates FROM change;

    WITH fresh AS MATERIALIZED (
        -- Later strikes of one streak and count add nothing. Nobody has more strikes than events, so
        -- that most addresses need not be looked at.
        SELECT s.recipient, s.occurred_at, s.strikes, s.strike_category, s.first_at, s.messages
        FROM bounce.recipient_strikes(candidates) s WHERE s.escalates
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
            SELECT * FROM bounce.event e
            WHERE e.recipient = k.recipient AND e.superseded_by IS NULL AND e.withheld IS DISTINCT FROM 'all' OFFSET 0) e
        ORDER BY e.recipient, e.campaign, bounce.event_weight(e.verdict, e.counted) DESC, e.occurred_at, e.message
    ), old AS MATERIALIZED (
        SELECT c.* FROM bounce.campaign_recipient c WHERE c.recipient = ANY (keys)
    ), place AS MATERIALIZED (
        SELECT c.ctid AS at, c.recipient, c.campaign FROM bounce.campaign_recipient c WHERE c.recipient = ANY (keys)
    ), gone AS (
        -- By where they stand: joined with the table itself, a plan made while that was empty reads
        -- all of it each time.
        DELETE FROM bounce.campaign_recipient c
        WHERE c.ctid = ANY (ARRAY(SELECT o.at FROM place o WHERE NOT EXISTS (
                  SELECT FROM fresh f WHERE f.recipient = o.recipient AND f.campaign = o.campaign)))
    ), written AS (
        INSERT INTO bounce.campaign_recipient
        SELECT f.* FROM fresh f LEFT JOIN old o ON o.recipient = f.recipient AND o.campaign = f.campaign
        WHERE o.* IS DISTINCT FROM f.*
        ON CONFLICT (recipient, campaign) DO UPDATE SET (verdict, category, fault, occurred_at, message)
            = (EXCLUDED.verdict, EXCLUDED.category, EXCLUDED.fault, EXCLUDED.occurred_at, EXCLUDED.message)
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
    INSERT INTO bounce.domain_window (domain, starts_at, heard, trouble, delivered, widespread)
    SELECT s.*, bounce.is_widespread(s.trouble, s.heard, s.delivered, p)
    FROM bounce.policy p CROSS JOIN (SELECT domain, starts_at, sum(heard)::bigint AS heard, sum(trouble)::bigint AS trouble,
                 sum(delivered)::bigint AS delivered
          FROM (SELECT e.domain, bounce.window_start(e.occurred_at, p.outage_window_hours),
                       count(DISTINCT e.recipient),
                       count(DISTINCT e.recipient) FILTER (WHERE e.verdict = 'soft' AND e.counted AND e.fault <> 'recipient'),
                       0
                FROM bounce.event e CROSS JOIN bounce.policy p
                WHERE p.outage_recipients > 0 AND e.superseded_by IS NULL AND e.withheld IS NULL AND e.recipient <> ''
                GROUP BY 1, 2
                UNION ALL
                SELECT substring(d.recipient FROM '[^@]*$'), bounce.window_start(d.delivered_at, p.outage_window_hours),
                       0, 0, count(*)
                FROM bounce.delivery d CROSS JOIN bounce.policy p WHERE d.applied GROUP BY 1, 2
                UNION ALL
                SELECT f.domain, bounce.window_start(f.starts_at, p.outage_window_hours), f.heard, f.trouble, f.delivered
                FROM bounce.forgotten_window f CROSS JOIN bounce.policy p
               ) AS part (domain, starts_at, heard, trouble, delivered)
          GROUP BY domain, starts_at) s;
    PERFORM bounce.outage_mark((SELECT array_agg(DISTINCT domain) FROM bounce.domain_window WHERE widespread));
    FOR chunk IN
        SELECT array_agg(n.recipient) FROM (
            -- So few that the pages with their events, each of which is read several times, stay in
            -- a small server's shared_buffers meanwhile.
            SELECT a.recipient, (row_number() OVER (ORDER BY a.recipient) - 1) / 500 AS part
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
    SELECT campaign, day, verdict, category, fault, sum(recipients)
    FROM (SELECT campaign, (occurred_at AT TIME ZONE 'UTC')::date AS day, verdict, category, fault, count(*) AS recipients
          FROM bounce.campaign_recipient GROUP BY 1, 2, 3, 4, 5
          UNION ALL
          SELECT campaign, day, verdict, category, fault, recipients FROM bounce.forgotten_campaign) n
    GROUP BY 1, 2, 3, 4, 5;
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
