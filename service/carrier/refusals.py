"""Telnyx's refusals of a command, as our errors."""

from http import HTTPStatus

from service.errors import (
    CallOverError,
    CarrierError,
    CarrierUnavailableError,
    CommandRefusedError,
)
from service.retry import is_retriable

_CALL_OVER = "90018"
NO_SUCH_RESOURCE = "10005"
"""The code by which Telnyx says that there is nothing with this id; of any answer of 404, too."""
LEG_UNHEARD_OF = frozenset({"90015", NO_SUCH_RESOURCE})
"""Codes by which Telnyx says that there is no leg with this id."""
LEG_UNKNOWN = LEG_UNHEARD_OF | {_CALL_OVER}
"""Codes by which Telnyx says that a leg is over, or that there is none with this id."""
_MAX_TITLE_CHARS = 120


def read_refusal(status: int, body: object) -> CarrierError:
    """Return the error for an HTTP status and the decoded body, whatever shape that has.

    408, 409, 429 and 5xx were retried before they come here: Telnyx could not be reached.
    Anything else is final. Only the code and the title are kept, since `detail` may repeat
    what was sent.
    """
    if is_retriable(status, conflict=True):
        return CarrierUnavailableError(f"Telnyx kept answering HTTP {status}")
    code, title = _first_error(body)
    if status == HTTPStatus.NOT_FOUND:
        code = code or NO_SUCH_RESOURCE
    if code == _CALL_OVER:
        return CallOverError(code, title)
    return CommandRefusedError(code, title or f"HTTP {status}")


def _first_error(body: object) -> tuple[str, str]:
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return "", ""
    code, title = first.get("code"), first.get("title")
    return (
        str(code) if isinstance(code, (str, int)) else "",
        title[:_MAX_TITLE_CHARS] if isinstance(title, str) else "",
    )
