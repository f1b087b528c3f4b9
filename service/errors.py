"""All errors of the service, named for what the caller should do.

CallscribeError
├── SettingsError               fix the configuration; `problems` lists every fault at once
├── BadInputError               what a stranger sent cannot be read; answer 4xx, log the reason
│   ├── ForgedInputError        the signature, token or time stamp does not hold; answer 401
│   └── RefusedSettingError     asked of the recogniser, and not to be had; answer with its code
├── ControlRefusedError         the state of the call does not allow it; answer 409
├── DrainingError               this process is stopping; answer 503, another one will take it
├── JournalError
│   ├── JournalUnavailableError nothing was written; answer 503 and let the sender retry
│   │   ├── LeaseLostError      this worker is out: its calls are another's, or nobody's
│   │   └── InputRefusedError   no turn of its call can take it; give it up after some tries
│   ├── JournalTooNewError      a newer version wrote this database; run that version
│   ├── StaleCallError          somebody else wrote the call; load it again
│   ├── CallElsewhereError      another worker owns the call; let it have what was for the call
│   └── DuplicateInputError     these inputs were committed before; `input_ids` names them
├── BusUnavailableError         other workers cannot be told just now; drop what was to be told
├── CarrierError
│   ├── CommandRefusedError     Telnyx said no for good; `code` is its error code
│   │   └── CallOverError       the call has ended: success for a stop, the end for a start
│   └── CarrierUnavailableError no answer worth having after the bounded retries
├── TapeError                   a recording of Telnyx's is not to be had so; `reason` says why
├── RecognitionError
│   ├── RecognitionRefusedError the engine refused these settings or this key; do not retry
│   └── RecognitionLostError    the session dropped; connect again and replay
├── DeliveryError
│   ├── TemporaryDeliveryError  try again, after `retry_after_s` if it says so
│   │   ├── HostUnavailableError so does everything that goes there: spare it for a while
│   │   ├── KeptConnectionLostError  try once more at once: most likely nobody saw this attempt
│   │   └── NoDescriptorError    nothing was tried, by our own fault: wait, and blame nobody
│   ├── PermanentDeliveryError  never going to work; park it
│   └── EndpointGoneError       the receiver said 410; disable the endpoint
├── UnknownEndpointError        nobody ever had this name; say one of those that the text names
└── DemoError                   the demo did not see everything it should have

No message holds transcript text, phone numbers, keys or tokens.
"""


class CallscribeError(Exception):
    """The base of every error this service raises on purpose."""


class SettingsError(CallscribeError):
    """The configuration cannot be used; `problems` has one line for each fault."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class BadInputError(CallscribeError):
    """What came in cannot be read. The text is safe to log and to answer with."""


class ForgedInputError(BadInputError):
    """The signature, token or time stamp of what came in does not hold."""


class RefusedSettingError(BadInputError):
    """The recogniser cannot do what a session asked for.

    `code`, `title` and `parameter` are those of Telnyx's `errors`; the text is its `detail`.
    """

    def __init__(self, code: str, title: str, detail: str, parameter: str) -> None:
        self.code = code
        self.title = title
        self.parameter = parameter
        super().__init__(detail)


class ControlRefusedError(CallscribeError):
    """A call's state does not allow what was asked.

    `reason` is why: `not_answered`, `call_over`, or what holds instead, `off` or `paused`.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the call does not allow it: {reason}")


class DrainingError(CallscribeError):
    """This process is stopping and takes no new calls."""


class JournalError(CallscribeError):
    """The base of what the journal raises."""


class JournalUnavailableError(JournalError):
    """The database did not take the transaction (disk full, locked, gone); nothing was written."""


class LeaseLostError(JournalUnavailableError):
    """This worker has no lease now: it writes and delivers nothing until it has another one."""


class InputRefusedError(JournalUnavailableError):
    """A turn of the call failed on this input, and not for the database's sake."""


class JournalTooNewError(JournalError):
    """The database was written by a newer version of Callscribe."""


class StaleCallError(JournalError):
    """The stored call is not the version this commit was made from."""


class CallElsewhereError(JournalError):
    """Another worker owns the call, or nobody does: this process is to let go of it."""


class DuplicateInputError(JournalError):
    """Some of the inputs of this commit were committed before; nothing was written."""

    def __init__(self, input_ids: frozenset[str]) -> None:
        self.input_ids = input_ids
        super().__init__(f"{len(input_ids)} inputs were committed before")


class BusUnavailableError(CallscribeError):
    """Whatever carries messages between workers is not there. Nobody waits for it."""


class CarrierError(CallscribeError):
    """The base of what a command to Telnyx raises."""


class CommandRefusedError(CarrierError):
    """Telnyx refused the command for good.

    `code` is Telnyx's error code as a string ("90034"), or "" when the body had none.
    """

    def __init__(self, code: str, title: str) -> None:
        self.code = code
        self.title = title
        super().__init__(f"refused by Telnyx: {code or 'no code'} {title}".rstrip())


class CallOverError(CommandRefusedError):
    """90018: the call ended before the command reached it."""


class CarrierUnavailableError(CarrierError):
    """Telnyx could not be reached, or kept failing, through all retries."""


class TapeError(CallscribeError):
    """A recording of Telnyx's could not be fetched; `reason` is a slug.

    `for_good`: it never can. `has_expired`: not by this link; Telnyx gives another one.
    """

    def __init__(self, reason: str, *, for_good: bool = False, has_expired: bool = False) -> None:
        self.reason = reason
        self.for_good = for_good
        self.has_expired = has_expired
        super().__init__(f"the recording could not be fetched: {reason}")


class RecognitionError(CallscribeError):
    """The base of what a recognition raises. `code` is the engine's error code, or ""."""

    def __init__(self, message: str, *, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class RecognitionRefusedError(RecognitionError):
    """The STT service refused the session: a bad key or setting. A retry would fail as well."""


class RecognitionLostError(RecognitionError):
    """The STT session dropped, stalled or spoke garbage. Connect again and replay."""


class DeliveryError(CallscribeError):
    """The base of what one attempt at a delivery raises. `status` is the HTTP status, or None.

    `answer` is the beginning of what the receiver said: for people, never for a log.
    """

    answer = ""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class TemporaryDeliveryError(DeliveryError):
    """The attempt failed in a way that a later one may not.

    `retry_after_s` is the receiver's `Retry-After` in seconds, when it sent one.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message, status=status)


class HostUnavailableError(TemporaryDeliveryError):
    """Nobody is there, or nobody has time: what fails is the host, not this delivery."""


class KeptConnectionLostError(TemporaryDeliveryError):
    """A connection was lost that had been used before, which says nothing of the host."""


class NoDescriptorError(TemporaryDeliveryError):
    """This process has no file descriptor left for a connection: nothing was tried."""


class PermanentDeliveryError(DeliveryError):
    """No later attempt would succeed: the delivery is parked."""


class EndpointGoneError(DeliveryError):
    """The receiver answered 410: the endpoint is disabled."""


class UnknownEndpointError(CallscribeError):
    """The journal knows nothing of an endpoint of this name; the text names those that it knows."""


class DemoError(CallscribeError):
    """Something that should have arrived during the demo did not."""
