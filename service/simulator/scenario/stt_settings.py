"""How the speech-to-text WebSocket behaves, and what goes wrong with it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from service.simulator.scenario.table import Chance, Table, low_to_high

CloseCode = Annotated[int, Field(ge=1000, le=4999)]
"""1005 is a close without a code; 1006 a connection that is just cut."""
Late = Annotated[tuple[float, float], AfterValidator(low_to_high)]


class SttBehaviour(Table):
    """How a session behaves: every one by `[stt]`, and some otherwise by `[[stt.fault]]`."""

    handshake_s: float = Field(0.0, ge=0, le=60)
    """How long the upgrade takes. Real seconds, as all here in `_s`."""
    refuse_status: int | None = Field(None, ge=400, le=599)
    """Refused before the upgrade, with this status."""
    refuse_code: str | None = Field(None, min_length=1, max_length=20)
    """Refused after the upgrade: one error with this code, and the end."""
    close_after_ms: int | None = Field(None, gt=0)
    """Closed after this much audio, with `close_code`."""
    session_limit_s: float | None = Field(None, gt=0, le=86_400)
    """Closed after so long, with `close_code`."""
    flush_first: bool = False
    """What is open is made final before either of these."""
    close_code: CloseCode = 1000
    """The code with which a session is closed; 1006 cuts it off, unless `CloseStream` ends it."""
    close_stream: Literal["all", "some", "none"] = "all"
    """Whose `CloseStream` is honoured; `some` is Deepgram, Speechmatics and Soniox."""
    idle_timeout_s: float = Field(20.0, gt=0, le=3600)
    """Without audio, `KeepAlive` or any other message for so long it is flushed and closed."""
    deaf_after_ms: int | None = Field(None, ge=0)
    """After this much audio nothing is answered and nothing closed, whatever comes."""
    answers_pings: bool = True
    """Off: once it is deaf, not even pings are answered."""
    stall_after_ms: int | None = Field(None, ge=0)
    """After this much audio nothing is read for `stall_s`; then it goes on, late."""
    stall_s: float = Field(5.0, ge=0, le=600)
    partials: bool = True
    """Off: `interim_results` is accepted and ignored."""
    times: Literal["as_given", "never", "always"] = "as_given"
    """Words with times, which Telnyx does not document: as a relayed recogniser gives them, or
    from the script as well."""
    is_final: bool = True
    """Off: finals come without `is_final`, and partials not at all."""
    utterance_end: bool = False
    """An empty `utterance_end` after each final."""
    late_s: Late = (0.0, 0.0)
    """Each result comes late by something in this range, in order."""
    garbage: Chance = 0
    """What is no JSON comes before a result."""
    garbage_in_a_row: int = Field(1, ge=1, le=100)
    wrong_order: Chance = 0
    """A result comes after the next one."""
    restate: Chance = 0
    """A final comes twice."""
    one_final: bool = False
    """The only result is one final, once no audio came for `one_final_after_s`; with
    `interim_results` there is none at all. So Telnyx's own engine was seen to do."""
    one_final_after_s: float = Field(0.4, gt=0, le=60)
    one_final_holds_s: float = Field(0.0, ge=0, le=600)
    """How long the session is held open after it, deaf."""


class SttFault(SttBehaviour):
    """What goes wrong with some sessions. All tables that match a session count, the last most.

    Only the keys that stand in it say anything: the others are as in `[stt]`.
    """

    engines: tuple[str, ...] = ("*",)
    """Engines, with `*`."""
    sessions: tuple[int, int] | None = None
    """From the how-manieth to the how-manieth session of its engine, counted from 1."""
    from_s: float = Field(0.0, ge=0)
    """Sessions that are opened from then on, in seconds of the scenario since its first call."""
    until_s: float | None = Field(None, gt=0)
    chance: Chance = 1
    """For each session anew."""


class SttSettings(SttBehaviour):
    """The speech-to-text WebSocket."""

    type_field: bool = False
    """`"type": "transcript"` in every answer, as the SDK's schema has it."""
    error_shape: Literal["errors", "error"] = "errors"
    auth_failure: Literal["before_upgrade", "after_upgrade"] = "before_upgrade"
    reject_origin: bool = True
    engine_case: Literal["any", "exact"] = "any"
    """`exact`: an engine's name in other letters closes the session, as was seen live."""
    drop_after_ms: int | None = Field(None, gt=0)
    """Sessions are cut after this much audio, without a flush."""
    drop_sessions: int = Field(1, ge=0)
    """How many sessions are cut so, from the first on."""
    fault: tuple[SttFault, ...] = ()
