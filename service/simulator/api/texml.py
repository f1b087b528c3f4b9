"""Plays TeXML: asks an application for its document when a call comes in, and does what it says.

A verb is done by the command that does the same, so it is refused and reported as that is. Verbs
that the simulator does not know are passed over. Once the document is through, the call is hung up.
"""

from collections.abc import Mapping

import structlog

from service.errors import BadInputError
from service.simulator.api import control, media
from service.simulator.api.commands import run_command
from service.simulator.api.reply import Reply
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.legs.callbacks import Callbacks
from service.simulator.rules.params import Params, check_params
from service.simulator.rules.problems import Problem
from service.simulator.rules.texml import Verb, parse_document
from service.tasks import first_of

log = structlog.get_logger()

MAX_DOCUMENTS = 10
"""So many documents one call asks for, if each redirects to the next."""
_MAX_PAUSE_S = 600.0


class TexmlPlayer:
    """Plays the documents of one call."""

    def __init__(self, exchange: Exchange, runtime: LegRuntime) -> None:
        self._exchange = exchange
        self._runtime = runtime
        self._leg = runtime.leg
        self._documents = 0

    async def run(self, url: str) -> None:
        """Ask for the document at an address, and do what it says until the call is over."""
        await self._play(await self._ask(url))
        if self._leg.alive:
            self._do("hangup", {})

    async def _ask(self, url: str) -> tuple[Verb, ...]:
        """Return the verbs of a document; none where there is no document to be had."""
        self._documents += 1
        leg = self._leg
        form = {
            "CallSid": leg.id.control_id,
            "From": leg.id.from_number,
            "To": leg.id.to_number,
            "Direction": "inbound",
            "CallStatus": "in-progress" if leg.answered.is_set() else "ringing",
            "ConnectionId": leg.id.connection_id,
        }
        body = await self._exchange.ask(url, form)
        try:
            return () if body is None else parse_document(body)
        except BadInputError as error:
            log.warning("texml_unreadable", reason=str(error))
            return ()

    async def _play(self, verbs: tuple[Verb, ...]) -> None:
        for verb in verbs:
            if not self._leg.alive:
                return
            if verb.name == "Redirect" and verb.text and self._documents < MAX_DOCUMENTS:
                await self._play(await self._ask(verb.text))
                return
            await self._one(verb)

    async def _one(self, verb: Verb) -> None:
        leg = self._leg
        if verb.name == "Reject":
            cause = "USER_BUSY" if verb.get("reason") == "busy" else "CALL_REJECTED"
            self._do("reject", {"cause": cause})
            return
        if verb.name == "Hangup":
            self._do("hangup", {})
            return
        if not leg.answer_accepted:
            self._do("answer", {})
        match verb.name:
            case "Start" | "Stop":
                change = self._start if verb.name == "Start" else self._stop
                for child in verb.children:
                    change(child)
            case "Say":
                await leg.timeline.sleep(len(verb.text.split()) * control.SPEAK_S_PER_WORD)
            case "Pause":
                await leg.timeline.sleep(min(_number(verb.get("length"), 1.0), _MAX_PAUSE_S))
            case "Dial":
                await self._dial(verb)
            case other:
                log.info("texml_verb_passed_over", verb=other[:40])

    def _start(self, verb: Verb) -> None:
        if verb.name == "Stream":
            self._leg_callbacks.stream = verb.get("statusCallback")
            track = {"stream_track": verb.get("track") or "inbound_track"}
            codec = {"stream_codec": verb.get("codec") or "default"}
            params: Params = {"stream_url": verb.get("url") or "", **track, **codec}
            again = verb.get("enableReconnect") != "false"
            problem = check_params("streaming_start", params)
            self._note(
                "streaming_start",
                problem
                or media.start_streaming(self._exchange, self._runtime, params, reconnect=again),
            )
        elif verb.name == "Transcription":
            self._leg_callbacks.words = verb.get("transcriptionCallback")
            self._do("transcription_start", _transcription(verb))

    def _stop(self, verb: Verb) -> None:
        actions = {"Stream": "streaming_stop", "Transcription": "transcription_stop"}
        if verb.name in actions:
            self._do(actions[verb.name], {})

    async def _dial(self, verb: Verb) -> None:
        """Call somebody, connect both, and go on once that is over."""
        leg, whom = self._leg, verb.child("Number", "Sip") or verb
        params: Params = {
            "connection_id": leg.id.connection_id,
            "from": verb.get("callerId") or leg.id.to_number,
            "to": whom.text,
            "link_to": leg.id.control_id,
            "bridge_on_answer": True,
        }
        if (seconds := _number(verb.get("timeout"), 0.0)) > 0:
            params = {**params, "timeout_secs": round(seconds)}
        outcome = check_params("dial", params) or control.dial(self._exchange, params)
        if isinstance(outcome, Problem):
            self._note("dial", outcome)
            return
        agent = self._exchange.legs[str(outcome.data["call_control_id"])].leg
        status = whom.get("statusCallback") or self._leg_callbacks.status
        agent.callbacks = Callbacks(status=status, parent=leg.id.control_id)
        self._note("dial", outcome)
        await first_of(agent.over.wait(), leg.over.wait(), agent.link.made.wait())
        await first_of(agent.over.wait(), leg.over.wait(), agent.link.left.wait())

    @property
    def _leg_callbacks(self) -> Callbacks:
        if self._leg.callbacks is None:
            self._leg.callbacks = Callbacks()
        return self._leg.callbacks

    def _do(self, name: str, params: Params) -> None:
        outcome = check_params(name, params)
        self._note(name, outcome or run_command(self._exchange, self._runtime, name, params))

    def _note(self, name: str, outcome: Reply | Problem) -> None:
        if isinstance(outcome, Reply):
            outcome.after()
        else:
            log.warning("texml_verb_refused", command=name, code=outcome.code)


def _transcription(verb: Verb) -> Params:
    config: Mapping[str, str | bool | None] = {
        "language": verb.get("language"),
        "transcription_model": verb.get("model"),
        "interim_results": verb.get("interimResults") == "true",
    }
    return {
        "transcription_engine": verb.get("transcriptionEngine") or "Google",
        "transcription_tracks": (verb.get("transcriptionTracks") or "inbound").removesuffix(
            "_track"
        ),
        "transcription_engine_config": {
            key: value for key, value in config.items() if value is not None
        },
    }


def _number(text: str | None, default: float) -> float:
    try:
        return max(0.0, float(text or default))
    except ValueError:
        return default
