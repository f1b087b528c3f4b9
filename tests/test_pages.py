"""What the pages of the repository name is there: paths, commands, settings, sections."""

import ast
import io
import re
import shlex
from collections.abc import Callable, Collection, Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path, PurePath
from typing import Any, get_args

import pytest

from service.cli import main
from service.simulator.scenario import Scenario
from tests.house.figures import tracked

REPOSITORY = Path(__file__).parents[1]
TELNYX = REPOSITORY / "service" / "TELNYX.md"
PAGES = [REPOSITORY / name for name in tracked(REPOSITORY, "*.md")]
BESIDE_WHAT_THEY_NAME = [
    page for page in PAGES if page.relative_to(REPOSITORY).parts[0] in ("fixtures", "tests")
]
"""Pages about their own folder: they name what is in it without its path."""
UNFINISHED = frozenset({"simulator", "stt"})
"""Rooms that do not name all of their modules yet."""
ROOMS = [
    package.parent
    for package in sorted((REPOSITORY / "service").rglob("__init__.py"))
    if package.parent != REPOSITORY / "service"
    if package.relative_to(REPOSITORY / "service").parts[0] not in UNFINISHED
]
ELSEWHERE = ("tests/data/wav/acoustic_corpus.wav",)
"""Paths that look like ours and are in the archive of a recording's source."""

_BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")
_PATH = re.compile(r"(?<![\w./-])(?:service|tests|fixtures)/[\w./*-]*")
_NAME = re.compile(r"`(\w+)/?`")
_ROW = re.compile(r"^    (\w+(?:, \w+)*)  ", re.MULTILINE)
_BESIDE = re.compile(r"[\w*-]+(?:/[\w*-]+)*(?:/|\.(?:py|md|js|json|toml))")
_DIAGRAM = re.compile(r"^```mermaid$.*?^```$", re.MULTILINE | re.DOTALL)
_PARTICIPANT = re.compile(r"participant \w+ as (\w+/\w+)$", re.MULTILINE)
_RUN_MODULE = re.compile(r"\bpython3?[\w .=-]* -m ([\w.]+)")
_SDK_PATH = re.compile(r"(?:types|resources|lib)/[\w./*-]+")
_THEN = re.compile(r"&&|\|\|?|;")
_TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
_WORD = re.compile(r"[a-z][a-z-]*")
_SETTINGS = re.compile(r"`\[+([\w.]+)\]+ (\w+)`((?:, `\w+`)*)")
_HEADING = re.compile(r"^#+ (\d+(?:\.\d+)?)\b", re.MULTILINE)
_SECTION = re.compile(r"§(\d+(?:\.\d+)?)")
_NAMED_PAGE = re.compile(r"[\w./-]+\.md\b")


