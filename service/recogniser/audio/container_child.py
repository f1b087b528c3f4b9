"""The child process that decodes a container: MP3, Ogg, WebM and the like in, plain samples out.

Decoders written in C meet a stranger's bytes here and nowhere else. The process may take half a
gigabyte, open nothing, and is one client's own: what it does not survive, everyone else does.
It reads standard input and writes `container_messages` to standard output.
"""

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import IO, Any, Final, Protocol

import av
import av.subtitles.stream  # what it imports when it needs it cannot be opened any more then
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from service.recogniser.audio import container_messages as messages
from service.recogniser.audio.container_tracks import (
    TELEPHONE_HZ,
    WIDE_HZ,
    Timeline,
    Track,
    choose_tracks,
)
from service.recogniser.audio.container_writer import MessageWriter

MAX_MEMORY_BYTES: Final = 512 * 1024 * 1024
MAX_CPU_S: Final = 600
MAX_LIVE_CPU_S: Final = 7_200
"""Some thirty days of a radio stream, and an end to a decoder that runs wild."""
_CPU_GRACE_S: Final = 5
_FILE_NICENESS: Final = 10
"""Nobody listens to a file as it happens."""
_LIVE: Final = {"probesize": "4096", "analyzeduration": "0"}
"""Begin with what is there: whole seconds would be collected first otherwise."""
_UNREADABLE: Final = b"no audio can be read from it"
_SILENT: Final = b"there is no audio in it"
_MAX_BAD_PACKETS: Final = 100
_MAX_JUNK_BYTES: Final = 64 * 1024
"""More than what was sound, and it is something else: in samples, too, here and there a few bytes
look like the beginning of MP3."""


class _JunkError(Exception):
    """Most of the input is not what was announced, although bits of it can be decoded."""


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _LiveSource:
    """Reads standard input and marks, each time it would wait for more, what is used up."""

    def __init__(self, writer: MessageWriter) -> None:
        self._writer = writer
        self.used = 0

    def read(self, size: int, /) -> bytes:
        self._writer.flush()
        self._writer.write(messages.MARK, self.used.to_bytes(8, "little"))
        data = os.read(0, size)
        self.used += len(data)
        return data


def _refuse_to_open(*_: Any, **__: Any) -> None:  # noqa: ANN401 - the library's own signature
    raise PermissionError


class _Damage:
    """Counts what cannot be decoded, and gives up where nothing else comes."""

    def __init__(self, writer: MessageWriter, *, is_announced: bool) -> None:
        self._writer = writer
        self._is_announced = is_announced
        self._in_a_row = self._packets = self._junk_bytes = 0

    def frames_of(self, packet: "Packet[Stream]") -> list[AudioFrame]:
        """Return the frames of a packet, none if it cannot be decoded.

        Raises:
            InvalidDataError: A hundred packets in a row could not be.
            _JunkError: Most of what came is not what was announced.
        """
        size_bytes = packet.size
        try:
            frames: Sequence[object] = packet.decode()
        except av.InvalidDataError:
            self._in_a_row += 1
            self._packets += 1
            self._junk_bytes += size_bytes
            if self._is_announced and self._junk_bytes > _MAX_JUNK_BYTES:
                raise _JunkError from None
            if self._in_a_row > _MAX_BAD_PACKETS:
                self._writer.note("it cannot be read to its end")
                raise
            return []
        self._in_a_row = 0 if frames else self._in_a_row
        self._junk_bytes -= size_bytes
        return [frame for frame in frames if isinstance(frame, AudioFrame)]

    def tell(self) -> None:
        """Say at the end what there was.

        Raises:
            _JunkError: Most of what came is not what was announced.
        """
        if self._packets:
            self._writer.note(f"{self._packets} packets of it cannot be decoded")
        if self._is_announced and self._junk_bytes > 0:
            raise _JunkError


