"""Growth: what a text that is being said tells of its end."""

from service.stt.growth import Growth
from service.stt.speech import Speech
from service.stt.stint import Arrival
from service.stt.timing import duration_of
from service.wire.stt import SttResult
from tests.stt.builders import voice


def growth() -> Growth:
    """Return one of a track on which somebody speaks for six seconds."""
    speech = Speech(8000)
    speech.push(bytes(16 * 500) + voice(2000, 6000), 0)
    return Growth(speech)


def at(position_ms: int, prompt_ms: int | None = 500) -> Arrival:
    """Return when a text comes."""
    return Arrival(SttResult(), position_ms, 2500, 0, 0, prompt_ms=prompt_ms)


def test_a_text_grows_as_fast_as_it_is_said() -> None:
    """By what was said meanwhile, once that is much longer than the engine may be late."""
    short, whole = "so many words", "so many words said with care"
    made = growth()
    made.add(at(3000), short)
    early = made.of(short)
    made.add(at(5000), whole)
    grown = made.of(whole)

    assert early is not None
    assert (early.factor, early.reached_ms) == (None, 2500)
    assert grown is not None
    assert grown.factor == 2000 / (duration_of(whole) - duration_of(short))
    assert grown.reached_ms == 4500


def test_what_a_seam_left_of_a_text_grew_as_the_text_did() -> None:
    """Of another one nothing is known."""
    made = growth()
    made.add(at(3000), "so many words")

    assert made.of("Words.") is not None
    assert made.of("so many") is None
    assert made.of("") is None


def test_an_engine_that_may_be_late_tells_nothing() -> None:
    """Nor does what it said before, of the same text."""
    made = growth()
    made.add(at(3000), "so many words")
    made.add(at(5000, prompt_ms=None), "so many words said")

    assert made.of("so many words") is None


def test_another_text_grows_anew() -> None:
    """What came between was of neither."""
    made = growth()
    made.add(at(1000), "so many words")
    made.end()
    made.add(at(6000), "many more words than that")
    grown = made.of("many more words than that")

    assert grown is not None
    assert (grown.factor, grown.reached_ms) == (None, 5500)


def test_a_text_that_comes_behind_a_hole_may_end_before_that() -> None:
    """Nothing was sent in it, so that nothing could be answered."""
    speech = Speech(8000)
    speech.push(voice(2000, 3000), 0)
    speech.push(voice(2000, 1000), 9000)
    made = Growth(speech)
    made.add(at(9300), "so many words")
    grown = made.of("so many words")

    assert grown is not None
    assert grown.reached_ms == 2800