def _id(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


every_page = pytest.mark.parametrize("page", PAGES, ids=_id)


@every_page
def test_paths_are_there(page: Path) -> None:
    """Files and folders of the repository, with `*`; links, from where the page is."""
    found = [
        f"{place}: there is no {path}"
        for place, code in code_of(page)
        for path in _PATH.findall(code)
        if path not in ELSEWHERE and not is_there(REPOSITORY, path)
    ]
    found += [
        f"{place}: the link to {target} leads nowhere"
        for place, target in matches(page, _LINK)
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert not found, told(found)


@pytest.mark.parametrize("page", BESIDE_WHAT_THEY_NAME, ids=_id)
def test_files_beside_a_page_are_there(page: Path) -> None:
    """`names/names.json` on `fixtures/README.md` is `fixtures/names/names.json`."""
    found = [
        f"{place}: there is no {code}, beside the page or from the root"
        for place, code in code_of(page)
        if _BESIDE.fullmatch(code)
        if not is_there(page.parent, code) and not is_there(REPOSITORY, code)
    ]

    assert not found, told(found)


@every_page
def test_modules_in_diagrams_are_there(page: Path) -> None:
    """`participant C as runtime/call`; and no `;`, which would end the line and the diagram."""
    diagrams = [block[0] for block in _DIAGRAM.finditer(page.read_text())]
    named = [name for diagram in diagrams for name in _PARTICIPANT.findall(diagram)]
    found = [
        f"{page.name}: the service has no {name}"
        for name in named
        if not any(is_there(REPOSITORY / "service", end) for end in (f"{name}.py", f"{name}/"))
    ]

    assert not found, told(found)
    assert not any(";" in diagram for diagram in diagrams)


@every_page
def test_modules_that_are_run_are_there(page: Path) -> None:
    """`python -m tests.wire.builders` names a module."""
    found = [
        f"{place}: python -m {name} runs nothing"
        for place, code in code_of(page)
        for name in _RUN_MODULE.findall(code)
        if not can_be_run(name)
    ]

    assert not found, told(found)


def test_modules_that_docstrings_run_are_there() -> None:
    """What a module says of itself is copied into a shell, too."""
    found = [
        f"{path.relative_to(REPOSITORY)}: python -m {name} runs nothing"
        for path in modules_of("service", "tests")
        for name in _RUN_MODULE.findall(" ".join((docstring_of(path) or "").split()))
        if name.partition(".")[0] in ("service", "tests") and not can_be_run(name)
    ]

    assert not found, told(found)


@pytest.mark.parametrize("room", ROOMS, ids=_id)
def test_a_room_says_what_its_modules_do(room: Path) -> None:
    """Its `__init__` names each of them, and each folder: `like` or `this/`, or in a table."""
    said = docstring_of(room / "__init__.py") or ""
    named = {*_NAME.findall(said), *", ".join(_ROW.findall(said)).split(", ")}

    assert not {path.stem for path in parts_of(room)} - named


def test_the_parts_of_the_service_are_on_its_map() -> None:
    """Every room, and every module that stands beside the rooms."""
    page = (REPOSITORY / "service" / "README.md").read_text()
    parts = [str(path.relative_to(REPOSITORY)) for path in parts_of(REPOSITORY / "service")]

    assert not [part for part in parts if f"`{part}`" not in page and f"`{part}/`" not in page]


@every_page
def test_make_targets_are_there(page: Path) -> None:
    """`make demo ARGS=…` names `demo`."""
    targets = _TARGET.findall((REPOSITORY / "Makefile").read_text())
    found = [
        f"{place}: the Makefile has no target {word!r}"
        for place, words in commands_of(page, "make")
        for word in words
        if "=" not in word and not word.startswith("-") and word not in targets
    ]

    assert not found, told(found)


@every_page
def test_commands_are_there(page: Path) -> None:
    """`callscribe calls erase CALL` names `calls` and its `erase`."""
    found = [
        f"{place}: callscribe {' '.join(words)}: {refusal}"
        for place, words in commands_of(page, "callscribe")
        if (refusal := refusal_of(words))
    ]

    assert not found, told(found)


def test_the_sections_that_modules_cite_are_there() -> None:
    """Whoever follows `TELNYX.md §5.2` finds it; so does the page itself."""
    sections = set(_HEADING.findall(TELNYX.read_text()))
    modules = [path for path in modules_of("service") if TELNYX.name in path.read_text()]
    found = [
        f"{place}: {TELNYX.name} has no §{section}"
        for path in (TELNYX, *modules)
        for place, section in matches(path, _SECTION)
        if section not in sections
    ]

    assert not found, told(found)


def test_the_pages_that_modules_cite_are_there() -> None:
    """A module sends nobody to a page that only its author has."""
    places = (REPOSITORY, REPOSITORY / "service")
    found = [
        f"{place}: there is no {name}"
        for path in modules_of("service")
        for place, name in matches(path, _NAMED_PAGE)
        if not any((folder / name).exists() for folder in (*places, path.parent))
    ]

    assert not found, told(found)


def test_the_simulator_settings_that_are_named_are_there() -> None:
    """`[media] jitter_ms` is a key of a scenario; after a comma the table is the same."""
    text = TELNYX.read_text()
    found = [
        f"{place_of(TELNYX, text, match.start())}: [{match[1]}] of a scenario has no {key!r}"
        for match in _SETTINGS.finditer(text)
        for key in (match[2], *_SPAN.findall(match[3]))
        if key not in settings_of(match[1])
    ]

    assert not found, told(found)


def test_the_paths_in_the_sdk_are_there() -> None:
    """The page cites files of Telnyx's SDK; when they move, somebody reads them again."""
    sdk = find_spec("telnyx")
    assert sdk is not None
    assert sdk.origin is not None
    found = [
        f"{place}: the installed SDK has no {code}"
        for place, code in code_of(TELNYX)
        if _SDK_PATH.fullmatch(code) and not is_there(Path(sdk.origin).parent, code)
    ]

    assert not found, told(found)


# --- what a page names ---


def code_of(page: Path) -> Iterator[tuple[str, str]]:
    """Yield spans and the lines of blocks, each after its place (`README.md:12`)."""
    text = page.read_text()
    prose = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
    for span in _SPAN.finditer(prose):
        yield place_of(page, prose, span.start()), " ".join(span[1].split())
    for block in _BLOCK.finditer(text):
        at = block.start()
        for line in block[0].splitlines(keepends=True):
            yield place_of(page, text, at), line.strip().removeprefix("$ ").rstrip("\\")
            at += len(line)


def commands_of(page: Path, program: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what stands after a program's name wherever the page runs it."""
    for place, code in code_of(page):
        for part in _THEN.split(code):
            first = part.split()[:1]
            if first and PurePath(first[0]).name == program:
                yield place, shlex.split(part, comments=True)[1:]


def matches(path: Path, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield what a pattern finds in a file, each after its place."""
    text = path.read_text()
    for match in pattern.finditer(text):
        yield place_of(path, text, match.start()), match[match.lastindex or 0]


def place_of(path: Path, text: str, at: int) -> str:
    """Write where in a file something is, as editors understand it."""
    return f"{path.relative_to(REPOSITORY)}:{text.count(chr(10), 0, at) + 1}"


def told(found: list[str]) -> str:
    """Write one line for each thing that is not there."""
    return "\n".join(["what these pages name is not there:", *found])


# --- what is there ---


def is_there(root: Path, path: str) -> bool:
    """Say whether something fits a path below `root`; a folder, if it ends in a slash."""
    fits: Callable[[Path], bool] = Path.is_dir if path.endswith("/") else Path.exists
    return any(fits(found) for found in root.glob(path.rstrip("/.")))


def can_be_run(module: str) -> bool:
    """Say whether `python -m` finds a module, or a package with a `__main__`."""
    try:
        spec = find_spec(module)
        main_of = find_spec(f"{module}.__main__") if spec and spec.parent == module else spec
    except ModuleNotFoundError:
        return False
    return main_of is not None


def parts_of(room: Path) -> list[Path]:
    """Return the modules and the packages of a room."""
    return [*room.glob("[!_]*.py"), *(init.parent for init in room.glob("*/__init__.py"))]


def docstring_of(path: Path) -> str | None:
    """Return what a module says of itself."""
    return ast.get_docstring(ast.parse(path.read_text()))


def refusal_of(words: list[str]) -> str:
    """Return what the command line has against a command, "" if it knows it."""
    names = takewhile(_WORD.fullmatch, words)
    said = io.StringIO()
    with (
        redirect_stdout(io.StringIO()),
        redirect_stderr(said),
        pytest.raises(SystemExit) as exited,
    ):
        main([*names, "--help"])
    return said.getvalue().strip().rpartition("\n")[2] if exited.value.code else ""


def settings_of(table: str) -> Collection[str]:
    """Return the keys of a scenario's table; of a table that is not there, none."""
    model: Any = Scenario
    for name in table.split("."):
        if name not in model.model_fields:
            return ()
        kind = model.model_fields[name].annotation
        model = next(iter(get_args(kind)), kind)  # of a list of tables, what each of them is
    return frozenset(model.model_fields)


def modules_of(*folders: str) -> list[Path]:
    """Return every module in some folders of the repository."""
    return [
        REPOSITORY / name for folder in folders for name in tracked(REPOSITORY, f"{folder}/*.py")
    ]
