"""What every webhook of Telnyx's says of a leg, whatever it is about."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from service.ids import CallId, InputId, LegId

Direction = Literal["incoming", "outgoing"]


class SiprecStream(msgspec.Struct, frozen=True):
    """Which stream of which SIPREC session a leg is, as the session's own metadata say."""

    session_id: str
    label: str = ""


class Webhook(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What every webhook says. The rest of its body is in the subclass.

    Tagged structs, because a webhook that waits for its turn is kept in the journal.
    """

    input_id: InputId
    call_id: CallId | None
    """Telnyx's `call_session_id`; None where it was missing, then `leg_id` finds the call."""
    leg_id: LegId
    """Telnyx's `call_control_id`. Words may lack it: "" is for whichever leg is transcribed."""
    occurred_at: float
    direction: Direction | None = None
    from_number: str | None = None
    to_number: str | None = None
    connection_id: str | None = None
    client_state: Mapping[str, str] = {}
    """The plain values of base64 JSON, as text (`true`, `2`); empty unless it was an object."""
    siprec: SiprecStream | None = None
    """None: the leg says of no such session that it is of it."""
