-- Scripts without spaces between words: the index has their letters and marks one by one, so that
-- any part of what was said is found. The words of such texts are made anew by `part_letters` in
-- service/journal/postgresql/reindexing.py, which this script's transaction goes on with.
SELECT 1;
