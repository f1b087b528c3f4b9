-- Scripts without spaces between words: the index has their letters and marks one by one, so that
-- any part of what was said is found. `apart` is what it has in place of the text, kept to be taken
-- out again as it went in; NULL where that is the text itself.
ALTER TABLE utterance ADD COLUMN apart TEXT;

UPDATE utterance SET apart = letters_apart(text) WHERE letters_apart(text) IS NOT NULL;

INSERT INTO utterance_words (utterance_words, rowid, text)
SELECT 'delete', position, text FROM utterance WHERE apart IS NOT NULL;

INSERT INTO utterance_words (rowid, text)
SELECT position, apart FROM utterance WHERE apart IS NOT NULL;

-- What was in the index until now may be marked there only: it is merged, as behind an erasure.
INSERT OR IGNORE INTO unscrubbed (call_no) SELECT call_no FROM utterance WHERE apart IS NOT NULL;

DROP TRIGGER utterance_kept;
DROP TRIGGER utterance_gone;

CREATE TRIGGER utterance_kept AFTER INSERT ON utterance
BEGIN
    UPDATE utterance SET apart = letters_apart(new.text)
    WHERE position = new.position AND letters_apart(new.text) IS NOT NULL;
    INSERT INTO utterance_words (rowid, text)
    SELECT position, coalesce(apart, text) FROM utterance WHERE position = new.position;
    UPDATE summary SET utterances = utterances + 1,
    words = words + 1 + length(new.text) - length(replace(new.text, ' ', ''))
    WHERE call_no = new.call_no;
END;

CREATE TRIGGER utterance_gone AFTER DELETE ON utterance
BEGIN
    INSERT INTO utterance_words (utterance_words, rowid, text)
    VALUES ('delete', old.position, coalesce(old.apart, old.text));
END;
