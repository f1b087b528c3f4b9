"""Cues: cut so that they can be read, and written so that nothing in them is taken for format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.wire.subtitles import Cue, clock, is_long, joined, words_of, write_subtitles


def test_words_of_a_cue_share_its_time_by_their_letters() -> None:
    """The first begins with it and the last ends with it."""
    assert list(words_of(Cue(1000, 2000, "a bcd efgh", "Agent"))) == [
        Cue(1000, 1125, "a", "Agent"),
        Cue(1125, 1500, "bcd", "Agent"),
        Cue(1500, 2000, "efgh", "Agent"),
    ]


def test_a_pause_or_another_voice_begins_a_cue() -> None:
    """What is shown together was said together."""
    words = [
        Cue(0, 100, "a"),
        Cue(1100, 1200, "b"),
        Cue(2300, 2400, "c"),
        Cue(2400, 2500, "d", "X"),
    ]

    assert [cue.text for cue in joined(words)] == ["a b", "c", "d"]


@given(
    st.lists(st.text("abc", min_size=1, max_size=20), min_size=1, max_size=80),
    st.integers(0, 60_000),
)
def test_a_long_cue_comes_apart_without_loss(words: list[str], length_ms: int) -> None:
    """Each part can be read, unless one word is already too long for that."""
    whole = Cue(500, 500 + length_ms, " ".join(words))
    parts = list(joined(words_of(whole)))

    assert " ".join(part.text for part in parts) == whole.text
    assert (parts[0].start_ms, parts[-1].end_ms) == (whole.start_ms, whole.end_ms)
    assert all(not is_long(part) or " " not in part.text for part in parts)


@pytest.mark.parametrize("text", ["木曜日の午後に電話します。" * 20, "ฉันจะโทรหาคุณพรุ่งนี้" * 20])
def test_a_script_without_spaces_is_cut_between_words(text: str) -> None:
    """No space is put anywhere, and no cue begins with the end of a sentence."""
    parts = list(joined(words_of(Cue(0, 60_000, text))))

    assert "".join(part.text for part in parts) == text
    assert len(parts) > 3
    assert not any(is_long(part) or part.text.startswith("。") for part in parts)


def test_a_word_that_is_too_long_is_cut_between_letters() -> None:
    """Each part gets of its time what it has of its letters."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    for letter in ("a", "e\u0301", family):
        parts = list(joined([Cue(0, 4_000, letter * 200), Cue(4_000, 4_100, "b")]))

        assert "".join(part.text for part in parts) == f"{letter * 200} b"
        assert not any(is_long(part) for part in parts)
        assert all(len(part.text.removesuffix(" b")) % len(letter) == 0 for part in parts)
        assert [parts[0].start_ms, parts[-1].end_ms] == [0, 4_100]


def test_a_cue_of_no_time_is_shown_all_the_same() -> None:
    """Players leave out what ends when it begins."""
    assert "00:00:00,000 --> 00:00:00,001" in write_subtitles([Cue(0, 0, "a")], "srt")


def test_times_past_a_day_are_written_out() -> None:
    """Hours only ever grow."""
    assert clock(90_061_002) == "25:01:01.002"
