import itertools

from service.recogniser.speech.segmenter import (
    CUT_WINDOW,
    MAX_LENGTH,
    PRE_ROLL,
    TAIL,
    UTTERANCE_GAP,
    Ending,
    Segment,
    Segmenter,
    UtteranceEnd,
)

SPEECH, SILENCE = 0.9, 0.1


def hear(segmenter: Segmenter, frames: int, probability: float) -> list[Segment | UtteranceEnd]:
    """Hear so many like frames and return what they brought."""
    return [item for _ in range(frames) for item in segmenter.feed(probability, probability)]


def test_a_segment_begins_before_the_voice_and_ends_after_it() -> None:
    """It has a quarter of a second before the voice, a fifth after, and says where the voice is."""
    segmenter = Segmenter(0.7)

    hear(segmenter, 50, SILENCE)
    hear(segmenter, 30, SPEECH)
    ended = hear(segmenter, 22, SILENCE)

    assert ended == [
        Segment(
            start=50 - PRE_ROLL,
            end=80 + TAIL,
            voice_start=50,
            voice_end=80,
            voiced=30,
            ending=Ending.SILENCE,
        )
    ]


def test_silence_shorter_than_the_endpointing_ends_nothing() -> None:
    """A pause within a sentence belongs to the sentence."""
    segmenter = Segmenter(0.7)

    hear(segmenter, 30, SPEECH)
    ended = hear(segmenter, 20, SILENCE) + hear(segmenter, 30, SPEECH)

    assert ended == []
    assert segmenter.open is not None
    assert (segmenter.open.voice_start, segmenter.open.voice_end) == (0, 80)


def test_a_pause_is_seen_before_the_end_is_certain() -> None:
    """After the tail the open segment no longer grows: what it is now, the final may be."""
    segmenter = Segmenter(0.7)
    hear(segmenter, 30, SPEECH)
    talking = segmenter.open

    hear(segmenter, TAIL + 3, SILENCE)
    paused = segmenter.open
    ended = hear(segmenter, 22, SILENCE)

    assert talking is not None
    assert not talking.paused
    assert paused is not None
    assert paused.paused
    assert isinstance(ended[0], Segment)
    assert (ended[0].start, ended[0].end) == (paused.start, paused.end)


def test_a_click_is_not_a_segment() -> None:
    """A tenth of a second, shorter than any word, is neither shown nor settled."""
    segmenter = Segmenter(0.7)

    hear(segmenter, 3, SPEECH)
    shown = segmenter.open
    ended = hear(segmenter, 100, SILENCE)

    assert shown is None
    assert ended == []


def test_an_utterance_ends_a_second_after_the_voice() -> None:
    """Telnyx's `utterance_end` comes once, after 1000 ms without a word."""
    segmenter = Segmenter(0.7)
    hear(segmenter, 30, SPEECH)

    before = hear(segmenter, UTTERANCE_GAP - 1, SILENCE)
    after = hear(segmenter, 100, SILENCE)

    assert [type(item) for item in before] == [Segment]
    assert after == [UtteranceEnd()]


def test_who_goes_on_speaking_has_not_ended_the_utterance() -> None:
    """Speech within the second takes the utterance end back."""
    segmenter = Segmenter(0.7)
    hear(segmenter, 30, SPEECH)
    hear(segmenter, 25, SILENCE)

    assert hear(segmenter, 100, SPEECH) == []


def test_endless_speech_is_cut_where_it_is_quietest() -> None:
    """At 16 s it is cut within the last 4 s, and nothing is between the pieces."""
    segmenter = Segmenter(0.7)
    quiet = MAX_LENGTH - CUT_WINDOW // 2

    items = [
        item for n in range(MAX_LENGTH) for item in segmenter.feed(SPEECH, 0.1 if n == quiet else 1)
    ]
    items += segmenter.finish()

    assert [(i.start, i.end, i.ending) for i in items if isinstance(i, Segment)] == [
        (0, quiet, Ending.LENGTH),
        (quiet, MAX_LENGTH, Ending.REQUEST),
    ]


def test_no_two_segments_share_audio() -> None:
    """The pre-roll of one never reaches back into the one before: no word is heard twice."""
    segmenter = Segmenter(0.2)
    items = [
        item
        for _ in range(20)
        for part in (hear(segmenter, 10, SPEECH), hear(segmenter, 7, SILENCE))
        for item in part
        if isinstance(item, Segment)
    ]

    assert len(items) == 20
    assert all(a.end <= b.start for a, b in itertools.pairwise(items))


def test_without_endpointing_silence_ends_nothing_but_length_does() -> None:
    """`endpointing=false`: the silence after the last word is no segment of its own."""
    segmenter = Segmenter(None)
    hear(segmenter, 30, SPEECH)

    items = hear(segmenter, 2 * MAX_LENGTH, SILENCE)

    assert [type(item) for item in items] == [Segment, UtteranceEnd]
    assert segmenter.open is None


def test_a_request_ends_the_segment_at_once() -> None:
    """`Finalize` settles what was said; with nothing said there is nothing to settle."""
    segmenter = Segmenter(0.7)
    hear(segmenter, 10, SPEECH)

    assert [i.ending for i in segmenter.finish() if isinstance(i, Segment)] == [Ending.REQUEST]
    assert segmenter.finish() == []


def test_what_is_no_longer_needed_can_be_forgotten() -> None:
    """Hours of silence need no more audio than a pre-roll."""
    segmenter = Segmenter(0.7)

    hear(segmenter, 10_000, SILENCE)

    assert segmenter.now - segmenter.needs_from <= PRE_ROLL + 2
