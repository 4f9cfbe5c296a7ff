-- What people read. Times are timestamptz; `time` is the column that a dashboard plots by.

CREATE VIEW bounce.campaign_summary AS
SELECT s.campaign, s.hard, s.soft, s.block, s.complaint, s.hard + s.soft + s.block AS bounced,
       s.their_fault, s.our_fault, s.other, c.sent,
       round(100.0 * (s.hard + s.soft + s.block) / c.sent, 2) AS bounce_rate,
       round(100.0 * s.hard / c.sent, 2) AS hard_rate,
       round(100.0 * s.complaint / c.sent, 3) AS complaint_rate,
       s.first_day, s.last_day, s.first_day::timestamp AT TIME ZONE 'UTC' AS time
FROM (SELECT coalesce(n.campaign, c.campaign) AS campaign,
             coalesce(sum(n.recipients) FILTER (WHERE n.verdict = 'hard'), 0)::bigint AS hard,
             coalesce(sum(n.recipients) FILTER (WHERE n.verdict = 'soft'), 0)::bigint AS soft,
             coalesce(sum(n.recipients) FILTER (WHERE n.verdict = 'block'), 0)::bigint AS block,
             coalesce(sum(n.recipients) FILTER (WHERE n.verdict = 'complaint'), 0)::bigint AS complaint,
             coalesce(sum(n.recipients) FILTER (WHERE n.verdict IN ('hard', 'soft', 'block') AND n.fault IN ('recipient', 'domain')), 0)::bigint AS their_fault,
             coalesce(sum(n.recipients) FILTER (WHERE n.verdict IN ('hard', 'soft', 'block') AND n.fault IN ('sender', 'message')), 0)::bigint AS our_fault,
             coalesce(sum(n.recipients) FILTER (WHERE n.verdict = 'none'), 0)::bigint AS other,
             min(n.day) FILTER (WHERE n.recipients > 0) AS first_day, max(n.day) FILTER (WHERE n.recipients > 0) AS last_day
      FROM bounce.campaign_count n FULL JOIN bounce.campaign c ON c.campaign = n.campaign
      GROUP BY 1) s
LEFT JOIN bounce.campaign c ON c.campaign = s.campaign;
COMMENT ON VIEW bounce.campaign_summary IS 'One row for each campaign: how many recipients bounced, and how. Each recipient counts once for a campaign, as the heaviest of what came back.';
COMMENT ON COLUMN bounce.campaign_summary.campaign IS 'Name of the campaign; empty for bounces that name none.';
COMMENT ON COLUMN bounce.campaign_summary.hard IS 'Recipients whose address is dead.';
COMMENT ON COLUMN bounce.campaign_summary.soft IS 'Recipients that could not be reached this time.';
COMMENT ON COLUMN bounce.campaign_summary.block IS 'Recipients whose server refused the sender or the message.';
COMMENT ON COLUMN bounce.campaign_summary.complaint IS 'Recipients who called it spam.';
COMMENT ON COLUMN bounce.campaign_summary.bounced IS 'hard + soft + block.';
COMMENT ON COLUMN bounce.campaign_summary.their_fault IS 'Of bounced: the cause lies with the recipient or the recipient''s domain.';
COMMENT ON COLUMN bounce.campaign_summary.our_fault IS 'Of bounced: the cause lies with the sender or the message.';
COMMENT ON COLUMN bounce.campaign_summary.other IS 'Recipients with nothing but auto-replies, delay notices and the like.';
COMMENT ON COLUMN bounce.campaign_summary.sent IS 'Mails sent, where bounce.campaign says so.';
COMMENT ON COLUMN bounce.campaign_summary.bounce_rate IS 'bounced in percent of sent.';
COMMENT ON COLUMN bounce.campaign_summary.hard_rate IS 'hard in percent of sent.';
COMMENT ON COLUMN bounce.campaign_summary.complaint_rate IS 'complaint in percent of sent.';
COMMENT ON COLUMN bounce.campaign_summary.first_day IS 'Day (UTC) of the first of these.';
COMMENT ON COLUMN bounce.campaign_summary.last_day IS 'Day (UTC) of the last of these.';
COMMENT ON COLUMN bounce.campaign_summary.time IS 'Start of first_day.';

