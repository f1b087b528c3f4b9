import io
import json
import logging

import pytest
import structlog

from service.log_output import LogOutput
from service.logs import set_up_logs

CANARY = "canary-4711"


class Output(io.StringIO):
    """What a process's output would be; to look at it closes the log."""

    log: LogOutput

    def getvalue(self) -> str:
        """Return what is in it once all is written."""
        self.log.close()
        return super().getvalue()


class Terminal(Output):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def logging_to(output: Output) -> Output:
    """Set logs up."""
    output.log = set_up_logs(output)
    return output


@pytest.fixture
def stream() -> Output:
    """Return what a process's output would be."""
    return logging_to(Output())


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """Read the JSON lines."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_the_call_it_is_about(stream: io.StringIO) -> None:
    """The call is bound once; every line of its task carries it."""
    with structlog.contextvars.bound_contextvars(call_id="c1"):
        structlog.get_logger().info("delivery_retried", attempts=2)

    (line,) = lines(stream)
    stamp = line.pop("timestamp")
    assert str(stamp).endswith("Z")
    assert line == {
        "event": "delivery_retried",
        "level": "info",
        "call_id": "c1",
        "attempts": 2,
    }


def test_a_terminal_gets_readable_lines() -> None:
    """No JSON for people."""
    terminal = logging_to(Terminal())

    structlog.get_logger().warning("endpoint_gone", endpoint="crm")

    assert "endpoint_gone" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_traceback_has_no_local_variables(*, terminal: bool) -> None:
    """A key held by a failing function stays out, in JSON and on a terminal."""
    stream = logging_to(Terminal() if terminal else Output())

    try:
        _fail_holding(CANARY)
    except ZeroDivisionError:
        structlog.get_logger().exception("call_failed")

    assert "ZeroDivisionError" in stream.getvalue()
    assert "_fail_holding" in stream.getvalue()
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        {"token": CANARY},
        {"Authorization": CANARY},
        {"text": CANARY},
        {"to": CANARY},
        {"deep": {"list": [{"secret": CANARY}]}},
        {"error": f"refused: Bearer {CANARY}"},
        {"url": f"wss://calls.example.com/media/{CANARY}"},
        {"url": f"https://example.com/hook?key={CANARY}"},
        {"url": f"https://user:{CANARY}@example.com/hook"},
        {"why": ValueError(f"whsec_{CANARY}")},
        {"why": f"no key: csk_{CANARY}.abc"},
        {"offered": ["callscribe.v1", f"callscribe.token.cst_{CANARY}"]},
    ],
)
def test_secrets_are_masked_wherever_they_are(stream: io.StringIO, data: dict[str, object]) -> None:
    """By key at any depth, and by shape in any string, should a line be written that holds one."""
    structlog.get_logger().info("thing_happened", **data)

    assert CANARY not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_phone_numbers_and_telnyx_keys_are_cut_out(stream: io.StringIO) -> None:
    """Whatever key they come under."""
    structlog.get_logger().info("call +13125550100 refused", detail="KEY0190ABCDEF0123456789_xyz")

    assert "+1312" not in stream.getvalue()
    assert "KEY0190" not in stream.getvalue()


def test_an_exception_text_is_cut_as_well(stream: io.StringIO) -> None:
    """Libraries put URLs into their errors."""
    try:
        raise OSError("cannot reach wss://a.example/media/" + CANARY)  # noqa: TRY301 - logged below
    except OSError:
        structlog.get_logger().exception("media_failed")

    assert "cannot reach" in stream.getvalue()
    assert CANARY not in stream.getvalue()


def test_the_log_sink_may_write_words(stream: io.StringIO) -> None:
    """Its own field is left alone, to the last digit; the same key elsewhere is masked."""
    words = {"text": "call me at +13125550100", "to": "+13125550101"}

    structlog.get_logger().info("event_delivered", payload=words)
    structlog.get_logger().info("something_else", payload=words)

    assert [line["payload"] for line in lines(stream)] == [words, "***"]


def test_counts_are_not_masked(stream: io.StringIO) -> None:
    """A number under such a key is a quantity."""
    structlog.get_logger().info("call_finished", words=7, text=None)

    (line,) = lines(stream)
    assert (line["words"], line["text"]) == (7, None)


def test_endless_nesting_ends(stream: io.StringIO) -> None:
    """What is deeper than a log line ever should be is masked whole."""
    nested: list[object] = [CANARY]
    for _ in range(50):
        nested = [nested]

    structlog.get_logger().info("thing_happened", nested=nested)

    assert CANARY not in stream.getvalue()


def test_libraries_are_heard_only_when_something_is_wrong(stream: io.StringIO) -> None:
    """Their debug lines hold tokens; a level they set themselves changes nothing."""
    for name in ("telnyx", "httpx", "websockets.client", "aiohttp.server"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.debug("request to %s", CANARY)
        logger.info("request to %s", CANARY)
        logger.setLevel(logging.NOTSET)
    logging.getLogger("aiohttp.access").warning("GET /media/%s", CANARY)
    logging.getLogger("aiohttp.websocket").warning("Client protocols %s", [CANARY])
    logging.getLogger("websockets.server").warning("opening %s failed", "handshake")

    (line,) = lines(stream)
    assert (line["event"], line["logger"]) == ("opening handshake failed", "websockets.server")


def _fail_holding(key: str) -> float:
    return len(key) / 0
