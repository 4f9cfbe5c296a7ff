-- What the rules do not know: a few events in a thousand, found without reading the others.
CREATE INDEX event_unknown ON bounce.event (occurred_at)
    WHERE superseded_by IS NULL AND (category = 'undetermined' OR recipient = '');
COMMENT ON INDEX bounce.event_unknown IS 'For nullsender review.';
