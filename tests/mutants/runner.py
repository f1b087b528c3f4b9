"""Runs tests against mutants, each in a process of its own.

A parent that has imported everything forks a child for each mutant. The child imports the mutant in
its module's place, and anew whatever imports that, so that nobody has hold of the original. It
takes seconds less than a new interpreter, of which hundreds would be needed. Nothing is written to
the work tree: a run that is interrupted leaves no mutant behind.
"""

import ast
import gc
import importlib.abc
import importlib.machinery
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from tests.mutants.mutants import Mutant

_OURS: Final = ("service", "tests")
_POLL_S: Final = 0.02
_MIN_LIMIT_S: Final = 30.0


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    """It kept a test from ending: killed as well."""
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class _Child:
    mutant: Mutant
    folder: Path
    """What its tests write."""
    ends_at: float


class Runner:
    """Runs these tests, first without a mutant, then with each.

    Each file by itself: most mutants are killed before the others are imported.
    """

    def __init__(self, module: str, tests: Sequence[str]) -> None:
        self._anew = _dependent_on(module)
        self._tests = tests
        self._limit_s = _MIN_LIMIT_S

    def measure(self) -> float:
        """Run the tests as they are; return how many seconds they take.

        Raises:
            RuntimeError: They do not pass.
        """
        with tempfile.TemporaryDirectory(prefix="callscribe-mutants-") as folder:
            began = time.monotonic()
            _, status = os.waitpid(self._fork(None, Path(folder)), 0)
        if status:
            raise RuntimeError(f"without a mutant, too, tests fail: {' '.join(self._tests)}")
        took_s = time.monotonic() - began
        self._limit_s = _MIN_LIMIT_S + 4 * took_s
        return took_s

    def fates(self, mutants: Sequence[Mutant], *, jobs: int) -> Iterator[tuple[Mutant, Fate]]:
        """Yield what becomes of each mutant, so many at a time, as they end."""
        waiting = list(reversed(mutants))
        running: dict[int, _Child] = {}
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    self._start(waiting.pop(), running)
                yield from _ended(running)
                time.sleep(_POLL_S)
        finally:
            for pid, child in running.items():
                _kill(pid)
                shutil.rmtree(child.folder, ignore_errors=True)

    def _start(self, mutant: Mutant, running: dict[int, _Child]) -> None:
        folder = Path(tempfile.mkdtemp(prefix="callscribe-mutants-"))
        pid = self._fork(mutant, folder)
        running[pid] = _Child(mutant, folder, time.monotonic() + self._limit_s)

    def _fork(self, mutant: Mutant | None, folder: Path) -> int:
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.setpgid(0, 0)
                code = self._run(mutant, folder)
            finally:
                os._exit(code)
        return pid

    def _run(self, mutant: Mutant | None, folder: Path) -> int:
        for name in self._anew:
            del sys.modules[name]
        if mutant is not None:
            sys.meta_path.insert(0, _Substitute(mutant.place.module, mutant.source))
            _silence()
        options = ("-q", "-x", "-p", "no:cacheprovider", f"--basetemp={folder / 'tests'}")
        return any(pytest.main([*options, *_WARNINGS, test]) for test in self._tests)


_WARNINGS: Final = ("-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning")
"""The last: the parent has imported plug-ins already."""


def preload(tests: Sequence[str]) -> None:
    """Import tests and all that they need, so that no child has to.

    Raises:
        RuntimeError: The tests cannot be collected.
    """
    with _silent():
        code = pytest.main(["-q", "--collect-only", "-p", "no:cacheprovider", *tests])
    if code:
        raise RuntimeError(f"tests cannot be collected: {' '.join(tests)}")
    gc.freeze()  # children are not to copy all of it


def _dependent_on(module: str) -> set[str]:
    """Return the modules of ours that were imported and import this one, by however many others."""
    imports = {name: set(_imported(name)) for name in sys.modules if _is_ours(name)}
    found, new = {module}, {module}
    while new:
        new = {name for name, others in imports.items() if others & new} - found
        found |= new
    return found & sys.modules.keys()


def _imported(name: str) -> Iterator[str]:
    """Yield what a module imports, and each package that this is in."""
    file = getattr(sys.modules[name], "__file__", None)
    if file is None:
        return
    for node in ast.walk(ast.parse(Path(file).read_text())):
        match node:
            case ast.ImportFrom(module=str(source), names=names):
                yield source
                yield from (f"{source}.{one.name}" for one in names)
            case ast.Import(names=names):
                yield from (one.name for one in names)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in _OURS


class _Substitute(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports a mutant where a module is asked for."""

    def __init__(self, module: str, source: str) -> None:
        self._module = module
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the one module."""
        del path, target
        return spec_from_loader(fullname, self) if fullname == self._module else None

    def get_source(self, fullname: str) -> str:
        """Return the mutant's text."""
        del fullname
        return self._source


def _ended(running: dict[int, _Child]) -> Iterator[tuple[Mutant, Fate]]:
    """Yield the children that have ended, or whose time is up."""
    for pid, child in list(running.items()):
        ended, status = os.waitpid(pid, os.WNOHANG)
        late = not ended and time.monotonic() > child.ends_at
        if not ended and not late:
            continue
        if late:
            _kill(pid)
        del running[pid]
        shutil.rmtree(child.folder, ignore_errors=True)
        fate = Fate.KILLED if status else Fate.SURVIVED
        yield child.mutant, Fate.TIMED_OUT if late else fate


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


@contextmanager
def _silent() -> Iterator[None]:
    """Have nothing written to standard output and standard error meanwhile."""
    kept = os.dup(1), os.dup(2)
    _silence()
    try:
        yield
    finally:
        for number, one in enumerate(kept, 1):
            os.dup2(one, number)
            os.close(one)
