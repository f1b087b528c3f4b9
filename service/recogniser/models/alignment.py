"""When each token was said, from where the decoder looked as it wrote it. Pure arithmetic."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from service.recogniser.audio.samples import Samples

_SMOOTHED: Final = 5
_HOP_S: Final = 0.01
_QUIET_DB, _NOISE_DB, _NOISE_PERCENT = 30.0, 10.0, 10
"""So far below the loudest moment of a segment, or so little above its noise, nothing is said."""
_EPSILON: Final = 1e-9


def token_spans(standing_out: Samples) -> list[tuple[int, int]]:
    """Return the frames of each token, first to last and one past it; in order, none left out.

    `standing_out` is by token and frame. Where a token stands out from the others, it was said;
    the best path through all of them keeps their order.
    """
    half = _SMOOTHED // 2
    padded = np.pad(standing_out, ((0, 0), (half, half)), mode="edge")
    gain = np.median(sliding_window_view(padded, _SMOOTHED, axis=1), axis=-1)
    return _best_path(gain)


def _best_path(gain: NDArray[np.floating]) -> list[tuple[int, int]]:
    tokens, frames = gain.shape
    if frames < tokens:
        return [(at * frames // tokens, (at + 1) * frames // tokens) for at in range(tokens)]
    best = np.full(tokens, -np.inf)
    best[0] = gain[0, 0]
    moved = np.zeros((frames, tokens), bool)
    for frame in range(1, frames):
        from_before = np.concatenate(([-np.inf], best[:-1]))
        moved[frame] = from_before > best
        best = np.maximum(from_before, best) + gain[:, frame]
    spans, end, token = [], frames, tokens - 1
    for frame in range(frames - 1, 0, -1):
        if moved[frame, token]:
            spans.append((frame, end))
            end, token = frame, token - 1
    return [(0, end), *reversed(spans)]


def loud_part(samples: Samples, rate_hz: int, start_s: float, end_s: float) -> tuple[float, float]:
    """Return a span without the silence at its ends, which the word next to it did not fill."""
    hop = int(rate_hz * _HOP_S)
    whole = samples[: len(samples) // hop * hop].reshape(-1, hop)
    level_db = 10 * np.log10(np.square(whole).mean(axis=1) + _EPSILON)
    first, last = round(start_s / _HOP_S), round(end_s / _HOP_S)
    if len(level_db) == 0:
        return start_s, end_s
    noise_db = float(np.percentile(level_db, _NOISE_PERCENT))
    quiet_db = max(float(level_db.max()) - _QUIET_DB, noise_db + _NOISE_DB)
    loud = np.flatnonzero(level_db[first:last] > quiet_db)
    if len(loud) == 0:
        return start_s, end_s
    return (first + int(loud[0])) * _HOP_S, (first + int(loud[-1]) + 1) * _HOP_S
