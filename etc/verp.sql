-- Signed VERP addresses for those who generate them in the database:
--
--     SELECT bounce.verp_encode(key, 'k', campaign, email, 'bounces@news.example.com') FROM ...
--
-- Load it with `psql -f verp.sql` into a database where `nullsender migrate` and
-- `CREATE EXTENSION pgcrypto` have been run. The README has the scheme, octet by octet, and test
-- vectors. A column or a parameter of queries that holds the key is as secret as the key file.

CREATE OR REPLACE FUNCTION bounce.verp_base32(octets bytea) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT string_agg(substr('abcdefghijklmnopqrstuvwxyz234567',
                             1 + substring(b.bits FROM 1 + 5 * i FOR 5)::bit(5)::integer, 1), '' ORDER BY i)
    FROM (SELECT ('x' || encode(octets, 'hex'))::varbit AS bits) b
    CROSS JOIN generate_series(0, length(octets) * 8 / 5 - 1) AS i;
$$;
COMMENT ON FUNCTION bounce.verp_base32 IS 'Octets, a multiple of five, in base32 (RFC 4648 section 6) in lower case.';

CREATE OR REPLACE FUNCTION bounce.verp_escape(text text, bare text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT replace(coalesce(string_agg(
               CASE WHEN c COLLATE "C" ~ bare THEN c
                    ELSE regexp_replace(encode(convert_to(c, 'UTF8'), 'hex'), '(..)', '=\1', 'g') END, '' ORDER BY i), ''),
               '..', '.=2e')
    FROM regexp_split_to_table(text, '') WITH ORDINALITY AS t (c, i);
$$;
COMMENT ON FUNCTION bounce.verp_escape IS 'Characters that do not match as =HH, and the second of two dots.';

CREATE OR REPLACE FUNCTION bounce.verp_counted(text text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT substring(int4send(length(convert_to(text, 'UTF8'))) FROM 3) || convert_to(text, 'UTF8');
$$;
COMMENT ON FUNCTION bounce.verp_counted IS 'The length of a text in two octets, and the text.';

CREATE OR REPLACE FUNCTION bounce.verp_tag(key bytea, key_id text, day integer, campaign text, recipient text,
                                           domain text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT key_id || left(bounce.verp_base32(substring(int8send((day % 1024)::bigint << 30) FROM 4)), 2)
           || bounce.verp_base32(substring(hmac(
               '\x01'::bytea || convert_to(key_id, 'UTF8') || int4send(day) || bounce.verp_counted(campaign)
               || bounce.verp_counted(lower(recipient COLLATE "C")) || bounce.verp_counted(lower(domain COLLATE "C")),
               key, 'sha256') FROM 1 FOR 10));
$$;
COMMENT ON FUNCTION bounce.verp_tag IS 'The tag that signs an address; day is in days since 1970-01-01 UTC.';

CREATE OR REPLACE FUNCTION bounce.verp_encode(
    key bytea, key_id text, campaign text, recipient text, base text,
    day integer DEFAULT floor(date_part('epoch', now()) / 86400)) RETURNS text
LANGUAGE sql VOLATILE AS $$
    WITH part AS (
        SELECT split_part(base, '@', 1) AS prefix, lower(split_part(base, '@', 2)) AS domain,
               coalesce(campaign, '') AS campaign, substring(recipient FROM '^(.*)@') AS local,
               lower(substring(recipient FROM '@([A-Za-z0-9._-]+)$')) AS host
        WHERE octet_length(key) = 32 AND key_id ~ '^[a-z2-7]$' AND recipient ~ '^[^@"\s]+@[A-Za-z0-9._-]+$'
    ), tagged AS (
        SELECT p.*, bounce.verp_tag(key, key_id, day, p.campaign, recipient, p.domain) AS tag,
               p.prefix || '+' || bounce.verp_escape(p.campaign, '[a-z0-9._]') || '-'
               || bounce.verp_escape(p.local, '[A-Za-z0-9._+-]') || '=' || p.host || '+' AS sender
        FROM part p
    ), made AS (
        SELECT t.*, t.campaign <> '' AND length(t.sender || t.tag) <= 64 AS fits FROM tagged t
    ), stored AS (
        INSERT INTO bounce.verp_token (token, campaign, recipient, domain)
        SELECT tag, m.campaign, lower(recipient COLLATE "C"), m.domain FROM made m WHERE NOT fits
        ON CONFLICT (token) DO NOTHING
    )
    SELECT CASE WHEN fits THEN sender ELSE prefix || '+' END || tag || '@' || domain FROM made;
$$;
COMMENT ON FUNCTION bounce.verp_encode IS 'The envelope sender of a mail to this recipient in this campaign (NULL or empty: none), with base such as bounces@news.example.com. Where it does not fit, it carries a token, which is stored. NULL for a recipient that only nullsender verp encode can write (in quotes, or with a domain that is not ASCII), and for a key or an id that is none.';
