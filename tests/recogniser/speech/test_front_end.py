import pytest

from service.recogniser.audio.raw import RawDecoder
from service.recogniser.models.networks import Networks
from service.recogniser.speech.front_end import FrontEnd, SpeechSegment
from tests.recogniser.builders import recording

pytestmark = pytest.mark.speech


def listener(networks: Networks, rate_hz: int = 8000) -> FrontEnd:
    """Return an ear for mu-law."""
    return FrontEnd(RawDecoder("mulaw", rate_hz), networks.detector, 0.7)


@pytest.mark.parametrize("step", [37, 160, 5000])
def test_how_audio_is_cut_changes_nothing(networks: Networks, step: int) -> None:
    """The same segments, sample for sample, from frames of any size."""
    clip = recording("jfk")
    whole, cut = listener(networks), listener(networks)

    expected = [*whole.feed(clip).ended, *whole.close().ended]
    reports = [cut.feed(clip[at : at + step]) for at in range(0, len(clip), step)]
    heard = [*(item for report in reports for item in report.ended), *cut.close().ended]

    assert len(heard) == len(expected) >= 3
    for one, other in zip(heard, expected, strict=True):
        assert type(one) is type(other)
        if isinstance(one, SpeechSegment) and isinstance(other, SpeechSegment):
            assert one.segment == other.segment
            assert all((a == b).all() for a, b in zip(one.frames, other.frames, strict=True))


def test_the_last_few_samples_are_heard(networks: Networks) -> None:
    """What does not fill a frame is filled up with silence at the end."""
    ear = listener(networks)

    assert ear.feed(b"\xff" * 300).heard_s == 0.032
    assert ear.close().heard_s == 0.064


def test_little_is_kept_of_a_long_silence(networks: Networks) -> None:
    """A segment that begins after a minute has only its pre-roll of it."""
    ear = listener(networks)
    for _ in range(10):
        ear.feed(b"\xff" * 60 * 800)

    speech = ear.feed(recording("austen_0920")[:16_000]).growing

    assert speech is not None
    assert speech.start_s > 60
    assert len(speech.frames) * 0.032 < 2.5
