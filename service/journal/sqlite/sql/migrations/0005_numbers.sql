-- The newest calls of a number, without a look at all of them: a company's own has most calls.
DROP INDEX summary_from;
DROP INDEX summary_to;
CREATE INDEX summary_from ON summary (from_number, started_at);
CREATE INDEX summary_to ON summary (to_number, started_at);

-- Nothing is kept any more of calls that no route wanted.
DELETE FROM call WHERE last_seq = 0 AND ended AND wake_at IS NULL;
