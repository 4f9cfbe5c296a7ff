-- What monitoring asks for: counters that only grow, how runs ended, and campaigns of which nothing
-- comes back.

ALTER TABLE bounce.run ADD exit_code integer;
COMMENT ON COLUMN bounce.run.exit_code IS 'How it ended, as sysexits(3) has it: 0 well, 75 temporarily not, 77 the login was refused, ...; NULL while it is at work, or when it was killed.';

-- Written by the commit that stores what they count, so that they are exact whatever is killed. Rows
-- of reprocess do not count again, and pruning takes nothing off.
CREATE TABLE bounce.message_total (
    mailbox text COLLATE "C",
    outcome text,
    messages bigint NOT NULL,
    PRIMARY KEY (mailbox, outcome)
);
COMMENT ON TABLE bounce.message_total IS 'How many messages were ever stored, as they were first judged. For counters of a monitoring system.';
COMMENT ON COLUMN bounce.message_total.mailbox IS 'The mailbox, as the configuration names it.';
COMMENT ON COLUMN bounce.message_total.outcome IS 'As in bounce.message.';
COMMENT ON COLUMN bounce.message_total.messages IS 'How many.';

CREATE TABLE bounce.event_total (
    mailbox text COLLATE "C",
    verdict text,
    category text COLLATE "C",
    events bigint NOT NULL,
    PRIMARY KEY (mailbox, verdict, category)
);
COMMENT ON TABLE bounce.event_total IS 'How many events were ever stored, as they were first judged. For counters of a monitoring system.';
COMMENT ON COLUMN bounce.event_total.mailbox IS 'The mailbox, as the configuration names it.';
COMMENT ON COLUMN bounce.event_total.verdict IS 'As in bounce.event.';
COMMENT ON COLUMN bounce.event_total.category IS 'As in bounce.event.';
COMMENT ON COLUMN bounce.event_total.events IS 'How many.';

ALTER TABLE bounce.campaign ADD sent_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN bounce.campaign.sent_at IS 'When it was sent, as far as is known: when the row was put in, unless somebody said otherwise.';

CREATE VIEW bounce.silence AS
WITH campaign AS (
    SELECT c.campaign, c.sent, c.sent_at, coalesce(sum(n.recipients), 0) AS bounced
    FROM bounce.campaign c
    LEFT JOIN bounce.campaign_count n ON n.campaign = c.campaign AND n.verdict IN ('hard', 'soft', 'block')
    WHERE c.sent IS NOT NULL
    GROUP BY c.campaign
), usual AS (
    SELECT sum(bounced) / sum(sent) AS rate FROM campaign WHERE sent_at < now() - interval '3 days'
)
SELECT c.campaign, c.sent, round(c.sent * u.rate) AS expected, round(100 * u.rate, 2) AS usual_rate,
       c.sent_at AS time
FROM campaign c, usual u
WHERE c.bounced = 0 AND c.sent * u.rate >= 10
  AND c.sent_at BETWEEN now() - interval '3 days' AND now() - interval '6 hours';
COMMENT ON VIEW bounce.silence IS 'Campaigns that should have bounced by now and have not: sent 6 hours to 3 days ago, not one bounce, where at the rate of all campaigns before these three days 10 or more were to be expected. Does their Return-Path lead to a mailbox that is read?';
COMMENT ON COLUMN bounce.silence.campaign IS 'Name of the campaign.';
COMMENT ON COLUMN bounce.silence.sent IS 'Mails sent, as bounce.campaign says.';
COMMENT ON COLUMN bounce.silence.expected IS 'Recipients that would have bounced at the usual rate.';
COMMENT ON COLUMN bounce.silence.usual_rate IS 'Bounced in percent of sent, over all campaigns of before.';
COMMENT ON COLUMN bounce.silence.time IS 'When it was sent.';