CREATE VIEW bounce.campaign_by_day AS
SELECT campaign, day,
       coalesce(sum(recipients) FILTER (WHERE verdict = 'hard'), 0)::bigint AS hard,
       coalesce(sum(recipients) FILTER (WHERE verdict = 'soft'), 0)::bigint AS soft,
       coalesce(sum(recipients) FILTER (WHERE verdict = 'block'), 0)::bigint AS block,
       coalesce(sum(recipients) FILTER (WHERE verdict = 'complaint'), 0)::bigint AS complaint,
       day::timestamp AT TIME ZONE 'UTC' AS time
FROM bounce.campaign_count WHERE recipients > 0 GROUP BY campaign, day;
COMMENT ON VIEW bounce.campaign_by_day IS 'campaign_summary by day of the bounce (UTC).';
COMMENT ON COLUMN bounce.campaign_by_day.campaign IS 'Name of the campaign; empty for bounces that name none.';
COMMENT ON COLUMN bounce.campaign_by_day.day IS 'Day of the bounce (UTC).';
COMMENT ON COLUMN bounce.campaign_by_day.hard IS 'Recipients whose address is dead.';
COMMENT ON COLUMN bounce.campaign_by_day.soft IS 'Recipients that could not be reached this time.';
COMMENT ON COLUMN bounce.campaign_by_day.block IS 'Recipients whose server refused the sender or the message.';
COMMENT ON COLUMN bounce.campaign_by_day.complaint IS 'Recipients who called it spam.';
COMMENT ON COLUMN bounce.campaign_by_day.time IS 'Start of the day.';

CREATE VIEW bounce.campaign_by_category AS
SELECT n.campaign, n.verdict, n.category, n.fault, coalesce(c.description, n.category) AS reason,
       sum(n.recipients)::bigint AS recipients,
       min(n.day)::timestamp AT TIME ZONE 'UTC' AS time
FROM bounce.campaign_count n LEFT JOIN bounce.category c ON c.category = n.category
WHERE n.recipients > 0 GROUP BY n.campaign, n.verdict, n.category, n.fault, c.description;
COMMENT ON VIEW bounce.campaign_by_category IS 'campaign_summary by reason.';
COMMENT ON COLUMN bounce.campaign_by_category.campaign IS 'Name of the campaign; empty for bounces that name none.';
COMMENT ON COLUMN bounce.campaign_by_category.verdict IS 'hard, soft, block, complaint or none.';
COMMENT ON COLUMN bounce.campaign_by_category.category IS 'The reason as a word.';
COMMENT ON COLUMN bounce.campaign_by_category.fault IS 'On whose side the cause lies.';
COMMENT ON COLUMN bounce.campaign_by_category.reason IS 'The reason as a sentence.';
COMMENT ON COLUMN bounce.campaign_by_category.recipients IS 'How many recipients.';
COMMENT ON COLUMN bounce.campaign_by_category.time IS 'Day (UTC) of the first of these.';

CREATE VIEW bounce.campaign_by_domain AS
SELECT campaign, domain,
       count(*) FILTER (WHERE verdict = 'hard') AS hard,
       count(*) FILTER (WHERE verdict = 'soft') AS soft,
       count(*) FILTER (WHERE verdict = 'block') AS block,
       count(*) FILTER (WHERE verdict = 'complaint') AS complaint,
       min(occurred_at) AS time
