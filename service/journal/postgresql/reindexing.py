"""What migrations make anew of words: no SQL knows what a word is here."""

from typing import Final

from service.journal.postgresql.connection import Connection
from service.journal.postgresql.searching import vector_of
from service.words import UNSPACED

_AT_ONCE: Final = 1_000
_UNPARTED: Final = """
SELECT position, text FROM utterance WHERE position > $1 AND text ~ $2
ORDER BY position LIMIT $3"""
_PARTED: Final = """
UPDATE utterance SET words = given.words::tsvector
FROM unnest($1::bigint[], $2::text[]) AS given (position, words)
WHERE utterance.position = given.position"""


async def part_letters(db: Connection) -> None:
    """Index texts in scripts without spaces letter by letter; all others stay as they are."""
    after = -1
    while found := await db.fetch(_UNPARTED, after, UNSPACED, _AT_ONCE):
        given = [(position, vector_of(text)) for position, text in found]
        await db.execute(_PARTED, *zip(*given, strict=True))
        after = found[-1][0]
