"""Channels and tracks become one."""

import numpy as np
import pytest

from service.recogniser.audio.mixing import Downmix, TrackMixer
from service.recogniser.audio.samples import Samples

VOICE = np.asarray(np.sin(np.arange(800) / 5) * 0.5, np.float32)
OTHER = np.asarray(np.sin(np.arange(800) / 3) * 0.3, np.float32)
QUIET = np.zeros(800, np.float32)


def interleaved(*channels: Samples) -> Samples:
    """Return channels as they stand in a file."""
    return np.asarray(np.stack(channels, axis=1).reshape(-1), np.float32)


@pytest.mark.parametrize(
    "channels", [(VOICE, VOICE), (VOICE, OTHER), (VOICE, QUIET), (QUIET, OTHER), (QUIET, QUIET)]
)
def test_channels_are_mixed_to_their_mean(channels: tuple[Samples, Samples]) -> None:
    """The same on both sides, two people, or one side silent."""
    mixed = Downmix(2).mix(interleaved(*channels))

    assert mixed == pytest.approx((channels[0] + channels[1]) / 2, abs=1e-6)


@pytest.mark.parametrize("residue", [0.0, 0.05])
def test_a_channel_that_is_the_other_inverted_does_not_silence_it(residue: float) -> None:
    """Nor where a codec left a little of it."""
    mixed = Downmix(2).mix(interleaved(VOICE, -VOICE * (1 - residue)))

    assert mixed == pytest.approx(VOICE, abs=1e-6)


def test_what_is_inverted_stays_so_in_pauses() -> None:
    """A pause says nothing of it; a block that is the same on both sides does."""
    mix = Downmix(2)
    mix.mix(interleaved(VOICE, -VOICE))

    assert mix.mix(interleaved(QUIET, QUIET)) == pytest.approx(QUIET)
    assert mix.mix(interleaved(VOICE, -VOICE)) == pytest.approx(VOICE)
    assert mix.mix(interleaved(OTHER, OTHER)) == pytest.approx(OTHER, abs=1e-6)


def test_tracks_are_added_where_they_belong() -> None:
    """Whichever comes first, and however it is cut; the longer one goes on alone."""
    mixer = TrackMixer(max_lag=10_000)
    mixer.open(0)
    mixer.open(1)
    made = [
        mixer.feed(0, VOICE[:500]), mixer.feed(1, OTHER[:100]), mixer.feed(1, OTHER[100:]),
        mixer.feed(0, VOICE[500:600]), mixer.finish(),
    ]  # fmt: skip

    assert [len(one) for one in made] == [0, 100, 400, 100, 200]
    assert np.concatenate(made)[:600] == pytest.approx(VOICE[:600] + OTHER[:600])
    assert np.concatenate(made)[600:] == pytest.approx(OTHER[600:])


def test_the_sum_of_tracks_is_cut_off_at_full_scale() -> None:
    """It does not wrap around."""
    mixer = TrackMixer(max_lag=10_000)
    mixer.open(0)
    mixer.open(1)
    loud = np.full(4, 0.9, np.float32)

    assert len(mixer.feed(0, loud)) == 0
    assert mixer.feed(1, loud).tolist() == [1.0] * 4


def test_a_track_that_lags_is_not_waited_for_without_end() -> None:
    """What comes later than that is left out, and counted; then it is heard again."""
    mixer = TrackMixer(max_lag=200)
    mixer.open(0)
    mixer.open(1)

    assert len(mixer.feed(0, VOICE)) == 600
    assert len(mixer.feed(1, OTHER[:500])) == 0
    assert mixer.left_out == 500
    assert mixer.feed(1, OTHER[500:]) == pytest.approx(VOICE[600:] + OTHER[600:])
    assert mixer.left_out == 600
