"""Where a model's networks are kept once they are made out of its weights.

They are made by a process of its own (`graphs`) in one or two seconds, when they are first wanted,
and kept where programs keep what can be had again: in `$XDG_CACHE_HOME` or `~/.cache`, under the
sums of the weights. Where nothing may be kept they are made at every start.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from service.errors import SettingsError
from service.recogniser.models.weights import ModelFiles

log = structlog.get_logger()

VERSION: Final = 1
"""To be raised whenever what is written changes: networks of another version are made anew."""
ENCODER, STEP, ATTENTION, SHAPE = "encoder.onnx", "step.onnx", "attention.onnx", "shape.json"
_NETWORKS: Final = (ENCODER, STEP, ATTENTION)
_MAKE_TIMEOUT_S: Final = 120.0
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of ours is made in it
"""Can be written to even in a container that may write nowhere else."""


@contextmanager
def open_graphs(model: ModelFiles) -> Iterator[Path]:
    """Give the folder of a model's networks, to be loaded before the context ends.

    Raises:
        SettingsError: They cannot be made; the text says why.
    """
    for place in _places():
        folder = place / f"{model.digest[:32]}.{VERSION}"
        if _is_whole(folder) or _keep(model, folder):
            yield folder
            return
    with _passing_folder() as folder:
        _make(model, folder)
        yield folder


def _places() -> Iterator[Path]:
    """Give where networks may be kept."""
    with suppress(RuntimeError):  # nobody's home is known
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "callscribe")


def _is_whole(folder: Path) -> bool:
    """Whether all files are there, and as long as they were."""
    try:
        sizes = json.loads((folder / SHAPE).read_bytes())["bytes"]
        return all((folder / name).stat().st_size == sizes[name] for name in _NETWORKS)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _keep(model: ModelFiles, folder: Path) -> bool:
    """Make the networks and keep them in a folder; return whether that was possible."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        arriving = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    except OSError:
        return False
    try:
        _make(model, arriving)
        shutil.rmtree(folder, ignore_errors=True)  # what was left half done, if anything
        with suppress(OSError):  # another process was sooner
            arriving.rename(folder)
        return _is_whole(folder)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)


@contextmanager
def _passing_folder() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    problem: OSError | None = None
    for parent in (None, _SHARED_MEMORY):
        try:
            made = tempfile.TemporaryDirectory(dir=parent)
        except OSError as error:
            problem = error
            continue
        with made as folder:
            yield Path(folder)
        return
    raise SettingsError(
        ["the recogniser finds no folder to make its networks in: set TMPDIR or XDG_CACHE_HOME"]
    ) from problem


def _make(model: ModelFiles, folder: Path) -> None:
    command: Sequence[str | Path] = [
        *(sys.executable, "-m", "service.recogniser.models.graphs"),
        *(model.encoder, model.decoder, folder),
    ]
    try:
        subprocess.run(  # noqa: S603 - our own program and paths
            command,
            check=True,
            timeout=_MAKE_TIMEOUT_S,
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=subprocess.DEVNULL,
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise SettingsError(
            [f"the recogniser's networks cannot be made out of {model.decoder.parent}"]
        ) from error
    log.debug("networks_made", model=model.name)