FROM bounce.campaign_recipient GROUP BY campaign, domain;
COMMENT ON VIEW bounce.campaign_by_domain IS 'campaign_summary by the recipients'' domain. Ask for one campaign: all of them take a while.';
COMMENT ON COLUMN bounce.campaign_by_domain.campaign IS 'Name of the campaign; empty for bounces that name none.';
COMMENT ON COLUMN bounce.campaign_by_domain.domain IS 'Domain of the recipients.';
COMMENT ON COLUMN bounce.campaign_by_domain.hard IS 'Recipients whose address is dead.';
COMMENT ON COLUMN bounce.campaign_by_domain.soft IS 'Recipients that could not be reached this time.';
COMMENT ON COLUMN bounce.campaign_by_domain.block IS 'Recipients whose server refused the sender or the message.';
COMMENT ON COLUMN bounce.campaign_by_domain.complaint IS 'Recipients who called it spam.';
COMMENT ON COLUMN bounce.campaign_by_domain.time IS 'The first of these.';

CREATE VIEW bounce.campaign_bounces AS
SELECT s.campaign, s.recipient, s.verdict, s.category, coalesce(c.description, s.category) AS reason,
       s.fault, e.status, e.reply_code, e.diagnostic, coalesce(e.remote_mta, e.reporting_mta) AS server,
       e.identified_by, r.state, s.domain, e.rule, s.message, s.occurred_at AS time
FROM bounce.campaign_recipient s
-- There always is one. Of an inner join the planner expects next to nothing, and sorts a whole
-- campaign for its latest rows instead of reading them from the index.
LEFT JOIN bounce.event e ON e.recipient = s.recipient AND e.message = s.message AND e.superseded_by IS NULL
LEFT JOIN bounce.recipient r ON r.recipient = s.recipient
LEFT JOIN bounce.category c ON c.category = s.category;
COMMENT ON VIEW bounce.campaign_bounces IS 'One row for each campaign and recipient: what came back, with the reason in words.';
COMMENT ON COLUMN bounce.campaign_bounces.campaign IS 'Name of the campaign; empty where the bounce names none.';
COMMENT ON COLUMN bounce.campaign_bounces.recipient IS 'The address, in lower case.';
COMMENT ON COLUMN bounce.campaign_bounces.verdict IS 'hard, soft, block, complaint or none, as the heaviest of what came back.';
COMMENT ON COLUMN bounce.campaign_bounces.category IS 'The reason as a word.';
COMMENT ON COLUMN bounce.campaign_bounces.reason IS 'The reason as a sentence.';
COMMENT ON COLUMN bounce.campaign_bounces.fault IS 'On whose side the cause lies.';
COMMENT ON COLUMN bounce.campaign_bounces.status IS 'Enhanced status code (RFC 3463).';
COMMENT ON COLUMN bounce.campaign_bounces.reply_code IS 'SMTP reply code.';
COMMENT ON COLUMN bounce.campaign_bounces.diagnostic IS 'The words of the server that refused.';
COMMENT ON COLUMN bounce.campaign_bounces.server IS 'The server that refused, or the one that reported it.';
COMMENT ON COLUMN bounce.campaign_bounces.identified_by IS 'How the recipient is known: verp, final_recipient, ...';
COMMENT ON COLUMN bounce.campaign_bounces.state IS 'The state of the address today, all campaigns considered.';
COMMENT ON COLUMN bounce.campaign_bounces.domain IS 'Domain of the address.';
COMMENT ON COLUMN bounce.campaign_bounces.rule IS 'The rule that decided.';
COMMENT ON COLUMN bounce.campaign_bounces.message IS 'Id of the message, for bounce.message.';
COMMENT ON COLUMN bounce.campaign_bounces.time IS 'When it bounced.';

