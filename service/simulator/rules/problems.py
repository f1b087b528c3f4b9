"""Telnyx's refusals: error bodies and codes as documented.

Source: Telnyx's "API error codes" and the SDK's `APIError`. Which HTTP status goes with most
90xxx codes is not published; 422 is confirmed for 90018.
"""

from dataclasses import dataclass
from typing import Literal

_DOCS = "https://developers.telnyx.com/docs/overview/errors/"

_CATALOGUE: dict[str, tuple[int, str, str]] = {
    "10003": (422, "Invalid URL", "The URL provided was invalid, malformed, or too long."),
    "10004": (422, "Missing required parameter", "A required parameter was missing."),
    "10005": (404, "Resource not found", "The requested resource or URL could not be found."),
    "10007": (500, "Unexpected error", "An unexpected error occured."),
    "10008": (408, "Request timeout", "The request timed out."),
    "10009": (
        401,
        "Authentication failed",
        "The required authentication headers were either invalid or not included in the request.",
    ),
    "10011": (
        429,
        "Too many requests",
        "You have exceeded the maximum number of allowed requests.",
    ),
    "10015": (400, "Bad Request", "The request failed because it was not well-formed."),
    "10023": (400, "Invalid JSON", "The request body is not valid JSON."),
    "10026": (422, "Invalid parameter type", "A parameter is of the wrong type."),
    "10032": (422, "Invalid enumerated value", "The value is not one of those allowed."),
    "10033": (422, "Value outside of range", "The value is outside of the allowed range."),
    "90015": (422, "Invalid Call Control ID", "The provided call_control_id was not valid."),
    "90017": (422, "Invalid client state", "client_state must be a base64 encoded string."),
    "90018": (
        422,
        "Call has already ended",
        "This call is no longer active and can't receive commands.",
    ),
    "90020": (422, "Call recording not possible", "The call has no audio to be recorded yet."),
    "90034": (422, "Call has not been answered yet", "The command needs an answered call."),
    "90041": (403, "Channel limit exceeded", "No further call is possible."),
    "90045": (422, "Media streaming is active", "Not allowed while media is being streamed."),
    "90048": (422, "Media streaming is not active", "Only allowed while media is being streamed."),
    "90053": (
        422,
        "Transcription is active",
        "A recording with timeout_secs cannot start while the call is transcribed.",
    ),
    "90054": (422, "Transcription is active", "The call is already being transcribed."),
    "90055": (
        422,
        "Transcription is in use",
        "Transcription cannot stop while a recording with timeout_secs is active.",
    ),
    "90057": (422, "Invalid event type", "webhook_urls names an event type that does not exist."),
    "90102": (422, "Call cannot be answered", "An outbound call cannot be answered."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request is refused. `parameter` is where in the body, or "" for nowhere."""

    code: str
    detail: str = ""
    parameter: str = ""
    status_wanted: int | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.status_wanted or _CATALOGUE.get(self.code, (400, "", ""))[0]

    def body(self, shape: Literal["errors", "detail", "empty"] = "errors") -> object:
        """Return the JSON body; None for an empty one."""
        _, title, detail = _CATALOGUE.get(self.code, (400, "Unexpected error", ""))
        text = self.detail or detail
        if shape == "empty":
            return None
        if shape == "detail":
            return {"detail": text}
        error: dict[str, object] = {"code": self.code, "title": title, "detail": text}
        if self.parameter:
            pointer = "/" + self.parameter.replace(".", "/")
            error["source"] = {"parameter": self.parameter, "pointer": pointer}
        return {"errors": [error | {"meta": {"url": _DOCS + self.code}}]}
