-- nullsender_reader: a group for the people who read. GRANT nullsender_reader TO marketing;
-- Roles belong to the whole cluster: this one may exist already, and creating it needs CREATEROLE.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nullsender_reader') THEN
        CREATE ROLE nullsender_reader NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of the cluster was migrated at the same moment
    WHEN insufficient_privilege THEN
        RAISE WARNING 'the role nullsender_reader does not exist and % may not create it', current_user
            USING HINT = 'Let an administrator run CREATE ROLE nullsender_reader NOLOGIN; and after that SELECT bounce.reader_grant();';
END
$$;

CREATE FUNCTION bounce.reader_grant() RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nullsender_reader') THEN
        RETURN false;
    END IF;
    GRANT USAGE ON SCHEMA bounce TO nullsender_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA bounce TO nullsender_reader;
    -- The bytes of messages are other people's mail, and no table is made of them. With tokens
    -- bounces can be forged.
    REVOKE ALL ON bounce.message_raw, bounce.verp_token FROM nullsender_reader;
    RETURN true;
END
$$;
COMMENT ON FUNCTION bounce.reader_grant IS 'Lets the role nullsender_reader read all tables and views, save the bytes of messages and the tokens of VERP addresses. False where there is no such role.';

-- So does every later migration that creates a table or a view.
SELECT bounce.reader_grant();
