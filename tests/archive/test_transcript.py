"""A call's transcript as a view over its journal."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.archive.transcript import read_lines, read_transcript
from service.ports import StoredEvent
from tests.archive.builders import CALL, final, stored


def test_a_turn_is_what_one_speaker_said_until_another_did() -> None:
    """With the times of its first and last word."""
    transcript = read_transcript(
        [
            final(1, "Hello,", 1000, 1500),
            final(2, "is this the shop?", 1600, 2500),
            final(3, "It is.", 3000, 3400, role="agent"),
        ]
    )

    assert [(t.role, t.track, t.start_ms, t.end_ms) for t in transcript.turns] == [
        ("customer", "inbound", 1000, 2500),
        ("agent", "outbound", 3000, 3400),
    ]
    assert [u.seq for u in transcript.turns[0].utterances] == [1, 2]


def test_a_late_final_goes_where_it_was_said() -> None:
    """The two tracks are heard apart: the longer utterance is settled later."""
    transcript = read_transcript(
        [
            final(1, "Mhm.", 2000, 2200, role="agent"),
            final(2, "I have been waiting for a week", 500, 4000),
            final(3, "for my parcel.", 4100, 5000),
        ]
    )

    assert [[u.seq for u in t.utterances] for t in transcript.turns] == [[2], [1], [3]]


def test_what_has_no_time_stays_behind_what_was_settled_before() -> None:
    """In-call words may come without; nothing is made up for them."""
    transcript = read_transcript(
        [final(1, "One", 5000, 5500), final(2, "two"), final(3, "three", 6000)]
    )

    (turn,) = transcript.turns
    assert [u.text for u in turn.utterances] == ["One", "two", "three"]
    assert (turn.start_ms, turn.end_ms) == (5000, 5500)
    assert turn.utterances[1].start_ms is None


def test_what_is_read_never_goes_back_in_time() -> None:
    """After a crash the gap and what is heard again are told after later words."""
    events = [
        final(1, "One", 1000, 1500),
        final(2, "far ahead", 9000, 9500),
        stored(3, "transcription.degraded", reason="connection_lost"),
        stored(4, "transcript.gap", start_ms=4000, end_ms=6000, reason="lost"),
        final(5, "heard again", 6500, 7000),
        stored(6, "transcription.recovered"),
        final(7, "and on", 10_000, 10_500),
    ]
    lines = list(read_lines(read_transcript(events)))

    assert [line.said.seq for line in lines] == [1, 4, 5, 6, 2, 3, 7]
    assert [line.at_ms for line in lines] == [1000, 4000, 6500, 6500, 9000, 9000, 10_000]


def test_legs_of_one_role_are_turns_of_their_own() -> None:
    """Two people, though the route calls neither by a name."""
    transcript = read_transcript(
        [
            final(1, "a", 0, 1, role="unknown", leg="v3:a"),
            final(2, "b", 2, 3, role="unknown", leg="v3:b"),
        ]
    )

    assert len(transcript.turns) == 2


def test_notes_say_why_there_are_no_words() -> None:
    """Where they belong among the utterances: by the call clock, or else by their seq."""
    transcript = read_transcript(
        [
            stored(1, "call.started", leg="v3:leg"),
            final(2, "before", 1000, 2000),
            stored(3, "transcription.degraded", track="inbound", reason="connection_lost"),
            final(4, "after", 6000, 7000),
            stored(
                5, "transcript.gap", track="inbound", role="customer", start_ms=3000, end_ms=5000,
                reason="buffer_full",
            ),
            stored(6, "transcription.paused", reason="api", start_ms=9000),
        ]
    )  # fmt: skip

    assert [line.said.seq for line in read_lines(transcript)] == [2, 3, 5, 4, 6]
    gap = next(note for note in transcript.notes if note.type == "gap")
    assert (gap.start_ms, gap.end_ms, gap.role, gap.reason) == (
        3000, 5000, "customer", "buffer_full",
    )  # fmt: skip


def test_a_body_of_another_shape_is_left_out() -> None:
    """What another version wrote costs nobody the rest of the transcript."""
    odd = [StoredEvent(CALL, 1, "transcript.final", body) for body in (b"{", b'{"data":{}}')]

    assert [len(t.utterances) for t in read_transcript([*odd, final(3, "fine")]).turns] == [1]


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-1000, 5000), st.sampled_from(["customer", "agent"])),
        max_size=12,
    )
)
def test_every_utterance_is_in_the_transcript_once(said: list[tuple[int | None, str]]) -> None:
    """Whatever is known of the times; and no two turns of one speaker follow each other."""
    events = [final(n, f"t{n}", at, role=role) for n, (at, role) in enumerate(said, 1)]
    transcript = read_transcript(events)

    seqs = [u.seq for turn in transcript.turns for u in turn.utterances]
    assert sorted(seqs) == list(range(1, len(said) + 1))
    roles = [turn.role for turn in transcript.turns]
    assert all(one != other for one, other in pairwise(roles))
    assert [line.said.seq for line in read_lines(transcript)] == seqs
