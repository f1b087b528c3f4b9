"""Every reason that an event can give has words in the console; nobody is shown a slug."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from service.archive import wording
from service.calls.carrier_answers import CommandName

SERVICE = Path(__file__).parents[2] / "service"
REASONS = SERVICE / "console" / "static" / "reasons.js"
ROOMS = ("calls", "stt", "runtime", "archive", "cli/calls", "delivery")
"""Where reasons come from."""
SLUG = re.compile(r"[a-z]+(_[a-z]+)*")
TOLD = frozenset({
    "Gap", "OpenGap", "RecognitionLostError", "RecognitionRefusedError", "_disable", "_park",
    "_tell_switch", "degraded", "disable", "give_up", "lose", "lose_all", "park_lanes", "skip",
    "trouble",
})  # fmt: skip
"""What takes a reason as one of its arguments."""
LOGGED = frozenset({"debug", "error", "exception", "info", "warning"})
"""What takes one for the log only."""
NOT_REASONS = frozenset({"delivery_parked", "endpoint_disabled"})


def trees() -> Iterator[ast.Module]:
    """Yield the modules of these rooms."""
    for room in ROOMS:
        for path in sorted((SERVICE / room).rglob("*.py")):
            yield ast.parse(path.read_text())


def constants() -> dict[str, str]:
    """Return the names that stand for a slug."""
    found: dict[str, str] = {}
    for node in (node for tree in trees() for node in ast.walk(tree)):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for name, value in pairs:
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant):
                    found[name.id] = str(value.value)
    return found


def named(call: ast.Call) -> str:
    """Return what is called."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def given(call: ast.Call) -> Iterator[ast.expr]:
    """Yield what this call gives as a reason, if it gives one."""
    if named(call) in LOGGED:
        return
    yield from (word.value for word in call.keywords if word.arg == "reason")
    if named(call) in TOLD:
        yield from call.args


def reasons() -> set[str]:
    """Return the slugs that are given as reasons."""
    names = constants()
    found: set[str] = set()
    for call in (node for tree in trees() for node in ast.walk(tree)):
        for one in given(call) if isinstance(call, ast.Call) else ():
            match one:
                case ast.Constant(value=str(slug)):
                    found.add(slug)
                case ast.Name(id=name) | ast.Attribute(attr=name) if name in names:
                    found.add(names[name])
    return {slug for slug in found if SLUG.fullmatch(slug)} - NOT_REASONS


def table(name: str) -> dict[str, str]:
    """Return a table of the console."""
    whole = re.compile(rf"^const {name} = {{$(.*?)^}};$", re.MULTILINE | re.DOTALL)
    (body,) = whole.findall(REASONS.read_text())
    return dict(re.findall(r'^  "([a-z_]+)": "(.*)",$', body, re.MULTILINE))


def test_every_reason_has_words() -> None:
    """Whoever thinks of a new one writes down what people are to read."""
    found = reasons()
    assert {"media_stopped", "stalled", "no_words", "gave_up"} <= found
    assert found - set(table("REASONS")) == set()


def test_texts_and_the_terminal_say_the_same_words() -> None:
    """One reason is not called one thing on a page, and another one in a file."""
    assert table("REASONS") == wording.REASONS
    assert table("COMMANDS") == wording.COMMANDS
    assert table("FAILURES") == wording.FAILURES


def test_every_command_that_can_fail_has_words() -> None:
    """The reason is then made of the command and of what went wrong."""
    assert set(table("COMMANDS")) == set(CommandName.__args__)  # type: ignore[attr-defined]
