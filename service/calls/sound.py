"""What of a call's sound may be kept: judged by its words, stretch by stretch, as they come.

A recording is held back behind what is known of its words (`service/recording/careful.py`). What
a route hides of them is silent in it, with a margin; so is audio that nobody transcribed, and what
was said from a pause on. Shown digits wait: if more of their number is hidden, so are they. Both
tracks are judged by one memory of numbers. Times are the stream's.
"""

from typing import Final

from service.calls import silences
from service.calls.commands import CloseSound, JudgeSound
from service.calls.inputs import (
    AudioLost,
    AudioSettled,
    RecognitionFinished,
    TrackRef,
    Word,
    WordsHeard,
)
from service.calls.routes import Route
from service.calls.sound_margins import TO_THE_END_MS, WHOLE_MARGIN_MS
from service.calls.state import CallState, Phase, Span, Stream
from service.calls.turn import Turn
from service.ids import StreamId
from service.redaction.redactor import Aloud, Earlier

MARGIN_MS: Final = 150
"""How much before and after a hidden word is silent, too: an engine's times are not exact."""
BEHIND_MS: Final = 1_000
"""How far what is written stays behind what is known: a word may begin earlier than it is told."""


def is_judged(route: Route) -> bool:
    """Whether the sound of a route's calls is kept only as far as it is known to be harmless."""
    return route.record == "audio" and bool(route.redact or route.pause_on)


def heard(turn: Turn, item: WordsHeard, aloud: Aloud) -> None:
    """Judge the sound of a final."""
    whole = Span(item.start_ms - WHOLE_MARGIN_MS, item.end_ms + WHOLE_MARGIN_MS)
    words = item.words or ()
    _judge(
        turn,
        JudgeSound(
            ref=item.ref,
            until_ms=item.end_ms - BEHIND_MS,
            hidden=(whole,) if aloud.hidden is None else spans(words, aloud.hidden),
            open=(whole,) if aloud.open is None else spans(words, aloud.open),
            earlier=aloud.earlier,
        ),
    )


def dropped(turn: Turn, item: WordsHeard) -> None:
    """Hide the sound of a final that is not kept."""
    span = Span(item.start_ms - MARGIN_MS, item.end_ms + MARGIN_MS)
    _judge(turn, JudgeSound(ref=item.ref, until_ms=item.end_ms - BEHIND_MS, hidden=(span,)))


def accounted(turn: Turn, item: AudioLost | AudioSettled) -> None:
    """Judge audio without words: silence may be kept, what nobody transcribed may not."""
    over = turn.state.redaction.is_over(turn.now)
    if isinstance(item, AudioLost):
        lost = (Span(item.start_ms, item.end_ms),)
        _judge(turn, JudgeSound(ref=item.ref, until_ms=item.end_ms - BEHIND_MS, hidden=lost))
    else:
        until_ms = item.until_ms - BEHIND_MS
        earlier: Earlier = "release" if over else "hold"
        _judge(turn, JudgeSound(ref=item.ref, until_ms=until_ms, earlier=earlier))


def finished(turn: Turn, item: RecognitionFinished) -> None:
    """Judge all of a recognition's audio: it has said its last word."""
    _judge(turn, JudgeSound(ref=item.ref, until_ms=item.audio_ms))


def hide_from(turn: Turn, ref: TrackRef, since_ms: int) -> None:
    """Hide what a track carried from here on, as far as it came."""
    if is_judged(turn.route):  # of a tape, the time that was paused is hidden
        hidden = (Span(since_ms, TO_THE_END_MS),)
        turn.ask_lightly(JudgeSound(ref=ref, until_ms=0, hidden=hidden))


def stream_gone(turn: Turn, stream_id: StreamId, stream: Stream) -> None:
    """Have a recording closed once nothing more is to be known of its media WebSocket.

    A number that is open then is hidden, unless nothing can follow as the call is over.
    """
    socket_id = stream.socket_id or stream_id
    over = turn.state.phase in (Phase.ENDING, Phase.COMPLETE)
    earlier: Earlier = "release" if over else "hide"
    if silences.matter(turn.route):
        silences.settle(turn, earlier)
    elif is_judged(turn.route) and not _carries(turn.state, socket_id):
        turn.ask_lightly(CloseSound(stream_id=socket_id, earlier=earlier))


def _carries(state: CallState, socket_id: StreamId) -> bool:
    return any((one.socket_id or one_id) == socket_id for one_id, one in state.streams.items())


def _judge(turn: Turn, command: JudgeSound) -> None:
    if silences.matter(turn.route):
        silences.judge(turn, command)
    elif is_judged(turn.route):
        turn.ask_lightly(command)


def spans(words: tuple[Word, ...], stretches: tuple[tuple[int, int], ...]) -> tuple[Span, ...]:
    """Return when these stretches of words were said, with a margin, in milliseconds."""
    return tuple(
        Span(words[first].start_ms - MARGIN_MS, words[last].end_ms + MARGIN_MS)
        for first, last in stretches
    )
