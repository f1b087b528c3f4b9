import numpy as np
import pytest

from service.recogniser.audio.samples import Samples
from service.recogniser.models.alignment import loud_part, token_spans


def attention(*frames_of_token: int) -> Samples:
    """Each token looks at its frames, one token after the other, through a haze."""
    total = sum(frames_of_token)
    looks = np.random.default_rng(1).uniform(0, 0.2, (len(frames_of_token), total))
    at = 0
    for token, frames in enumerate(frames_of_token):
        looks[token, at : at + frames] += 1
        at += frames
    return looks.astype(np.float32)


def test_tokens_are_where_they_were_looked_at() -> None:
    """In order, without gaps, and within a frame or two."""
    spans = token_spans(attention(10, 4, 30, 8))

    assert [start for start, _ in spans] == pytest.approx([0, 10, 14, 44], abs=2)
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert spans[-1][1] == 52


def test_more_tokens_than_frames_share_them() -> None:
    """A text too long for its sound is laid over it evenly, and nothing fails."""
    spans = token_spans(np.ones((9, 3), np.float32))

    assert spans[0] == (0, 0)
    assert spans[-1] == (2, 3)


@pytest.mark.parametrize("noise", [0.0, 0.003])
def test_a_word_does_not_fill_the_pause_beside_it(noise: float) -> None:
    """Of two seconds, the half that is loud."""
    samples = np.random.default_rng(1).normal(0, noise + 1e-6, 16_000).astype(np.float32)
    samples[4_000:8_000] += np.sin(np.arange(4_000) / 5).astype(np.float32)

    assert loud_part(samples, 8_000, 0.0, 2.0) == pytest.approx((0.5, 1.0), abs=0.03)
    assert loud_part(samples, 8_000, 1.5, 2.0) == (1.5, 2.0)
    assert loud_part(samples[:5], 8_000, 0.0, 2.0) == (0.0, 2.0)
