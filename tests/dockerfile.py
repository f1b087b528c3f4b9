"""What a Dockerfile does, done without an engine: in a folder in place of a root of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
_CONTINUED = re.compile(r"\\\n")
_COMMENT = re.compile(r"^\s*#.*\n", re.MULTILINE)
_ABSOLUTE = re.compile(r"(?<![\w./$}-])/(opt|build|data)\b")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_AS_ROOT = ("groupadd", "useradd")
"""What only root may do, and what changes the machine."""


@dataclass(slots=True)
class Image:
    """What comes of the steps: files below `root`, and how a container of it is started."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The volume."""
        return self.root / "data"

    def variables(self, **over: str) -> dict[str, str]:
        """Return the environment of a container, with `-e` for these."""
        return {"HOME": str(self.data), **self.environ, **over}


def build(dockerfile: Path, root: Path) -> Image:
    """Carry out every step that needs neither root nor another system; raise if one fails."""
    image = Image(root)
    image.data.mkdir(mode=0o700, parents=True)
    for word, rest in instructions(dockerfile.read_text()):
        _carry_out(image, word, rest)
    return image


def without_rights(command: Sequence[str]) -> list[str]:
    """Return the command as a process runs it that may do no more than its files' modes say."""
    if os.geteuid() != 0:
        return list(command)
    drop = ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"]
    return ["setpriv", *drop, *command]


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield each instruction of a Dockerfile: its word, and what follows on one line."""
    for line in _CONTINUED.sub(" ", _COMMENT.sub("", text)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word, rest.strip()


def _carry_out(image: Image, word: str, rest: str) -> None:
    match word:
        case "ENV":
            for pair in rest.split():
                name, _, value = pair.partition("=")
                image.environ[name] = _here(image, _expanded(image, value))
        case "COPY" if not rest.startswith("--from"):
            *sources, target = rest.split()
            _copy(sources, Path(_here(image, target)), into=target.endswith("/"))
        case "RUN" if not any(name in rest for name in _AS_ROOT):
            subprocess.run(
                ["sh", "-ec", _here(image, rest)], check=True, env=_building(image.environ)
            )
        case "ENTRYPOINT":
            image.entrypoint = json.loads(rest)
        case "CMD":
            image.command = json.loads(rest)
        case "HEALTHCHECK":
            image.health = json.loads(rest.partition("CMD ")[2])
        case _:
            pass


def _building(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a step sees: the machine, with pip's cache, and `python` that is ours."""
    inherited = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    ours = {**inherited, **pip, **environ}
    ours.pop("PIP_NO_CACHE_DIR", None)
    return ours | {"PATH": f"{Path(sys.executable).parent}:{ours.get('PATH', '/usr/bin:/bin')}"}


def _copy(sources: Sequence[str], target: Path, *, into: bool) -> None:
    for source in sources:
        path = REPOSITORY / source
        if path.is_dir():
            shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(parents=True, exist_ok=True) if into else None
            shutil.copy(path, target)


def _here(image: Image, text: str) -> str:
    return _ABSOLUTE.sub(lambda found: f"{image.root}/{found[1]}", text)


def _expanded(image: Image, text: str) -> str:
    return _VARIABLE.sub(lambda found: image.environ.get(found[1], os.environ[found[1]]), text)
