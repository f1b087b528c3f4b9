"""What is kept in clear that would be hidden today, on every database."""

from typing import Any

from service.archive.redaction_audit import CallFindings, audit_redaction
from service.ids import CallId
from service.ports import Entry, Journal, Library, StoredEvent
from service.redaction.memory import Policy
from tests.journal.builders import body

POLICY = Policy(frozenset({"pci", "email"}))
CARD = "4111 1111 1111 1111"


def final(call_id: str, seq: int, text: str, at: int = 0, **data: Any) -> StoredEvent:  # noqa: ANN401 - any JSON
    """Return a final as it is kept."""
    said = {"leg": "a", "track": "inbound", "language": "en", "words": None, "text": text}
    return body(call_id, seq, "transcript.final", at, **said, **data)


async def keep(journal: Journal, call_id: str, *events: StoredEvent) -> None:
    """Have a call's events kept."""
    entry = Entry(call_id=CallId(call_id), version=0, epoch=0, state=b"", events=events)
    await journal.commit(entry)


async def audited(library: Library) -> dict[str, CallFindings]:
    """Return what is found, by call."""
    return {found.call_id: found async for found in audit_redaction(library, POLICY)}


async def test_a_call_says_how_many_of_what_it_has_in_clear(
    journal: Journal, library: Library
) -> None:
    """Never which; a call that is over is told of as well as one that goes on."""
    await keep(
        journal,
        "over",
        final("over", 1, f"it is {CARD}"),
        final("over", 2, "write to anna@example.com"),
        final("over", 3, "thank you"),
        body("over", 4, "transcript.completed", utterances=3, words=9, gaps=0),
    )
    await keep(journal, "live", final("live", 1, f"{CARD} is it"))
    await keep(journal, "innocent", final("innocent", 1, "see you at ten"))
    found = await audited(library)

    assert {call: (one.finals, dict(one.entities)) for call, one in found.items()} == {
        "over": (2, {"card": 1, "email": 1}),
        "live": (1, {"card": 1}),
    }
    assert "4111" not in repr(found)


async def test_what_is_hidden_is_not_found_again(journal: Journal, library: Library) -> None:
    """Beside it something may be in clear, as where another kind was not asked for then."""
    label = [{"entity": "card", "start": 6, "end": 12}]
    await keep(
        journal,
        "c",
        final("c", 1, "it is [CARD]", redactions=label),
        final("c", 2, "it is [CARD], anna@example.com", redactions=label),
    )
    found = await audited(library)

    assert {call: (one.finals, dict(one.entities)) for call, one in found.items()} == {
        "c": (1, {"email": 1})
    }


async def test_a_number_is_found_over_utterances_and_pages(
    journal: Journal, library: Library
) -> None:
    """As it was said: in pieces, with hundreds of sentences of others in between."""
    await keep(journal, "c", final("c", 1, "my card is 4111"))
    for number in range(3):
        call = f"other-{number}"
        await keep(journal, call, *(final(call, seq, "well then") for seq in range(1, 300)))
    entry = Entry(
        call_id=CallId("c"), version=1, epoch=0, state=b"", events=(final("c", 2, "1111 1111"),)
    )
    await journal.commit(entry)

    assert [(one.finals, dict(one.entities)) for one in (await audited(library)).values()] == [
        (1, {"card": 1})
    ]
