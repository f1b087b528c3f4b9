"""What Telnyx tells of the recordings that it makes."""

from service.calls.webhook import Webhook


class TapeSaved(Webhook, frozen=True, kw_only=True):
    """`call.recording.saved`: a recording is over, and there to be fetched for some minutes.

    The same is made of what Telnyx lists when it is asked.
    """

    tape_id: str | None = None
    link: str | None = None
    """Where it is as WAV. Whoever has this may hear it: never log it."""
    started_at: float | None = None
    ended_at: float | None = None


class TapeFailed(Webhook, frozen=True, kw_only=True):
    """`call.recording.error`: it could not be stored. `reason` is Telnyx's free text."""

    reason: str | None = None
