"""Media frames: their numbers, and the faults injected into them. Pure."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from service.ids import Track
from service.simulator.rng import Rng
from service.simulator.scenario.carrier_settings import MediaSettings, Span
from service.simulator.speech.audio import Encoding


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of one track, with the numbers it was given when it was made."""

    track: Track
    sequence_number: int
    chunk: int
    timestamp: int
    payload: bytes
    span: Span
    """From when to when in the talk it is; that is not sent."""

    def encode(self, stream_id: str) -> str:
        """Write it as Telnyx does: numbers as strings. By hand, there are thousands a second."""
        payload = base64.b64encode(self.payload).decode()
        return (
            f'{{"event":"media","sequence_number":"{self.sequence_number}",'
            f'"stream_id":"{stream_id}","media":{{"track":"{self.track}",'
            f'"chunk":"{self.chunk}","timestamp":"{self.timestamp}","payload":"{payload}"}}}}'
        )


class FrameFaults:
    """Makes frames of audio; loses, repeats, swaps and holds them as the settings say.

    Each frame draws the same number of random numbers. What is held is bounded by `jitter_ms`, by
    the burst it is part of, or by the next frame; none waits for one that does not come.
    """

    def __init__(self, settings: MediaSettings, encoding: Encoding, rng: Rng) -> None:
        self._settings = settings
        self._encoding = encoding
        self._rng = rng
        rough = settings.gap or settings.duplicate or settings.reorder or settings.jitter_ms
        self._plain = not (rough or settings.missing_ms or settings.bursts_ms)
        self._sequence = 1
        self._chunks: dict[str, int] = {}
        self._swapped: dict[Track, Frame] = {}
        self._jitter: list[tuple[float, Frame]] = []
        self._latest_ms = 0.0
        self.lost_frames = 0

    def restart(self) -> None:
        """Begin a new stream: numbers start again, and held frames are dropped."""
        self._sequence = 1
        self._chunks.clear()
        self._swapped.clear()
        self._jitter.clear()

    def next_number(self) -> int:
        """Return the next `sequence_number` of the stream; `start` has 1."""
        self._sequence += 1
        return self._sequence

    def push(self, track: Track, payload: bytes, span: Span, began_ms: int) -> list[Frame]:
        """Make a frame of a piece of the talk; return the frames to be sent now."""
        settings, start_ms = self._settings, span[0]
        if _is_silent(settings, start_ms):
            return self._due(start_ms, last_of=track)
        missing = _within(settings.missing_ms, start_ms) is not None
        if missing and not settings.missing_numbers:
            self.lost_frames += 1
            return self._due(start_ms, last_of=track)
        frame = self._number(track, payload, span, began_ms)
        if self._plain:
            return [frame]
        lost, twice, swapped = (
            self._rng.chance(chance)
            for chance in (settings.gap, settings.duplicate, settings.reorder)
        )
        late_ms = self._rng.between(0, settings.jitter_ms)
        burst = _within(settings.bursts_ms, start_ms)
        if lost or missing:
            self.lost_frames += 1
            return self._due(start_ms)
        frames = [frame, frame] if twice else [frame]
        before = self._swapped.pop(track, None)
        if before is not None:
            frames.append(before)
        elif swapped:
            self._swapped[track] = frames.pop()
        due_ms = start_ms + late_ms if burst is None else burst[1]
        self._latest_ms = max(self._latest_ms, due_ms)
        self._jitter += [(self._latest_ms, going) for going in frames]
        return self._due(start_ms)

    def flush(self) -> list[Frame]:
        """Return the frames that are still held."""
        held = [frame for _, frame in self._jitter] + list(self._swapped.values())
        self._jitter.clear()
        self._swapped.clear()
        return held

    def _due(self, now_ms: int, *, last_of: Track | None = None) -> list[Frame]:
        """Return what was held until now, and the one of a track that would wait for another."""
        going = [frame for due_ms, frame in self._jitter if due_ms <= now_ms]
        del self._jitter[: len(going)]
        if last_of in self._swapped and not self._jitter:
            going.append(self._swapped.pop(last_of))
        return going

    def _number(self, track: Track, payload: bytes, span: Span, began_ms: int) -> Frame:
        offset_ms = span[0] - began_ms
        counted = track if self._settings.chunk_counts == "track" else ""
        chunk = self._chunks.get(counted, self._settings.chunk_start)
        self._chunks[counted] = chunk + 1
        units = {
            "ms": offset_ms,
            "samples": offset_ms * self._encoding.rate_hz // 1000,
            "frames": offset_ms // self._settings.frame_ms,
        }
        timestamp = units[self._settings.timestamp_unit]
        return Frame(track, self.next_number(), chunk, timestamp, payload, span)


def _is_silent(settings: MediaSettings, at_ms: int) -> bool:
    since_ms, for_ms = settings.silent_after_ms, settings.silent_for_ms
    if since_ms is None or at_ms < since_ms:
        return False
    return for_ms is None or at_ms < since_ms + for_ms


def _within(spans: Sequence[Span], at_ms: int) -> Span | None:
    return next((span for span in spans if span[0] <= at_ms < span[1]), None)
