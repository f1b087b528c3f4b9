"""Where OPUS and AMR-WB are decoded: between the jitter buffer and whoever hears the stream."""

from typing import get_args

from service.ids import Track
from service.ports import AudioFeed
from service.wire.payload_decoder import PayloadDecoder


class DecodingFeed:
    """An `AudioFeed` that passes everything on to another one, and the audio as `LINEAR16`.

    It decodes what nobody is to hear as well: the next frame needs to know it.
    """

    def __init__(self, feed: AudioFeed, encoding: str) -> None:
        """Begin a stream.

        Raises:
            ValueError: There is no decoder for this.
        """
        self._feed = feed
        self._decoders = {track: PayloadDecoder(encoding) for track in get_args(Track)}

    @property
    def is_wanted(self) -> bool:
        """Whether who hears it still wants it."""
        return self._feed.is_wanted

    @property
    def bad_frames(self) -> int:
        """How many frames could not be decoded, and became silence."""
        return sum(decoder.bad_payloads for decoder in self._decoders.values())

    def push(self, track: Track, payload: bytes) -> None:
        """Decode a frame, and pass it on."""
        self._feed.push(track, self._decoders[track].decode(payload))

    def skip(self, track: Track, duration_ms: int) -> None:
        """Pass it on. The decoder finds back by itself."""
        self._feed.skip(track, duration_ms)

    def stopped(self, *, orderly: bool) -> None:
        """Pass it on."""
        self._feed.stopped(orderly=orderly)
