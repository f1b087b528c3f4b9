"""A complete call's transcript as files, for archives."""

from pathlib import Path

from service.archive.exports import FORMS
from service.archive.files import ExportedFiles
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry
from tests.archive.report_example import kept
from tests.wire.builders import CALL


async def test_a_transcript_is_made_of_the_events_up_to_there(tmp_path: Path) -> None:
    """In each format, each time the same; none before the call is complete."""
    events = kept()
    async with open_sqlite_journal(tmp_path / "journal.db") as journal:
        entry = Entry(call_id=CALL, version=0, epoch=1, state=b"", events=tuple(events))
        await journal.commit(entry)
        files = ExportedFiles(journal)
        seq = events[-1].seq
        made = await files.transcripts(CALL, through_seq=seq, forms=FORMS)

        assert await files.transcripts(CALL, through_seq=seq, forms=FORMS) == made
        assert await files.transcripts(CALL, through_seq=seq - 1, forms=FORMS) == []
    assert [one.name for one in made] == [f"transcript.{form}" for form in FORMS]
    text = next(one for one in made if one.name == "transcript.txt")
    assert text.content_type == "text/plain; charset=utf-8"
    assert "change my booking." in text.body.decode()
    assert "+15555550100 to +15555550199, incoming" in text.body.decode()
