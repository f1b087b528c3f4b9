"""The child process that decodes a container: MP3, Ogg, WebM and the like in, plain samples out.

Decoders written in C meet a stranger's bytes here and nowhere else. The process may take half a
gigabyte, open nothing, and is one client's own: what it does not survive, everyone else does.
It reads standard input and writes `container_messages` to standard output.
"""

import os
import sys
from collections.abc import Iterator
from typing import Any, Final, Protocol

import av
import av.subtitles.stream  # what it imports when it needs it cannot be opened any more then
from av.audio.frame import AudioFrame

from service.recogniser.audio import container_messages as messages

MAX_MEMORY_BYTES: Final = 512 * 1024 * 1024
MAX_CPU_S: Final = 600
MAX_LIVE_CPU_S: Final = 7_200
"""Some thirty days of a radio stream, and an end to a decoder that runs wild."""
_CPU_GRACE_S: Final = 5
_FILE_NICENESS: Final = 10
"""Nobody listens to a file as it happens."""
MAX_SOURCE_RATE_HZ: Final = 400_000
TELEPHONE_HZ, WIDE_HZ = 8_000, 16_000
_LIVE: Final = {"probesize": "4096", "analyzeduration": "0"}
"""Begin with what is there: whole seconds would be collected first otherwise."""
_UNREADABLE: Final = b"no audio can be read from it"
_SILENT: Final = b"there is no audio in it"
_MAX_BAD_PACKETS: Final = 100
_MAX_JUNK_BYTES: Final = 64 * 1024
"""More than what was sound, and it is something else: in samples, too, here and there a few bytes
look like the beginning of MP3."""
_OUT_BYTES: Final = 32 * 1024
_SAMPLE_BYTES: Final = 2


class _JunkError(Exception):
    """Most of the input is not what was announced, although bits of it can be decoded."""


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _MessageWriter:
    """Collects samples and writes them as messages; a full pipe makes the decoder wait."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self.rate_hz = 0
        self.has_audio = False

    def add(self, samples: bytes, rate_hz: int) -> None:
        if rate_hz != self.rate_hz:
            self.rate_hz = rate_hz
            self.write(messages.RATE, rate_hz.to_bytes(4, "little"))
        self.has_audio = True
        self._kept += samples
        if len(self._kept) >= _OUT_BYTES:
            self.flush()

    def flush(self) -> None:
        kept, self._kept = bytes(self._kept), bytearray()
        for at in range(0, len(kept), _OUT_BYTES):
            self.write(messages.AUDIO, kept[at : at + _OUT_BYTES])

    def write(self, kind: bytes, body: bytes = b"") -> None:
        message = messages.HEADER.pack(kind, len(body)) + body
        while message:
            message = message[os.write(1, message) :]


class _LiveSource:
    """Reads standard input and marks, each time it would wait for more, what is used up."""

    def __init__(self, writer: _MessageWriter) -> None:
        self._writer = writer
        self.used = 0

    def read(self, size: int, /) -> bytes:
        self._writer.flush()
        self._writer.write(messages.MARK, self.used.to_bytes(8, "little"))
        data = os.read(0, size)
        self.used += len(data)
        return data


class _Mixer:
    """Converts frames of any kind to one channel, at a rate that the first frame decides.

    The channel is all of them mixed, or the one asked for; where the audio has no such channel
    any more, it is silence.
    """

    def __init__(self, writer: _MessageWriter, channel: int | None) -> None:
        self.rate_hz = 0
        self.writer = writer
        self._channel = channel
        self._channels = 1
        self._resampler: av.AudioResampler | None = None
        self._shape: tuple[str, str, int] | None = None

    def mix(self, frame: AudioFrame) -> Iterator[tuple[bytes, int]]:
        # Radio streams change from stereo to mono in the middle.
        shape = frame.format.name, frame.layout.name, frame.sample_rate
        if shape != self._shape:
            yield from self.rest()
            if not 0 < frame.sample_rate <= MAX_SOURCE_RATE_HZ:
                raise ValueError("no such sample rate")
            if not self.rate_hz:
                self.rate_hz = TELEPHONE_HZ if frame.sample_rate <= TELEPHONE_HZ else WIDE_HZ
                self._write_channels(frame.layout.nb_channels)
            self._shape = shape
            self._channels = 1 if self._channel is None else frame.layout.nb_channels
            layout = "mono" if self._channel is None else frame.layout
            self._resampler = av.AudioResampler("s16", layout, self.rate_hz)
        frame.pts = None
        yield from self._run(frame)

    def rest(self) -> Iterator[tuple[bytes, int]]:
        yield from self._run(None)

    def _run(self, frame: AudioFrame | None) -> Iterator[tuple[bytes, int]]:
        if self._resampler is not None:
            for made in self._resampler.resample(frame):
                yield self._pick(made), made.sample_rate

    def _pick(self, made: AudioFrame) -> bytes:
        interleaved = bytes(made.planes[0])[: made.samples * self._channels * _SAMPLE_BYTES]
        if self._channel is None:
            return interleaved
        if self._channel >= self._channels:
            return bytes(made.samples * _SAMPLE_BYTES)
        return memoryview(interleaved).cast("h")[self._channel :: self._channels].tobytes()

    def _write_channels(self, count: int) -> None:
        if self._channel is not None:
            self.writer.write(messages.CHANNELS, count.to_bytes(4, "little"))


def _refuse_to_open(*_: Any, **__: Any) -> None:  # noqa: ANN401 - the library's own signature
    raise PermissionError


def _decode(source: _Source, demuxers: str, mixer: _Mixer, options: dict[str, str]) -> None:
    writer = mixer.writer
    options = options | {"format_whitelist": demuxers}
    alone = demuxers if "," not in demuxers else None
    with av.open(
        source, "r", format=alone, container_options=options, io_open=_refuse_to_open
    ) as container:
        stream = container.streams.audio[0]
        stream.codec_context.thread_type = "NONE"
        bad = junk_bytes = 0
        for packet in container.demux(stream):
            size_bytes = packet.size
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                bad += 1
                junk_bytes += size_bytes
                if bad > _MAX_BAD_PACKETS:
                    raise
                if alone is not None and junk_bytes > _MAX_JUNK_BYTES:
                    raise _JunkError from None
                continue
            bad = 0 if frames else bad
            junk_bytes -= size_bytes
            for frame in frames:
                for samples, rate_hz in mixer.mix(frame):
                    writer.add(samples, rate_hz)
        for samples, rate_hz in mixer.rest():
            writer.add(samples, rate_hz)
        if alone is not None and junk_bytes > 0:
            raise _JunkError


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
    writer = _MessageWriter()
    mixer = _Mixer(writer, channel)
    source = _LiveSource(writer)
    _confine(live=live)
    try:
        if live:
            _decode(source, demuxers, mixer, _LIVE)
        else:
            with open(0, "rb", buffering=0, closefd=False) as file:
                _decode(file, demuxers, mixer, {})
    except BrokenPipeError:
        return  # nobody wants it any more
    except _JunkError:
        writer.write(messages.FAULT, _UNREADABLE)
    except Exception:  # noqa: BLE001 - a stranger's bytes raise whatever the libraries have
        _end(writer, _UNREADABLE, sound=live and not source.used)
    else:
        _end(writer, _SILENT, sound=False)


def _end(writer: _MessageWriter, complaint: bytes, *, sound: bool) -> None:
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
