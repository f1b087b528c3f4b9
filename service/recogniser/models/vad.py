"""Silero's voice activity detector, at the rate of the audio: 8 or 16 kHz.

Telephone audio is heard at its own 8 kHz: brought up to 16 kHz first, whole sentences are missed.
"""

from pathlib import Path
from typing import Final

import numpy as np

from service.recogniser.audio.samples import Samples
from service.recogniser.models.runtime import load_network

FRAME_S: Final = 0.032
RATES_HZ: Final = (8_000, 16_000)


class VoiceDetector:
    """The network, shared by every track and thread."""

    def __init__(self, path: Path) -> None:
        self._network = load_network(path)

    def run(self, window: Samples, state: Samples, rate_hz: int) -> tuple[float, Samples]:
        """Return the probability of speech in one window, and the state for the next."""
        feed = {"input": window[None], "state": state, "sr": np.array(rate_hz, np.int64)}
        probability, state = self._network.run(None, feed)
        return float(probability[0, 0]), state


class VoiceTrack:
    """Runs the detector over one track, whose past it keeps. Not for two threads at once."""

    def __init__(self, detector: VoiceDetector, rate_hz: int) -> None:
        if rate_hz not in RATES_HZ:
            raise ValueError(f"no voice detection at {rate_hz} Hz")
        self.frame_samples = int(rate_hz * FRAME_S)
        self._detector = detector
        self._rate_hz = rate_hz
        self._state = np.zeros((2, 1, 128), np.float32)
        # The network wants the last 4 ms of the frame before in front of each frame.
        self._before = np.zeros(rate_hz // 250, np.float32)

    def detect(self, frame: Samples) -> float:
        """Return the probability that one frame of `frame_samples` is speech."""
        window = np.concatenate((self._before, frame))
        probability, self._state = self._detector.run(window, self._state, self._rate_hz)
        self._before = frame[-len(self._before) :]
        return probability
