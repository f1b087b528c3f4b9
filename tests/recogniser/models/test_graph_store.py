import os
import stat
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.recogniser.models.graph_store import STEP, open_graphs
from service.recogniser.models.weights import ModelFiles, find_models

pytestmark = pytest.mark.speech


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, with nothing in it yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "callscribe"


def tiny() -> ModelFiles:
    """Return the smaller model's files."""
    return find_models("tiny").speech[0]


def made(model: ModelFiles) -> tuple[Path, int]:
    """Return where the networks were, and which file one of them was."""
    with open_graphs(model) as folder:
        return folder, (folder / STEP).stat().st_ino


def test_networks_are_made_once(cache: Path) -> None:
    """The next start takes what the first one kept, which is nobody else's to read."""
    first, second = made(tiny()), made(tiny())

    assert first == second
    assert [*cache.iterdir()] == [first[0]]
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_what_is_not_whole_is_made_anew(cache: Path) -> None:
    """As after a disk that was full, or a machine that went dark."""
    folder, _ = made(tiny())
    os.truncate(folder / STEP, 1_000)

    made(tiny())

    assert (cache / folder.name / STEP).stat().st_size > 1_000


def test_other_weights_have_networks_of_their_own(cache: Path) -> None:
    """What was made of one file is not run for another."""
    base, smaller = find_models("auto").speech

    assert made(base)[0] != made(smaller)[0]
    assert len([*cache.iterdir()]) == 2


def test_where_nothing_may_be_kept_they_are_made_for_this_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache that cannot be written to stops nobody, and nothing is left behind."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    folder, _ = made(tiny())

    assert not folder.exists()


def test_weights_that_are_none_are_named(cache: Path, tmp_path: Path) -> None:
    """Networks that cannot be made are a setting's fault, told in words; nothing is kept."""
    for name in ("encoder.ort", "decoder.ort"):
        (tmp_path / name).write_bytes(b"no network")
    files = ModelFiles(
        name="mine",
        digest="0" * 64,
        encoder=tmp_path / "encoder.ort",
        decoder=tmp_path / "decoder.ort",
        tokenizer=tmp_path / "tokenizer.bin",
    )

    with pytest.raises(SettingsError, match="cannot be made"):
        made(files)

    assert [*cache.iterdir()] == []