CREATE VIEW bounce.suppression AS
SELECT r.recipient, r.state, r.category,
       CASE WHEN r.state = 'suppressed' THEN 'Suppressed by an operator.'
            WHEN r.escalated THEN format('%s soft bounces since %s, the last one: %s', x.strikes,
                                         to_char(x.first_strike_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
                                         coalesce(c.description, r.category))
            ELSE coalesce(c.description, r.category) END AS reason,
       r.escalated, e.status, e.diagnostic, e.campaign, r.domain, r.message, r.expires_at, r.since AS time
FROM bounce.recipient r
LEFT JOIN bounce.category c ON c.category = r.category
LEFT JOIN bounce.event e ON e.recipient = r.recipient AND e.message = r.message AND e.superseded_by IS NULL
LEFT JOIN bounce.escalation x ON r.escalated AND x.recipient = r.recipient AND x.escalated_at = r.since
WHERE bounce.is_suppressed(r.state);
COMMENT ON VIEW bounce.suppression IS 'The addresses that are not to be written to any more, and why.';
COMMENT ON COLUMN bounce.suppression.recipient IS 'The address, in lower case.';
COMMENT ON COLUMN bounce.suppression.state IS 'hard, complained, or suppressed (by an operator).';
COMMENT ON COLUMN bounce.suppression.category IS 'The reason as a word.';
COMMENT ON COLUMN bounce.suppression.reason IS 'The reason as a sentence.';
COMMENT ON COLUMN bounce.suppression.escalated IS 'Because of soft bounces on several days.';
COMMENT ON COLUMN bounce.suppression.status IS 'Enhanced status code of the bounce that decided.';
COMMENT ON COLUMN bounce.suppression.diagnostic IS 'The words of the server that refused.';
COMMENT ON COLUMN bounce.suppression.campaign IS 'The campaign whose bounce decided.';
COMMENT ON COLUMN bounce.suppression.domain IS 'Domain of the address.';
COMMENT ON COLUMN bounce.suppression.message IS 'Id of the message that decided, for bounce.message.';
COMMENT ON COLUMN bounce.suppression.expires_at IS 'When it ends by itself; NULL where it does not.';
COMMENT ON COLUMN bounce.suppression.time IS 'Since when.';

CREATE VIEW bounce.suppression_changes AS
SELECT l.recipient, l.suppressed, l.state, l.category, coalesce(c.description, l.category) AS reason, l.changed_at AS time
FROM bounce.suppression_log l LEFT JOIN bounce.category c ON c.category = l.category;
COMMENT ON VIEW bounce.suppression_changes IS 'How the suppression list changed. To keep a copy of the list in step, ask for WHERE time > the last time seen.';
COMMENT ON COLUMN bounce.suppression_changes.recipient IS 'The address, in lower case.';
COMMENT ON COLUMN bounce.suppression_changes.suppressed IS 'true: came onto the list. false: left it.';
COMMENT ON COLUMN bounce.suppression_changes.state IS 'The new state.';
COMMENT ON COLUMN bounce.suppression_changes.category IS 'The reason as a word.';
COMMENT ON COLUMN bounce.suppression_changes.reason IS 'The reason as a sentence.';
COMMENT ON COLUMN bounce.suppression_changes.time IS 'When the list changed.';

CREATE VIEW bounce.recipient_status AS
SELECT r.recipient, r.address, r.state, NOT bounce.is_suppressed(r.state) AS may_send,
       r.category, coalesce(c.description, r.category) AS reason, r.since, r.strikes, r.strikes_to_hard,
       r.strikes_lapse_at, r.escalated, r.expires_at, r.events, r.last_proof_of_life, r.domain, r.last_event_at AS time
FROM bounce.recipient r LEFT JOIN bounce.category c ON c.category = r.category;
COMMENT ON VIEW bounce.recipient_status IS 'The state of every address that ever bounced.';
COMMENT ON COLUMN bounce.recipient_status.recipient IS 'The address, in lower case.';
COMMENT ON COLUMN bounce.recipient_status.address IS 'The address as its first bounce wrote it.';
COMMENT ON COLUMN bounce.recipient_status.state IS 'active, soft, hard, complained, or suppressed (by an operator).';
COMMENT ON COLUMN bounce.recipient_status.may_send IS 'Whether it may be written to.';
COMMENT ON COLUMN bounce.recipient_status.category IS 'The reason as a word.';
COMMENT ON COLUMN bounce.recipient_status.reason IS 'The reason as a sentence.';
COMMENT ON COLUMN bounce.recipient_status.since IS 'Since when it is in that state.';
COMMENT ON COLUMN bounce.recipient_status.strikes IS 'Soft bounces that count, one a day at most.';
COMMENT ON COLUMN bounce.recipient_status.strikes_to_hard IS 'How many more make it hard.';
COMMENT ON COLUMN bounce.recipient_status.strikes_lapse_at IS 'From then on the first of them does not count towards new ones.';
COMMENT ON COLUMN bounce.recipient_status.escalated IS 'Hard because of soft bounces on several days.';
COMMENT ON COLUMN bounce.recipient_status.expires_at IS 'When it is hard no longer; NULL where only a reinstatement or a proof of life ends it.';
COMMENT ON COLUMN bounce.recipient_status.events IS 'How many events there are about it.';
COMMENT ON COLUMN bounce.recipient_status.last_proof_of_life IS 'When mail to it was last seen delivered, or when it was reinstated.';
COMMENT ON COLUMN bounce.recipient_status.domain IS 'Domain of the address.';
COMMENT ON COLUMN bounce.recipient_status.time IS 'Its latest event.';

CREATE VIEW bounce.at_risk AS
SELECT r.recipient, r.strikes, r.strikes_to_hard, r.category, coalesce(c.description, r.category) AS reason,
       r.since AS first_strike_at, r.strikes_lapse_at, r.domain, r.last_event_at AS time
FROM bounce.recipient r LEFT JOIN bounce.category c ON c.category = r.category
WHERE r.state = 'soft' AND r.strikes_to_hard <= 1 AND r.strikes_lapse_at > now();
COMMENT ON VIEW bounce.at_risk IS 'Addresses that one more soft bounce makes hard.';
COMMENT ON COLUMN bounce.at_risk.recipient IS 'The address, in lower case.';
COMMENT ON COLUMN bounce.at_risk.strikes IS 'Soft bounces that count, one a day at most.';
COMMENT ON COLUMN bounce.at_risk.strikes_to_hard IS 'How many more make it hard; 0 where only the minimum span is missing.';
COMMENT ON COLUMN bounce.at_risk.category IS 'Reason of the last one, as a word.';
COMMENT ON COLUMN bounce.at_risk.reason IS 'Reason of the last one, as a sentence.';
COMMENT ON COLUMN bounce.at_risk.first_strike_at IS 'When the first of them happened.';
COMMENT ON COLUMN bounce.at_risk.strikes_lapse_at IS 'After that the first of them does not count any more.';
COMMENT ON COLUMN bounce.at_risk.domain IS 'Domain of the address.';
COMMENT ON COLUMN bounce.at_risk.time IS 'Its latest event.';

CREATE VIEW bounce.sender_trouble AS
SELECT (e.occurred_at AT TIME ZONE 'UTC')::date AS day, e.domain, e.category,
       coalesce(c.description, e.category) AS reason, count(*) AS events, count(DISTINCT e.recipient) AS recipients,
       count(DISTINCT e.campaign) AS campaigns, min(e.diagnostic) AS example,
       date_trunc('day', e.occurred_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS time
FROM bounce.event e LEFT JOIN bounce.category c ON c.category = e.category
WHERE e.superseded_by IS NULL AND (e.fault = 'sender' OR e.verdict = 'block') AND e.withheld IS DISTINCT FROM 'all'
GROUP BY 1, 2, 3, 4, time;
COMMENT ON VIEW bounce.sender_trouble IS 'Refusals for the sender''s sake, by day and recipients'' domain: blocklists, failed authentication, spam verdicts. The sender has to act; no address is to blame. Ask for a span of time (WHERE time > ...): all of it takes a while.';
COMMENT ON COLUMN bounce.sender_trouble.day IS 'Day of the refusals (UTC).';
COMMENT ON COLUMN bounce.sender_trouble.domain IS 'Domain that refused; empty where the bounce names nobody.';
COMMENT ON COLUMN bounce.sender_trouble.category IS 'The reason as a word.';
COMMENT ON COLUMN bounce.sender_trouble.reason IS 'The reason as a sentence.';
COMMENT ON COLUMN bounce.sender_trouble.events IS 'How many refusals.';
COMMENT ON COLUMN bounce.sender_trouble.recipients IS 'How many recipients they concern.';
COMMENT ON COLUMN bounce.sender_trouble.campaigns IS 'How many campaigns they concern.';
COMMENT ON COLUMN bounce.sender_trouble.example IS 'The words of one of the servers that refused.';
COMMENT ON COLUMN bounce.sender_trouble.time IS 'Start of the day.';

CREATE VIEW bounce.domain_outage AS
SELECT w.domain, w.starts_at, w.starts_at + make_interval(hours => p.outage_window_hours) AS ends_at,
       w.trouble AS recipients, w.heard, w.delivered, w.starts_at AS time
FROM bounce.domain_window w CROSS JOIN bounce.policy p WHERE w.outage;
COMMENT ON VIEW bounce.domain_outage IS 'When so many of a domain''s recipients soft-bounced together that it was the domain''s outage. These bounces are no strikes. Trouble that comes again after three days is none.';
COMMENT ON COLUMN bounce.domain_outage.domain IS 'The domain.';
COMMENT ON COLUMN bounce.domain_outage.starts_at IS 'Start of the window.';
COMMENT ON COLUMN bounce.domain_outage.ends_at IS 'End of the window.';
COMMENT ON COLUMN bounce.domain_outage.recipients IS 'Recipients that soft-bounced in it.';
COMMENT ON COLUMN bounce.domain_outage.heard IS 'Recipients that were heard of in it.';
COMMENT ON COLUMN bounce.domain_outage.delivered IS 'Deliveries in it, as far as bounce.delivery says.';
COMMENT ON COLUMN bounce.domain_outage.time IS 'Start of the window.';

CREATE VIEW bounce.unmatched AS
SELECT m.id AS message, m.subject, m.from_address, m.format, m.outcome_reason AS reason,
       e.verdict, e.category, e.diagnostic, m.arrived_at AS time
FROM bounce.message m
LEFT JOIN bounce.event e ON e.recipient = '' AND e.message = m.id AND e.superseded_by IS NULL
WHERE m.outcome = 'unmatched';
COMMENT ON VIEW bounce.unmatched IS 'Reports of which nobody can tell whom they concern.';
COMMENT ON COLUMN bounce.unmatched.message IS 'Id of the message, for bounce.message.';
COMMENT ON COLUMN bounce.unmatched.subject IS 'Its subject.';
COMMENT ON COLUMN bounce.unmatched.from_address IS 'Address in its From field.';
COMMENT ON COLUMN bounce.unmatched.format IS 'How it was read.';
COMMENT ON COLUMN bounce.unmatched.reason IS 'Why nobody was found, in words.';
COMMENT ON COLUMN bounce.unmatched.verdict IS 'What it says all the same.';
COMMENT ON COLUMN bounce.unmatched.category IS 'What it says all the same.';
COMMENT ON COLUMN bounce.unmatched.diagnostic IS 'The words of the server that refused.';
COMMENT ON COLUMN bounce.unmatched.time IS 'When it arrived.';

CREATE VIEW bounce.quarantined AS
SELECT m.id AS message, m.outcome_reason AS reason, m.size, m.subject, m.from_address, m.arrived_at AS time
FROM bounce.message m WHERE m.outcome = 'quarantined';
COMMENT ON VIEW bounce.quarantined IS 'Messages that could not be decoded. Their bytes are in bounce.message_raw.';
COMMENT ON COLUMN bounce.quarantined.message IS 'Id of the message, for bounce.message.';
COMMENT ON COLUMN bounce.quarantined.reason IS 'Why, in words.';
COMMENT ON COLUMN bounce.quarantined.size IS 'Its bytes on the server.';
COMMENT ON COLUMN bounce.quarantined.subject IS 'Its subject, where known.';
COMMENT ON COLUMN bounce.quarantined.from_address IS 'Address in its From field, where known.';
COMMENT ON COLUMN bounce.quarantined.time IS 'When it arrived.';
