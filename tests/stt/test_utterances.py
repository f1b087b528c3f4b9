"""Utterances: cut by where speech is, for engines that do not find out by themselves."""

import random

from service.stt.speech import Speech
from service.stt.utterances import Utterance, Utterances
from tests.stt.builders import voice
from tests.stt.sounds import samples

RATE_HZ = 8000


class Line:
    """A track that a test speaks on, and its utterances."""

    def __init__(self) -> None:
        self.speech = Speech(RATE_HZ)
        self.utterances = Utterances(self.speech, 0)
        self.now_ms = 0
        self.found: list[Utterance] = []
        self.looks = True

    def speak(self, duration_ms: int, pause_ms: int = 0) -> None:
        """Let somebody speak, then pause; look after each 100 ms."""
        self.hear(voice(2000, duration_ms) + bytes(16 * pause_ms))

    def hear(self, audio: bytes) -> None:
        """Hear audio; look after each 100 ms."""
        for offset in range(0, len(audio), 1600):
            piece = audio[offset : offset + 1600]
            self.speech.push(piece, self.now_ms)
            self.now_ms += len(piece) // 16
            if self.looks:
                self.look()

    def look(self, *, ended: bool = False) -> None:
        """Look until nothing more is found."""
        while begun := self.utterances.look(self.now_ms, ended=ended):
            self.found.append(begun)

    @property
    def spans(self) -> list[tuple[int, int | None]]:
        """Return the utterances found until now."""
        return [(found.start_ms, found.end_ms) for found in self.found if not found.was_none]


def test_an_utterance_begins_before_its_speech_and_ends_in_the_pause_after_it() -> None:
    """What is between two of them is in neither."""
    line = Line()
    line.speak(0, 1000)
    line.speak(800, 1500)
    line.speak(1200, 1000)

    assert line.spans == [(700, 2100), (3000, 4800)]
    assert not line.utterances.is_open


def test_a_short_pause_is_within_an_utterance() -> None:
    """People breathe."""
    line = Line()
    line.speak(800, 400)
    line.speak(800, 1000)

    assert len(line.spans) == 1


def test_silence_is_in_no_utterance_and_all_of_it_is_known_to_be_silent() -> None:
    """Up to the last moments, in which somebody may have begun to speak."""
    line = Line()
    line.speak(0, 5000)

    assert line.found == []
    assert line.utterances.silent_until_ms == 4400


def test_much_audio_at_once_is_cut_as_if_it_had_come_bit_by_bit() -> None:
    """After an outage; words keep the times of their utterances."""
    line, late = Line(), Line()
    for of in (line, late):
        of.looks = of is line
        of.speak(0, 1000)
        of.speak(800, 1500)
        of.speak(1200, 1000)
    late.look()

    assert late.spans == line.spans == [(700, 2100), (3000, 4800)]


def test_the_end_of_a_track_ends_an_utterance() -> None:
    """In the middle of speech, or in a pause too short to end one."""
    line = Line()
    line.speak(900)
    assert line.spans == [(0, None)]

    line.look(ended=True)

    assert line.spans == [(0, 900)]


def test_somebody_who_never_pauses_is_cut_all_the_same() -> None:
    """In the longest pause of the second half; no audio is in none."""
    line = Line()
    dice = random.Random(1)  # noqa: S311  # a test's
    while line.now_ms < 16_000:
        line.speak(dice.randrange(300, 1500, 100), dice.choice((100, 200)))
    paused_ms = line.now_ms
    line.speak(0, 300)
    while line.now_ms < 28_000:
        line.speak(dice.randrange(300, 1500, 100), 100)
    line.speak(0, 1000)

    (_, cut_ms), (again_ms, end_ms) = line.spans
    assert again_ms == cut_ms
    assert cut_ms is not None
    assert paused_ms - 200 <= cut_ms <= paused_ms + 300
    assert end_ms is not None
    assert end_ms >= 28_000


def test_what_was_no_speech_after_all_was_no_utterance() -> None:
    """The detector changes its mind about what turned out to be music."""
    line = Line()
    line.speak(600, 300)
    (open_one,) = line.found
    line.speech.forget(0, 10_000)

    line.look(ended=True)

    assert open_one.was_none
    assert not line.utterances.is_open


def test_it_says_once_that_an_utterance_ended() -> None:
    """Be it that the next one has begun meanwhile."""
    line = Line()
    line.looks = False
    line.speak(1000, pause_ms=300)
    assert not line.utterances.has_ended(line.now_ms)

    line.speak(0, pause_ms=400)
    assert line.utterances.has_ended(line.now_ms)
    assert not line.utterances.has_ended(line.now_ms)

    line.speak(1000, pause_ms=900)
    line.speak(1000)
    assert line.utterances.has_ended(line.now_ms)
    assert not line.utterances.has_ended(line.now_ms)


def test_an_utterance_that_is_cut_goes_on_as_another_one() -> None:
    """It was answered before its end; nothing is cut where none goes on."""
    line = Line()
    line.utterances.cut(0)
    line.speak(0, 1000)
    line.speak(1000)
    line.utterances.cut(1600)
    line.speak(800, 1000)

    assert line.spans == [(700, 1600), (1600, 3100)]


def test_who_speaks_so_evenly_that_it_passes_for_music_is_heard_to_the_end() -> None:
    """It passed for speech for three seconds; be it that nobody looked before it did not."""
    even = samples("strings")[: 16 * 3800] + bytes(16 * 1000)
    line, late = Line(), Line()
    late.looks = False
    for of in (line, late):
        of.hear(even)
    late.look()

    assert line.speech.between(0, line.now_ms) == 0
    ((start_ms, end_ms),) = line.spans
    assert start_ms == 0
    assert end_ms is not None
    assert 3800 <= end_ms <= 4300
    assert late.spans == [(0, end_ms)]
