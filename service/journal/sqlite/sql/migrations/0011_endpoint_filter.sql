-- Which events endpoints get, as JSON, and whether reports: what one that is configured no more did
-- not get is given up by that.
CREATE TABLE endpoint_filter (
    endpoint TEXT PRIMARY KEY,
    events TEXT NOT NULL,
    report INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
