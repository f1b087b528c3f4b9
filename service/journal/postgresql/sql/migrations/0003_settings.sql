-- Fingerprints of a worker's settings, so that workers whose settings differ are noticed. Empty of
-- one whose version does not tell.

ALTER TABLE worker ADD COLUMN settings text COLLATE "C" NOT NULL DEFAULT '';
