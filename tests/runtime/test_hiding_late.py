"""What a recording was heard to say goes once more of the call is hidden."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from service.calls.after_events import RecordingTranscribed, TranscribedSegment
from service.calls.events import Event, TranscriptCompleted
from service.calls.reredaction import Silent
from service.calls.routes import AfterCall
from service.calls.state import CallState, Phase, SecondHearing
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, StoredEvent
from service.runtime.codec import decode_state, encode_state
from service.runtime.late_redactor import LateRedactor
from service.wire.events import encode
from tests.calls.harness import IN_CALL, T0
from tests.wire.builders import CALL, FINAL, fact

CARD = "4111 1111 1111 1111"
FINAL_WITH_CARD = replace(FINAL, text=f"It is {CARD}.", words=None)
HEARD = RecordingTranscribed(
    revision=1,
    engine="Deepgram",
    model=None,
    language="en",
    text=f"It is {CARD}.",
    segments=(TranscribedSegment(role="customer", track="inbound", text=f"It is {CARD}."),),
)
COMPLETED = TranscriptCompleted(duration_ms=9_000, utterances=1, words=5, gaps=0, coverage=None)


def stored(seq: int, event: Event) -> StoredEvent:
    """Return an event of the call as its journal has it."""
    return StoredEvent(CALL, seq, event.type, encode(fact(event, 11.0, seq), now=T0))


async def test_a_recording_that_said_it_as_well_says_nothing_any_more(tmp_path: Path) -> None:
    """It is to be heard anew, with that silent."""
    choice = AfterCall(engine="Deepgram")
    state = CallState(call_id=CALL, phase=Phase.COMPLETE, route=IN_CALL, seq=3)
    state.heard_again = SecondHearing(choice, 1)
    events = [stored(1, FINAL_WITH_CARD), stored(2, COMPLETED), stored(3, HEARD)]

    async def silence(call_id: CallId, silent: Sequence[Silent]) -> None:
        assert call_id == CALL
        assert silent

    async with open_sqlite_journal(tmp_path / "journal.db") as journal:
        entry = Entry(
            call_id=CALL, version=0, epoch=1, state=encode_state(state), events=tuple(events)
        )
        await journal.commit(entry)
        redone = await LateRedactor(journal, silence, clock=lambda: T0).redact(
            CALL, replace(IN_CALL, redact=("pci",))
        )
        kept = await journal.read(CALL, after_seq=0, limit=9)
        call = await journal.load(CALL)

    assert redone.finals == 1
    assert [event.type for event in kept][2:] == ["recording.transcribed", "transcript.redacted"]
    assert not [event for event in kept if b"1111 1111" in event.body]
    assert b'"text":"","segments":[]' in kept[2].body.replace(b" ", b"")
    assert call is not None
    assert call.wake_at == T0
    hearing = decode_state(call.state).heard_again
    assert hearing is not None
    assert hearing.generation == 2
