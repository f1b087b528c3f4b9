"""Whatever is typed that cannot be, the answer is in words and no traceback."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.cli import main, make_parser
from service.cli.common import host
from service.exits import Exit
from tests.cli.harness import callscribe
from tests.settings.builders import KEYS
from tests.words import python_s

GARBAGE = ("garbage", "", "nan", "1e9", "٣", "9" * 5000, "\udcff", "-1x")
"""None of it is a number, a time, an address or a scope; some of it may be a host."""
RECORDING = "fixtures/speech/jfk.ulaw"
NOWHERE = "http://127.0.0.1:1"


def options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, ...]]:
    """Yield each argument that is checked while it is read, after the words of its command."""
    for action in parser._actions:  # noqa: SLF001 - argparse gives no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for name, part in action.choices.items():
                yield from ((name, *found) for found in options(part))
        elif action.type not in (None, Path, host) or (action.choices and action.nargs != 0):
            yield (action.option_strings[-1],) if action.option_strings else ()


@pytest.mark.parametrize("words", list(options(make_parser())), ids=" ".join)
def test_no_argument_is_refused_in_python_s_words(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each says what it should be, of whatever garbage it was given."""
    refused = 0
    for value in GARBAGE:
        option = [f"{words[-1]}={value}"] if words[-1].startswith("-") else [words[-1], "--", value]
        with pytest.raises(SystemExit) as exited:
            main([*words[:-1], *option])
        said = capsys.readouterr().err
        refused += "error: argument" in said

        assert exited.value.code == Exit.USAGE
        assert not python_s(said.replace(value, "") if value else said)
    assert refused


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("calls ls --since garbage", "should be a time, such as 2026-11-22"),
        ("calls ls --limit x", "should be a whole number, 1 or more"),
        ("calls ls --config .", ".: cannot be read: Is a directory"),
        ("check --config .", ".: cannot be read: Is a directory"),
        ("recogniser --port x", "should be a whole number, 0 to 65535"),
        ("recogniser --host foo..bar", "should be a host, such as 127.0.0.1"),
        ("recogniser --host foo.invalid", "cannot listen on foo.invalid:8090"),
        ("recogniser --model-dir /nope", "is not in /nope"),
        ("simulate /nope --webhook-url http://[", "should be http:// or https:// and a host"),
        ("simulate /nope --webhook-url http://x:99999", "should be http:// or https:// and a host"),
        (f"simulate fixtures --webhook-url {NOWHERE}", "fixtures: cannot be read: Is a directory"),
        (f"simulate README.md --webhook-url {NOWHERE}", "README.md: not TOML: expected"),
        (f"simulate {RECORDING} --webhook-url {NOWHERE}", "is not text in UTF-8"),
        (
            f"simulate fixtures/scenarios/load.toml --host foo.invalid --webhook-url {NOWHERE}",
            "cannot listen on foo.invalid:8092",
        ),
        ("certify garbage --secret x", "should be http:// or https:// and a host"),
        (f"certify {NOWHERE} --secret x", "should be whsec_ and 24 to 64 random bytes"),
        ("transcribe /nope --engine local", "/nope: No such file or directory"),
        ("transcribe . --engine local", "this is not a file"),
        (f"transcribe {NOWHERE}/x.mp3 --follow --engine local", "nothing listens there"),
        ("transcribe http://[/x.mp3 --follow --engine local", "that is no address"),
        ("transcribe http://foo.invalid/x --follow --engine local", "its name does not resolve"),
        ("demo --once --fast --journal /nope/x.db", "/nope/x.db.lock: No such file or directory"),
        ("demo --once --recording README.md", "README.md: not a WAV file"),
        ("journal rekey --new-key-file .", "cannot read .: Is a directory"),
        ("serve", "TELNYX_API_KEY is not set"),
        ("serve --config tests", "tests: cannot be read: Is a directory"),
    ],
)
async def test_what_cannot_be_done_is_told_in_words(command: str, said: str) -> None:
    """As a process, so that nothing is printed behind our back."""
    key = {"CALLSCRIBE_DATABASE_KEY": "A" * 43 + "="} if command.startswith("journal") else {}
    done = await callscribe(*command.split(), **key)

    assert done.code in (Exit.USAGE, Exit.FAILED)
    assert said in done.out + done.err
    assert not python_s(done.out + done.err)


@pytest.mark.parametrize(
    "command",
    [
        "calls erase --yes --number",
        "calls erase",
        "calls show",
        "calls ls --number",
        "calls ls --metadata a=",
        "search",
        "search x --without",
        "replay --to crm",
        "deliveries show",
        "endpoints move crm",
        "keys revoke",
        "audit-erasure",
        "recogniser --model-dir",
    ],
)
async def test_what_is_not_text_is_refused_before_it_goes_anywhere(
    command: str, tmp_path: Path
) -> None:
    """No journal could look for it."""
    *words, last = command.split()
    typed = [f"{last}\udcff"] if last.endswith("=") else [last, "\udcff"]
    journal = {"DATABASE_URL": f"sqlite:///{tmp_path / 'j.db'}"}
    done = await callscribe(*words, *typed, **journal)

    assert done.code == Exit.USAGE
    assert "should be text in UTF-8" in done.err
    assert not python_s(done.err)


async def test_a_file_may_have_a_name_that_is_not_text(tmp_path: Path) -> None:
    """To the system, names are bytes; what cannot be shown of them is spelt out."""
    path = tmp_path / "\udcff.toml"
    path.write_text("")
    done = await callscribe("config", "--config", str(path))

    assert (done.code, done.err) == (Exit.OK, "")
    assert "\\udcff.toml" in done.out


@pytest.mark.parametrize("command", [("--help",), ("check",), ("calls", "ls", "--help")])
@pytest.mark.parametrize("pipe", ["closed", "gone", "full"])
def test_output_that_goes_nowhere_is_no_crash(command: tuple[str, ...], pipe: str) -> None:
    """Closed by the shell, left by its reader, or on a full disk: never a traceback."""
    shell = f'"$@" {">&-" if pipe == "closed" else ">/dev/full" if pipe == "full" else ""}'
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "service", *command],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        env=KEYS | {"DATABASE_URL": "sqlite:////nowhere/calls.db"},
    )
    os.close(writer)

    told = "the output cannot be written: No space left on device\n" if pipe == "full" else ""
    assert done.stderr == told or (pipe == "closed" and not python_s(done.stderr))
    assert done.returncode == Exit.FAILED or pipe == "closed"
