"""Fuzzes one target for some seconds: `python -m tests.fuzz.one TARGET SECONDS FOLDER`.

The fuzzer ends its process, hence one for each target. What it found is kept in the folder, and
the next run begins with it.
"""

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped] # it is in an environment of its own

MAX_BYTES = 8192
_SLOW_S = 5
"""An input that takes longer is a defect as well."""


def main(name: str, seconds: str, folder: Path) -> None:
    """Fuzz until the time is up, or something fails: then the input is written to the folder."""
    with atheris.instrument_imports(include=["service"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - what it imports is instrumented

    target = TARGETS[name]
    corpus = folder / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = folder / f"{name}.words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    options = (
        f"-max_total_time={seconds}",
        f"-dict={words}",
        f"-artifact_prefix={folder}/{name}-",
        f"-max_len={MAX_BYTES}",
        f"-timeout={_SLOW_S}",
        "-print_final_stats=1",
        str(corpus),
    )
    atheris.Setup([name, *options], target.run)
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
