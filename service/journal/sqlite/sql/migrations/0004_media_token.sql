-- A token serves its leg again for as long as the leg lives, and the header that goes with it is
-- judged apart: Telnyx documents that it sends one, and nobody could see it yet. Tokens of calls
-- that go on over the upgrade are lost: their audio is asked for anew by the restart.
DROP TABLE media_token;

CREATE TABLE media_token (
    token_hash BLOB PRIMARY KEY,
    header_hash BLOB NOT NULL,
    call_id TEXT NOT NULL,
    leg_id TEXT NOT NULL,
    expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX media_token_expires ON media_token (expires_at);
CREATE INDEX media_token_call ON media_token (call_id);
