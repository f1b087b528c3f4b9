-- Who took over from an endpoint that is configured no more: calls that go on still name the old one.
CREATE TABLE endpoint_alias (
    old TEXT PRIMARY KEY,
    new TEXT NOT NULL
) STRICT, WITHOUT ROWID;
