-- Which events endpoints get, as JSON, and whether reports: what one that is configured no more did
-- not get is given up by that.
CREATE TABLE endpoint_filter (
    endpoint text COLLATE "C" PRIMARY KEY,
    events text COLLATE "C" NOT NULL,
    report integer NOT NULL
);