class _Decoder:
    """Decodes one container, its tracks to be mixed, or one channel of all that they have."""

    def __init__(self, demuxers: str, writer: MessageWriter, channel: int | None) -> None:
        self._demuxers = demuxers
        self._writer = writer
        self._channel = channel
        self._is_announced = "," not in demuxers

    def decode_file(self, file: IO[bytes]) -> None:
        """Decode a file from where it stands; of several tracks, those that have audio."""
        start = file.tell()
        with self._open(file, {}) as container:
            if len(container.streams.audio) <= 1:
                self._decode(container, live=False)
                return
            empty = {one.index for one in container.streams.audio}
            for packet in container.demux(*container.streams.audio):
                if packet.size:
                    empty.discard(packet.stream.index)
        file.seek(start)
        with self._open(file, {}) as container:
            self._decode(container, live=False, empty=empty)

    def decode_stream(self, source: "_LiveSource") -> None:
        """Decode what comes, as it comes."""
        with self._open(source, _LIVE) as container:
            self._decode(container, live=True)

    def _open(self, source: "_Source", options: dict[str, str]) -> InputContainer:
        return av.open(
            source,
            "r",
            format=self._demuxers if self._is_announced else None,
            container_options=options | {"format_whitelist": self._demuxers},
            io_open=_refuse_to_open,
        )

    def _decode(
        self, container: InputContainer, *, live: bool, empty: Collection[int] = ()
    ) -> None:
        streams = choose_tracks(container, self._writer, empty)
        tracks = self._choose(streams, Timeline.of(container, live=live))
        if not tracks:
            return
        damage = _Damage(self._writer, is_announced=self._is_announced)
        is_open = False
        for packet in container.demux(*(one for one in streams if one.index in tracks)):
            for frame in damage.frames_of(packet):
                if not is_open:
                    is_open = True
                    _open_tracks(tracks, streams, frame)
                tracks[packet.stream.index].take(frame)
        for track in tracks.values():
            track.end()
        damage.tell()

    def _choose(self, streams: list[AudioStream], timeline: Timeline) -> dict[int, Track]:
        """Return the tracks that are to be decoded, by the number of their stream."""
        for one in streams:
            one.codec_context.thread_type = "NONE"
        if self._channel is None:
            tracks = [Track(number, self._writer, timeline, None) for number in range(len(streams))]
            return {one.index: track for one, track in zip(streams, tracks, strict=True)}
        counts = [max(1, one.codec_context.layout.nb_channels) for one in streams]
        self._writer.write(messages.CHANNELS, sum(counts).to_bytes(4, "little"))
        before = 0
        for one, count in zip(streams, counts, strict=True):
            if before <= self._channel < before + count:
                return {one.index: Track(0, self._writer, timeline, self._channel - before)}
            before += count
        return {}


def _open_tracks(
    tracks: Mapping[int, Track], streams: Sequence[AudioStream], first: AudioFrame
) -> None:
    rates_hz = [first.sample_rate, *(one.codec_context.sample_rate or 0 for one in streams)]
    rate_hz = TELEPHONE_HZ if max(rates_hz) <= TELEPHONE_HZ else WIDE_HZ
    for one in streams:
        if one.index in tracks:
            tracks[one.index].open(rate_hz, max(1, one.codec_context.layout.nb_channels))


def _confine(*, live: bool) -> None:
    """Give up what a decoder does not need, in case one is talked into something."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not to be had on Windows

    if not live:
        os.nice(_FILE_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    cpu_s = MAX_LIVE_CPU_S if live else MAX_CPU_S
    # the soft limit's own signal tells whose fault it is; the hard one is for who ignores it
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + _CPU_GRACE_S))


def main(demuxers: str, *, live: bool, channel: int | None) -> None:
    """Decode standard input; the last message tells how it ended, unless it crashed."""
    writer = MessageWriter()
    decoder = _Decoder(demuxers, writer, channel)
    source = _LiveSource(writer)
    _confine(live=live)
    try:
        if live:
            decoder.decode_stream(source)
        else:
            with open(0, "rb", buffering=0, closefd=False) as file:
                decoder.decode_file(file)
    except BrokenPipeError:
        return  # nobody wants it any more
    except _JunkError:
        writer.write(messages.FAULT, _UNREADABLE)
    except Exception:  # noqa: BLE001 - a stranger's bytes raise whatever the libraries have
        _end(writer, _UNREADABLE, sound=live and not source.used)
    else:
        _end(writer, _SILENT, sound=False)


def _end(writer: MessageWriter, complaint: bytes, *, sound: bool) -> None:
    writer.flush()
    if writer.has_audio or sound:  # what came before the damage counts
        writer.write(messages.DONE)
    else:
        writer.write(messages.FAULT, complaint)


if __name__ == "__main__":
    asked = [
        one.removeprefix(messages.CHANNEL_FLAG)
        for one in sys.argv
        if one.startswith(messages.CHANNEL_FLAG)
    ]
    main(sys.argv[1], live=messages.LIVE_FLAG in sys.argv, channel=int(asked[0]) if asked else None)
