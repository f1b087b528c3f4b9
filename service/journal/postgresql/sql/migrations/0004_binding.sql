-- Which calls a key may see; NULL: all, as every key could before.
ALTER TABLE api_key ADD COLUMN binding text;

-- What keys are bound by, beside the facts: the name of the call's route. Calls of before have no
-- route that could be named.
ALTER TABLE summary ADD COLUMN route text COLLATE "C";
