"""Recordings that are held back, and what the call says of them as its words become known."""

import asyncio
from typing import Final

from service.calls.commands import CloseSound, JudgeSound
from service.ids import StreamId
from service.ports import Verdict
from service.runtime.media_stream import MediaStream

GUARD_S: Final = 60.0
"""How long after its last audio a recording waits for the call, which may have lost its journal."""


class JudgedSound:
    """Finds the recording that a command of the call is about.

    What nobody says anything of any more is closed: what of it is not known becomes silence.
    """

    def __init__(self, guard_s: float = GUARD_S) -> None:
        self._guard_s = guard_s
        self._streams: dict[StreamId, MediaStream] = {}
        """By the id of the media WebSocket."""
        self._heard: dict[StreamId, MediaStream] = {}
        """By the id that the recognitions of a stream bear."""
        self._guards: dict[StreamId, asyncio.TimerHandle] = {}

    def keep(self, stream: MediaStream) -> None:
        """Expect verdicts on a stream's recording."""
        self._streams[stream.start.stream_id] = stream

    def heard(self, stream_id: StreamId, stream: MediaStream) -> None:
        """Take it that recognitions of this id hear a stream."""
        if stream.start.stream_id in self._streams:
            self._heard[stream_id] = stream

    def judge(self, command: JudgeSound) -> None:
        """Let go of what is known."""
        stream = self._heard.get(command.ref.stream_id)
        if stream is not None:
            stream.judge(command)

    def end(self, stream: MediaStream) -> None:
        """Take no more audio of a stream; what is known of it is waited for, for a while."""
        if stream.recording is None:
            return
        stream_id = stream.start.stream_id
        if stream_id in self._streams:
            loop = asyncio.get_running_loop()
            self._guards[stream_id] = loop.call_later(self._guard_s, self._close, stream_id)
        else:
            stream.recording.close()

    def close(self, command: CloseSound) -> None:
        """Close the recording of a stream, of which all is known."""
        stream = self._streams.get(command.stream_id)
        if stream is not None and stream.recording is not None:
            verdict = Verdict("inbound", 0, earlier=command.earlier)
            stream.recording.judge(verdict)
        self._close(command.stream_id)

    def give_up(self, stream: MediaStream) -> None:
        """Close the recording of a stream as it is known now."""
        self._close(stream.start.stream_id)

    def _close(self, stream_id: StreamId) -> None:
        guard = self._guards.pop(stream_id, None)
        if guard is not None:
            guard.cancel()
        stream = self._streams.pop(stream_id, None)
        if stream is None:
            return
        self._heard = {key: one for key, one in self._heard.items() if one is not stream}
        if stream.recording is not None:
            stream.recording.close()
