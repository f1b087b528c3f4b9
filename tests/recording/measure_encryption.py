"""What encryption costs in CPU time: `python -m tests.recording.measure_encryption`.

An hour of both tracks of G.711 is written a second at a time, as the recorder does; then ranges are
read from its end.
"""

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from service.recording.encrypted import EncryptedReader
from service.recording.files import open_audio
from service.recording.wav import Layout

KEY = bytes(range(32))
SECOND = bytes(range(250)) * 64
HOUR = 3600
RANGES = 100
RANGE_BYTES = 65_536


def _write(path: Path, key: bytes | None) -> float:
    began = time.process_time()
    with closing(open_audio(path, Layout("PCMU", 8000), key)) as file:
        for _ in range(HOUR):
            file.append(SECOND)
            file.flush()
    return time.process_time() - began


def _read_ends(path: Path) -> float:
    began = time.process_time()
    for _ in range(RANGES):
        with closing(EncryptedReader(path, KEY)) as reader:
            for _piece in reader.read(reader.size_bytes - RANGE_BYTES, reader.size_bytes):
                pass
    return (time.process_time() - began) / RANGES


def _main() -> None:
    with tempfile.TemporaryDirectory(dir=".") as folder:
        for name, key in (("plain", None), ("encrypted", KEY)):
            spent_s = _write(Path(folder) / name, key)
            sys.stdout.write(f"{name}: {spent_s:.2f} s CPU to write an hour of both tracks\n")
        spent_ms = _read_ends(Path(folder) / "encrypted") * 1000
        sys.stdout.write(f"encrypted: {spent_ms:.1f} ms CPU to open it and read its last 64 KiB\n")


if __name__ == "__main__":
    _main()
