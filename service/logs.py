"""Log lines: console on a terminal, one JSON object per line otherwise.

Words of a call, phone numbers and secrets are kept out where a line is written. This module is
the last line of defence: known keys are masked, known shapes are cut out of every string,
tracebacks carry no local variables, and chatty libraries are heard from `warning` on only, since
their debug lines hold URLs with tokens and request bodies.

To log never waits and never fails (`service/log_output.py`), and of each kind of line only so
many a second are written (`service/log_throttle.py`), those of the log sink apart.
"""

import atexit
import logging
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from service.log_output import LogOutput, OutputLogger, lost
from service.log_throttle import KindThrottle

MASK = "***"
_SINK_EVENT, _SINK_KEY = "event_delivered", "payload"
"""The log sink's line and its field: the one place where words of a call may be."""

_MASKED_KEYS = frozenset(
    (
        "api_key",
        "auth_token",
        "authorization",
        "body",
        "client_state",
        "from",
        "from_",
        "from_number",
        "headers",
        "password",
        "payload",
        "secret",
        "secret_previous",
        "signing_key",
        "signature",
        "text",
        "to",
        "to_number",
        "token",
        "words",
    )
)
_MASKED_SHAPES = re.compile(
    r"(?P<keep>\bbearer\s+|\bwhsec_|/media/|://[^\s/?#@]*:(?=[^\s/@]*@)|://[^\s?#]*\?)[^\s'\"),@]+"
    r"|\+\d{7,15}\b|\bKEY[0-9A-Fa-f]{10,}_?\w*|cs[kt]_[\w.-]{8,}",
    re.IGNORECASE,
)
_UNHEARD = frozenset(("aiohttp.access", "aiohttp.websocket"))
"""Loggers of libraries whose lines hold paths and subprotocols, and so tokens."""
_MAX_DEPTH = 8


def set_up_logs(stream: TextIO, *, level: int = logging.INFO) -> LogOutput:
    """Send the lines of this process, ours and the libraries', to `stream`.

    To be called once, by the command line, before anything else logs. The end of the process
    closes the output.
    """
    pretty = stream.isatty()
    output = LogOutput(stream)
    atexit.register(output.close)
    throttle = KindThrottle()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last = _last_processors(pretty=pretty)
    structlog.configure(
        processors=[_unfailing([_throttled(throttle), *shared, *last])],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: OutputLogger(output),
    )
    handler = logging.StreamHandler(output)
    handler.addFilter(_is_worth_hearing)
    handler.addFilter(lambda record: throttle.take((record.name, record.msg), _now()) is not None)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # to say so on stderr, which may be what does not take it
    return output


def name_worker(number: int) -> None:
    """Have every line say which of several processes wrote it. For the main task, at its start."""
    structlog.contextvars.bind_contextvars(worker=number)


def mask(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Mask the values of known keys and cut known shapes out of the rest (structlog processor)."""
    spared = _SINK_KEY if line.get("event") == _SINK_EVENT else None
    return {
        key: value if key == spared else _masked(key, value, _MAX_DEPTH)
        for key, value in line.items()
    }


def _unfailing(processors: Sequence[Processor]) -> Processor:
    """Run processors as one; a line that they cannot render is lost, and nobody fails by it."""

    def process(logger: WrappedLogger, method: str, line: EventDict) -> Any:  # noqa: ANN401 - any rendering
        rendered: Any = line
        kept = line.get("event") == _SINK_EVENT
        try:
            for processor in processors:
                rendered = processor(logger, method, rendered)
        except structlog.DropEvent:
            raise
        except Exception:  # noqa: BLE001 - whoever logs is doing something else
            lost["unreadable"] += 1
            raise structlog.DropEvent from None
        return (rendered,), {"kept": kept}

    return process


def _throttled(throttle: KindThrottle) -> Processor:
    def process(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        event = line.get("event")
        if event == _SINK_EVENT:
            return line
        left_out = throttle.take(event, _now())
        if left_out is None:
            lost["throttled"] += 1
            raise structlog.DropEvent
        if left_out:
            line["left_out"] = left_out
        return line

    return process


def _now() -> float:
    return time.monotonic()


def _last_processors(*, pretty: bool) -> list[Processor]:
    if pretty:
        return [
            structlog.processors.ExceptionRenderer(),
            mask,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    exceptions = ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(exceptions),
        mask,
        structlog.processors.JSONRenderer(),
    ]


def _is_worth_hearing(record: logging.LogRecord) -> bool:
    # TELNYX_LOG=debug sets its logger's level at import, after this module ran
    return record.levelno >= logging.WARNING and record.name not in _UNHEARD


def _masked(key: object, value: object, depth: int) -> object:
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(key, str) and key.lower() in _MASKED_KEYS:
        return MASK
    return _cut(value, depth)


def _cut(value: object, depth: int) -> object:
    if isinstance(value, str):
        return _MASKED_SHAPES.sub(_keep_the_start, value)
    if depth == 0:
        return MASK
    if isinstance(value, Mapping):
        return {key: _masked(key, item, depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_cut(item, depth - 1) for item in value]
    return value if value is None or isinstance(value, (int, float)) else _cut(str(value), depth)


def _keep_the_start(found: re.Match[str]) -> str:
    return (found["keep"] or "") + MASK
