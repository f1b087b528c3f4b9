"""How the speech-to-text WebSocket behaves, and what goes wrong with it."""

from typing import Literal

from pydantic import Field

from service.simulator.scenario.table import Table


class SttSettings(Table):
    """The speech-to-text WebSocket."""

    type_field: bool = False
    """`"type": "transcript"` in every answer, as the SDK's schema has it."""
    error_shape: Literal["errors", "error"] = "errors"
    auth_failure: Literal["before_upgrade", "after_upgrade"] = "before_upgrade"
    reject_origin: bool = True
    idle_timeout_s: float = Field(20.0, gt=0, le=3600)
    """Real seconds without audio, `KeepAlive` or any other message."""
    close_code: Literal[1000, 1001, 1006, 1011, 1012, 1013] = 1000
    """The code with which a session is closed; 1006 is a connection that is just cut."""
    close_stream: Literal["all", "some", "none"] = "all"
    """Whose `CloseStream` is honoured; `some` is Deepgram, Speechmatics and Soniox."""
    partials: bool = True
    """Off: `interim_results` is accepted and ignored."""
    utterance_end: bool = False
    """An empty `utterance_end` after each final."""
    times: Literal["as_given", "never", "always"] = "as_given"
    """Words with times, which Telnyx does not document: as a relayed recogniser gives them, or
    from the script as well."""
    drop_after_ms: int | None = Field(None, gt=0)
    """Sessions are cut after this much audio, without a flush."""
    drop_sessions: int = Field(1, ge=0)
    """How many sessions are cut so, from the first on."""
