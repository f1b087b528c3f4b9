"""Drives a call session as the runtime does, with the clock as an argument."""

from typing import TypeVar

from service.calls.carrier_answers import CommandDone, CommandFailed, CommandName, LegStatus
from service.calls.commands import (
    Answer,
    AskStatus,
    Bridge,
    CarrierCommand,
    Command,
    Dial,
    HangUp,
    Reply,
    Speak,
    StartRecording,
    StartStreaming,
    StartTranscription,
    StopRecording,
    StopStreaming,
    StopTranscription,
)
from service.calls.events import Event, TranscriptFinal, TranscriptPartial
from service.calls.inputs import (
    Input,
    LegAnswered,
    LegHungUp,
    LegInitiated,
    MediaStarted,
    MediaStopped,
    RecognitionFinished,
    ServiceRestarted,
    TrackRef,
    WordsHeard,
    WordsReported,
)
from service.calls.routes import Route
from service.calls.session import CallSession
from service.calls.state import CallState
from service.calls.turn import Fact, Outcome
from service.ids import CallId, InputId, LegId, StreamId, Track

A, B = LegId("v3:leg-a"), LegId("v3:leg-b")
CALL = CallId("session-1")
STREAM = StreamId("stream-1")
INBOUND = TrackRef(A, STREAM, "inbound")
T0 = 1_700_000_000.0
"""When the first leg of every test call begins; it is answered a second later."""

MEDIA = Route(source="media", roles={"inbound": "customer", "outbound": "agent"})
IN_CALL = Route(
    source="in_call", engine="Telnyx", roles={"inbound": "customer", "outbound": "agent"}
)
_Event = TypeVar("_Event")


class Driver:
    """A session, everything it said, and a Telnyx that takes every command at once.

    Asked whether a leg lives, it says so, except of those that are in `gone`.
    """

    def __init__(self, *routes: Route, telnyx_answers: bool = True) -> None:
        self._routes = routes
        self.session = CallSession(CallState(call_id=CALL), routes)
        self.now = T0
        self.facts: list[Fact] = []
        self.commands: list[Command] = []
        self.replies: list[Reply] = []
        self.outcome = Outcome()
        """What the last turn came to."""
        self.gone: dict[LegId, float] = {}
        """Legs that are over at Telnyx, and since when."""
        self.makes: LegId | None = B
        """The leg that a dial makes; None: Telnyx does not say."""
        self._telnyx_answers = telnyx_answers

    def restart(self, at: float) -> None:
        """Have the process gone since the last input, and another one there from then on."""
        self.session = CallSession(self.session.state, self._routes)
        self.now = at
        self._turn(ServiceRestarted(at=at))

    def silence(self) -> None:
        """Have Telnyx answer nothing from now on."""
        self._telnyx_answers = False

    def receive(self, *items: Input, now: float) -> None:
        """Hand inputs in, one after the other, at `now`; timers due before ring first."""
        self.run_until(now)
        for item in items:
            self._turn(item)

    def run_until(self, now: float) -> None:
        """Let timers ring, each at its time, up to `now`."""
        while (at := self.session.wake_at) is not None and at <= now:
            self.now = max(self.now, at)
            self._turn()
        self.now = now

    def events(self, kind: type[_Event]) -> list[_Event]:
        """Return the durable events of one type, in order."""
        return [event for event in self.journal if isinstance(event, kind)]

    @property
    def journal(self) -> list[Event]:
        """What was recorded, in order."""
        return [
            fact.event for fact in self.records if not isinstance(fact.event, TranscriptPartial)
        ]

    @property
    def records(self) -> list[Fact]:
        """What was recorded, with its `seq` and time."""
        return [fact for fact in self.facts if fact.seq is not None]

    @property
    def types(self) -> list[str]:
        """The types of what was recorded, in order."""
        return [event.type for event in self.journal]

    @property
    def finals(self) -> list[TranscriptFinal]:
        """The finals, in order."""
        return self.events(TranscriptFinal)

    @property
    def partials(self) -> list[TranscriptPartial]:
        """What was shown, in order."""
        return [fact.event for fact in self.facts if isinstance(fact.event, TranscriptPartial)]

    def asked(self, kind: type[_Event]) -> list[_Event]:
        """Return the commands of one type, in order."""
        return [command for command in self.commands if isinstance(command, kind)]

    def _turn(self, *items: Input) -> None:
        given = [self._all_heard(item) for item in items]
        outcome = self.session.receive(given, now=self.now)
        self.facts += outcome.facts
        self.commands += outcome.commands
        self.replies += [reply for reply in outcome.replies if reply]
        for command in outcome.commands if self._telnyx_answers else ():
            if name := _NAMES.get(type(command)):
                assert isinstance(command, CarrierCommand)
                made = self.makes if isinstance(command, Dial) else None
                done = CommandDone(leg_id=command.leg_id, command=name, at=self.now, made=made)
                self._turn(done)
            elif isinstance(command, AskStatus):
                self._turn(self.status(command.leg_id))
        self.outcome = outcome

    def status(self, leg: LegId) -> LegStatus:
        """What Telnyx says of a leg."""
        ended_at = self.gone.get(leg)
        return LegStatus(leg_id=leg, at=self.now, alive=ended_at is None, ended_at=ended_at)

    def _all_heard(self, item: Input) -> Input:
        """Have a recognition heard all there was, where a test leaves that open."""
        if not isinstance(item, RecognitionFinished) or item.audio_ms != EVERYTHING:
            return item
        state, ref = self.session.state, item.ref
        stream = state.streams.get(ref.stream_id)
        ends_ms = (stream and (stream.ends_ms or stream.closed_ms)) or 0
        heard_ms = max(0, ends_ms - (stream.offset_ms if stream else 0))
        return RecognitionFinished(ref=ref, audio_ms=heard_ms)


