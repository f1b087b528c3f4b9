"""What happens at a leg of a TeXML application, as the forms that Telnyx posts of it. Pure.

Source: TELNYX.md §1.5; the names of the fields of words are inferred there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_STATUS: Mapping[str, str] = {"call.initiated": "initiated", "call.answered": "in-progress"}
_OVER: Mapping[str, str] = {
    "user_busy": "busy",
    "no_answer": "no-answer",
    "originator_cancel": "canceled",
    "call_rejected": "failed",
}
_STREAMS: Mapping[str, str] = {
    "streaming.started": "stream-started",
    "streaming.stopped": "stream-stopped",
    "streaming.failed": "stream-failed",
}


@dataclass(slots=True)
class Callbacks:
    """Where the callbacks of one leg go; None is nowhere."""

    status: str | None = None
    words: str | None = None
    stream: str | None = None
    parent: str | None = None
    """The leg whose `<Dial>` made this one."""

    def of(
        self, event_type: str, payload: Mapping[str, object], occurred_at: str
    ) -> tuple[str, dict[str, str]] | None:
        """Return where a callback about an event goes and what is in it; None: there is none."""
        common = {"CallSid": str(payload.get("call_control_id")), "Timestamp": occurred_at}
        common["ConnectionId"] = str(payload.get("connection_id"))
        if self.parent is not None:
            common["ParentCallSid"] = self.parent
        for url, said in (
            (self.status, _status(event_type, payload)),
            (self.stream, _stream(event_type, payload)),
            (self.words, _words(event_type, payload)),
        ):
            if said and url:
                return url, common | said
        return None


def _status(event_type: str, payload: Mapping[str, object]) -> dict[str, str]:
    cause = str(payload.get("hangup_cause", ""))
    status = _STATUS.get(event_type, "")
    if event_type == "call.hangup":
        status = _OVER.get(cause, "completed")
    if not status:
        return {}
    said = {"CallStatus": status, "From": str(payload["from"]), "To": str(payload["to"])}
    if event_type == "call.hangup":
        said |= {"HangupCause": cause, "HangupSource": str(payload.get("hangup_source", ""))}
    return said


def _stream(event_type: str, payload: Mapping[str, object]) -> dict[str, str]:
    if event_type not in _STREAMS:
        return {}
    url = str(payload.get("stream_url", ""))
    return {"StreamEvent": _STREAMS[event_type], **({"StreamUrl": url} if url else {})}


def _words(event_type: str, payload: Mapping[str, object]) -> dict[str, str]:
    data = payload.get("transcription_data")
    if event_type != "call.transcription" or not isinstance(data, Mapping):
        return {}
    said = {
        "Transcript": str(data.get("transcript", "")),
        "IsFinal": str(bool(data.get("is_final"))).lower(),
    }
    if (confidence := data.get("confidence")) is not None:
        said["Confidence"] = str(confidence)
    if (track := data.get("transcription_track")) is not None:
        said["TranscriptionTrack"] = str(track)
    return said
