"""What the page says to make is made, as far as a test may."""

import os
import re
import shlex
import subprocess

import pytest

from tests.readme.harness import README, REPOSITORY, command, words_of

pytestmark = pytest.mark.slow
_MADE = ("-o", ".venv/.made-from-lock")
"""The environment is taken as it is: a test installs nothing."""
_INHERITED = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
"""What a `make` hands to those below it, which then also say into which folder they go."""


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Have something made with what is installed, as if typed, whoever made these tests run."""
    typed = {name: value for name, value in os.environ.items() if name not in _INHERITED}
    return subprocess.run(
        ["make", *_MADE, *arguments],
        cwd=REPOSITORY,
        env=typed,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.speech
def test_the_demo_is_made_and_says_that_all_arrived() -> None:
    """By the line that the page has for scripts: it fails if anything did not."""
    (flags,) = re.findall(r'`make demo (ARGS="--once --fast")`', README)
    done = make(*words_of(command("make demo"))[1:], *shlex.split(flags))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "callscribe init" in done.stdout


@pytest.mark.parametrize("flag", ["--source in_call", "--real", "--recording"])
def test_the_demo_has_the_flags_that_the_page_speaks_of(flag: str) -> None:
    """In its own help, by the same line."""
    done = make("demo", "ARGS=--help")

    assert done.returncode == 0
    assert f"{flag.split(maxsplit=1)[0]} " in done.stdout
    assert flag in README


def test_every_program_of_the_checks_and_tests_runs() -> None:
    """All of `make test` inside a test is no end: each of its programs tells of itself."""
    done = make(*words_of(command("make test"))[1:], "--dry-run")
    lines = [shlex.split(line) for line in done.stdout.splitlines()]
    programs = {tuple(line[: 1 + line.index("-m") + 1 if "-m" in line else 1]) for line in lines}

    assert done.returncode == 0
    assert {program[-1].rpartition("/")[2] for program in programs} >= {"ruff", "mypy", "coverage"}
    for program in programs:
        helped = subprocess.run(
            [*program, "--help"], cwd=REPOSITORY, capture_output=True, check=False
        )
        assert helped.returncode == 0, program
    for folder in {word for line in lines for word in line if word.startswith("tests/")}:
        assert (REPOSITORY / folder).is_dir()
