"""Transcripts of files written out: text, JSON and subtitles that players can read."""

import json
from dataclasses import replace

import pytest
import webvtt

from service.errors import RecognitionLostError
from service.stt.files.text import Format, cues_of, write_transcript
from service.stt.files.transcript import FileSegment, FileTranscript, FileWord


def word(text: str, start_s: float, end_s: float, speaker: str | None = None) -> FileWord:
    """Make a word."""
    return FileWord(text=text, start_s=start_s, end_s=end_s, speaker=speaker)


TWO = FileTranscript(
    text="Hello there. Good day.",
    duration_s=3725.5,
    segments=(
        FileSegment(text="Hello there.", start_s=0.0, end_s=1.5),
        FileSegment(text="Good day.", start_s=3724.0, end_s=3725.4996),
    ),
)
TALK = FileTranscript(
    text="Hi. Yes? Fine.",
    words=(word("Hi.", 0, 0.5, "0"), word("Yes?", 0.6, 1, "1"), word("Fine.", 1.1, 2, "1")),
)


def test_text_is_one_line() -> None:
    """Control characters of a stranger's answer do not reach a terminal."""
    assert write_transcript(FileTranscript(text="a\n\x1b[31mb\x00"), "txt") == "a [31mb\n"


def test_text_tells_speakers_apart_where_they_are_known() -> None:
    """A line for each turn, by words, or else by segments."""
    by_segment = FileTranscript(
        text="x",
        segments=(
            FileSegment(text="Hi.", start_s=0, end_s=1, speakers=("0",)),
            FileSegment(text="Well,", start_s=1, end_s=2, speakers=("1",)),
            FileSegment(text="yes.", start_s=2, end_s=3, speakers=("1",)),
            FileSegment(text="(both)", start_s=3, end_s=4, speakers=("0", "1")),
        ),
    )

    assert write_transcript(TALK, "txt") == "Speaker 0: Hi.\nSpeaker 1: Yes? Fine.\n"
    assert write_transcript(by_segment, "txt") == "Speaker 0: Hi.\nSpeaker 1: Well, yes.\n(both)\n"


CHANNELS = FileTranscript(
    text="Hi. Yes? Fine.",
    segments=(
        FileSegment(text="Hi.", start_s=0, end_s=1, channel=0, words=(word("Hi.", 0, 1),)),
        FileSegment(text="Yes?", start_s=0.5, end_s=2, channel=1, words=(word("Yes?", 0.5, 2),)),
        FileSegment(text="Fine.", start_s=2, end_s=3, channel=1, speakers=("3",)),
    ),
    words=(word("Hi.", 0, 1), word("Yes?", 0.5, 2)),
)


def test_channels_are_told_apart_where_there_are_some() -> None:
    """By segments, which say it, and together with a speaker if one is known."""
    assert write_transcript(CHANNELS, "txt") == (
        "Channel 0: Hi.\nChannel 1: Yes?\nChannel 1, Speaker 3: Fine.\n"
    )
    assert "<v Channel 1>Yes?" in write_transcript(CHANNELS, "vtt")
    assert "[Channel 1] Yes?" in write_transcript(CHANNELS, "srt", words=True)


def test_the_only_channel_is_not_named() -> None:
    """A recording of one channel reads as ever."""
    alone = replace(CHANNELS, segments=CHANNELS.segments[:1], text="Hi.")

    assert write_transcript(alone, "txt") == "Hi.\n"


def test_subrip_numbers_its_cues() -> None:
    """With a comma in the times, hours and all."""
    assert write_transcript(TWO, "srt") == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n"
        "2\n01:02:04,000 --> 01:02:05,500\nGood day.\n"
    )


def test_webvtt_is_read_by_others() -> None:
    """Speakers are voices."""
    text = write_transcript(TALK, "vtt")

    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:00.500\n<v Speaker 0>Hi.\n")
    captions = webvtt.WebVTT.from_string(text).captions
    assert [caption.text for caption in captions] == ["Hi.", "Yes? Fine."]
    assert "[Speaker 1] Yes? Fine." in write_transcript(TALK, "srt")


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_markup_in_what_was_said_stays_text(form: Format) -> None:
    """Neither a tag nor an arrow of a stranger's answer becomes part of the format."""
    said = "<b>&\n\n00:00:01.000 --> 00:00:02.000\x00"
    hostile = FileTranscript(
        text=said,
        segments=(
            FileSegment(text=said, start_s=0, end_s=0, speakers=("0>\n\n-->",)),
            FileSegment(text=" \n", start_s=0, end_s=0),
        ),
    )

    text = write_transcript(hostile, form)
    assert text.count("-->") == 1
    assert "<b>" not in text
    assert "00:00:00" + (",001" if form == "srt" else ".001") in text


def test_words_are_cut_into_cues_that_can_be_read() -> None:
    """Not too long in letters or time, apart where there is a pause or another voice."""
    fast = tuple(word("word", i * 0.1, i * 0.1 + 0.1) for i in range(30))
    slow = tuple(word("so", 10.0 + i * 1.5, 11.0 + i * 1.5) for i in range(6))
    late = (word("late", 30, 31), word("\x00", 31, 31), word("me", 31, 32, "1"))

    cues = cues_of(FileTranscript(text="", words=fast + slow + late))
    assert all(cue.end_ms - cue.start_ms <= 7000 and len(cue.text) <= 84 for cue in cues)
    assert [cue.text for cue in cues][-3:] == ["so", "late", "me"]
    assert " ".join(cue.text for cue in cues).count("word") == 30


def test_only_long_segments_are_cut() -> None:
    """Into cues of their words; one without words stays whole."""
    words = tuple(word(f"w{i}", i, i + 0.5) for i in range(10))
    transcript = FileTranscript(
        text="x",
        segments=(
            FileSegment(text="short", start_s=0, end_s=1, words=words[:1]),
            FileSegment(text="long", start_s=0, end_s=10, words=words),
            FileSegment(text="whole " * 20, start_s=10, end_s=30),
        ),
    )

    assert [len(cue.text.split()) for cue in cues_of(transcript)] == [1, 7, 3, 20]


def test_each_word_can_be_a_cue() -> None:
    """From the words of the segments where there are no others."""
    words = (word("a", 0, 1), word("", 1, 2), word("b", 2, 3))
    segments = (FileSegment(text="a b", start_s=0, end_s=3, words=words),)

    cues = cues_of(FileTranscript(text="a b", segments=segments), words=True)
    assert [(cue.text, cue.start_ms) for cue in cues] == [("a", 0), ("b", 2000)]


def test_subtitles_without_times_are_an_error() -> None:
    """Unless nothing was said."""
    with pytest.raises(RecognitionLostError, match="times"):
        write_transcript(FileTranscript(text="hello"), "srt")
    with pytest.raises(RecognitionLostError, match="words"):
        write_transcript(TWO, "json", words=True)
    assert write_transcript(FileTranscript(text=" "), "vtt") == "WEBVTT\n"


def test_json_holds_what_there_is() -> None:
    """Without empty fields, and with control characters escaped."""
    document = json.loads(write_transcript(TALK, "json"))

    assert document["words"][0] == {"text": "Hi.", "start_s": 0, "end_s": 0.5, "speaker": "0"}
    assert set(document) == {"text", "words"}
    assert "\\u001b" in write_transcript(FileTranscript(text="\x1b[2J"), "json")
    assert "\\u009b" in write_transcript(FileTranscript(text="\x9b2J \u00e9"), "json")
    assert "\u00e9" in write_transcript(FileTranscript(text="\u00e9"), "json")