_NAMES: dict[type, CommandName] = {
    Answer: "answer",
    Dial: "dial",
    Speak: "speak",
    Bridge: "bridge",
    HangUp: "hang_up",
    StartTranscription: "start_transcription",
    StopTranscription: "stop_transcription",
    StartStreaming: "start_streaming",
    StopStreaming: "stop_streaming",
    StartRecording: "start_recording",
    StopRecording: "stop_recording",
}
EVERYTHING = -1
"""As `audio_ms`: the recognition was given all audio up to its end."""


def talking(route: Route) -> Driver:
    """Return a call of that route, a second after its answer; on `media` it is being heard."""
    driver = Driver(route)
    driver.receive(initiated(), now=T0)
    driver.receive(answered(), now=T0 + 1)
    if route.source == "media":
        driver.receive(media_started(), now=T0 + 1.2)
    return driver


def initiated(at: float = T0, *, leg: LegId = A, incoming: bool = True) -> LegInitiated:
    """The leg rings at Telnyx (incoming) or is dialled."""
    return LegInitiated(
        input_id=InputId(f"initiated {leg}"),
        call_id=CALL,
        leg_id=leg,
        occurred_at=at,
        direction="incoming" if incoming else "outgoing",
        from_number="+15550100",
        to_number="+15550111",
        connection_id="17",
    )


def answered(at: float = T0 + 1, *, leg: LegId = A) -> LegAnswered:
    """The leg is answered."""
    return LegAnswered(
        input_id=InputId(f"answered {leg} {at}"), call_id=CALL, leg_id=leg, occurred_at=at
    )


def hung_up(at: float, *, leg: LegId = A) -> LegHungUp:
    """The leg hangs up."""
    return LegHungUp(
        input_id=InputId(f"hangup {leg} {at}"),
        call_id=CALL,
        leg_id=leg,
        occurred_at=at,
        cause="normal_clearing",
        source="caller",
        sip_code="200",
    )


def said(
    text: str,
    at: float,
    *,
    final: bool | None = True,
    track: Track | None = "inbound",
    leg: LegId = A,
) -> WordsReported:
    """Telnyx transcribed something in the call."""
    return WordsReported(
        input_id=InputId(f"{text} {final} {track} {leg} {at}"),
        call_id=CALL,
        leg_id=leg,
        occurred_at=at,
        text=text,
        is_final=final,
        confidence=0.9,
        track=track,
    )


def media_started(at: float = T0 + 1.2, *, stream: StreamId = STREAM) -> MediaStarted:
    """The media WebSocket opened; 200 ms after the answer unless told otherwise."""
    return MediaStarted(leg_id=A, stream_id=stream, at=at, encoding="PCMU", sample_rate_hz=8000)


def media_stopped(at: float, *, orderly: bool = True, stream: StreamId = STREAM) -> MediaStopped:
    """The media WebSocket ended."""
    return MediaStopped(leg_id=A, stream_id=stream, at=at, orderly=orderly)


def heard(
    text: str,
    start_ms: int,
    end_ms: int,
    *,
    final: bool = True,
    track: Track = "inbound",
    stream: StreamId = STREAM,
) -> WordsHeard:
    """A recognition heard something; offsets are those of the stream's audio."""
    return WordsHeard(
        ref=TrackRef(A, stream, track),
        text=text,
        is_final=final,
        start_ms=start_ms,
        end_ms=end_ms,
        confidence=0.9,
    )


def finished(
    track: Track, *, stream: StreamId = STREAM, audio_ms: int = EVERYTHING
) -> RecognitionFinished:
    """A recognition said its last word."""
    return RecognitionFinished(ref=TrackRef(A, stream, track), audio_ms=audio_ms)


def refused(command: CommandName, code: str, *, at: float = T0 + 1) -> CommandFailed:
    """Telnyx refused a command."""
    return CommandFailed(leg_id=A, command=command, at=at, code=code, reason="refused")
