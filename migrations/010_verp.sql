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

CREATE OR REPLACE FUNCTION bounce.reader_grant() RETURNS boolean
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

SELECT bounce.reader_grant();
