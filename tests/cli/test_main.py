import os
import re
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service import __version__
from service.cli import main
from service.exits import Exit
from tests.settings.builders import KEYS

COMMANDS = (
    "init",
    "check",
    "config",
    "serve",
    "demo",
    "recogniser",
    "transcribe",
    "simulate",
    "certify",
    "endpoints",
    "deliveries",
    "replay",
    "calls",
    "search",
    "keys",
    "access",
    "audit-erasure",
    "audit-redaction",
    "journal",
    "health",
)


def callscribe(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a shell would, with these variables only."""
    command = [sys.executable, "-m", "service", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=variables
    )


def test_help_names_every_command() -> None:
    """What there is, and what exit codes mean."""
    done = callscribe("--help")

    assert done.returncode == Exit.OK
    assert re.findall(r"^    ([a-z-]+)\b", done.stdout, re.MULTILINE) == list(COMMANDS)
    assert "Exit codes" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    """Nothing slow is loaded for that, and nothing is needed."""
    done = callscribe(command, "--help")

    assert (done.returncode, done.stderr) == (Exit.OK, "")


def test_help_is_quick_because_no_room_is_loaded() -> None:
    """The libraries that take long to import wait until a command is run."""
    script = (
        "import sys, service.cli; sys.exit(' '.join(sorted({'aiohttp', 'pydantic', 'structlog', "
        "'telnyx', 'asyncio', 'msgspec', 'rich', 'service.settings'} & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stderr.split() == []
    assert min(_seconds_of_help() for _ in range(3)) < 0.5


def test_the_version_is_the_packages() -> None:
    """One place says it."""
    assert callscribe("--version").stdout == f"callscribe {__version__}\n"


def test_a_wrong_command_line_is_a_usage_error() -> None:
    """As argparse has it."""
    assert callscribe("surf").returncode == Exit.USAGE
    assert callscribe().returncode == Exit.USAGE
    assert callscribe("deliveries").returncode == Exit.USAGE
    assert callscribe("recogniser", "--port", "70000").returncode == Exit.USAGE


@pytest.mark.parametrize("command", ["serve", "check"])
def test_wrong_settings_are_told_without_a_traceback(command: str, tmp_path: Path) -> None:
    """Each fault is a line; the exit code says that nothing was started."""
    config = tmp_path / "callscribe.toml"
    config.write_text("lisen = 1\n")

    done = callscribe(*command.split(), "--config", str(config))

    said = done.stdout + done.stderr
    assert done.returncode == Exit.USAGE
    assert "TELNYX_API_KEY is not set" in said
    assert f'{config}:1: lisen: unknown key, did you mean "listen"?' in said
    assert "Traceback" not in said


def test_the_journal_s_commands_need_no_key_of_telnyx(tmp_path: Path) -> None:
    """They run in a second shell, beside the service; other faults are told all the same."""
    config = tmp_path / "callscribe.toml"
    config.write_text("lisen = 1\n")

    done = callscribe("deliveries", "ls", "--config", str(config))

    said = done.stdout + done.stderr
    assert done.returncode == Exit.USAGE
    assert "TELNYX" not in said
    assert "did you mean" in said


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    """CALLSCRIBE_CONFIG works for every command."""
    done = callscribe("check", CALLSCRIBE_CONFIG=str(tmp_path / "absent.toml"))

    assert "there is no such file" in done.stdout


def test_a_key_named_but_not_set_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A recogniser is never open to all because of a typing error."""
    assert main(["recogniser", "--api-key-env", "NOT_SET_ANYWHERE"]) == Exit.USAGE
    assert "NOT_SET_ANYWHERE is not set" in capsys.readouterr().err


def test_an_address_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    """With what to do about it, and without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = callscribe(
            "serve",
            CALLSCRIBE_LISTEN=address,
            CALLSCRIBE_DATABASE_URL=f"sqlite:///{tmp_path}/j.db",
            **KEYS,
        )

    assert done.returncode == Exit.USAGE
    assert done.stderr.startswith(f"listen: cannot listen on {address} (")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_seen_enough_is_no_crash() -> None:
    """`callscribe check | head -1` prints no traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "service", "check", "--config", "/absent"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writer)

    assert (done.returncode, done.stderr) == (Exit.FAILED, b"")


def _seconds_of_help() -> float:
    """Return its own time, in which others' load is not."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    callscribe("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
