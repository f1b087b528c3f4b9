"""A recording nobody reads without the key: encrypted records that are only ever appended.

The file begins with `_START`, the WAV header of an empty file (it says how samples lie), and the
file's own random key, encrypted under ours. Then come records: four bytes of length, a random
nonce, and so much audio as XChaCha20-Poly1305 with its tag; place and length are authenticated too.
Nothing is written twice, so that no crash can take what was there; one that was torn off is not
counted, and the next write takes its place. The WAV's header is made when the file is read: it
follows from the layout and the length. Whoever can write to the disk can still cut records off
at the end.
"""

import hmac
import os
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as _decrypt,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as _encrypt,
)
from nacl.exceptions import CryptoError

from service.recording.disk import open_own, write_all, write_zeros
from service.recording.wav import HEADER_BYTES, Layout

_START: Final = b"CSREC\x01\r\n"
_NONCE_BYTES: Final = 24
_TAG_BYTES: Final = 16
_KEY_BYTES: Final = 32
_PREFIX_BYTES: Final = len(_START) + HEADER_BYTES
_FIRST: Final = _PREFIX_BYTES + _NONCE_BYTES + _KEY_BYTES + _TAG_BYTES
"""Where the first record begins."""
_LENGTH_BYTES: Final = 4
_PLACE: Final = struct.Struct("<QI")
_AROUND: Final = _LENGTH_BYTES + _NONCE_BYTES + _TAG_BYTES
_MAX_RECORD_BYTES: Final = 65_536
"""Audio in one record: what a reader holds at a time."""
_MIN_RECORD_BYTES: Final = 4_096
"""Less than this waits in memory (a quarter of a second of G.711) for more, or for the end."""
_PURPOSE: Final = b"callscribe recordings\x01"


class UnreadableError(OSError):
    """The file is not encrypted, was encrypted with another key, or was changed."""


def is_encrypted(path: Path) -> bool:
    """Return whether a recording is encrypted.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return file.read(len(_START)) == _START


def wrap_key(file_key: bytes, prefix: bytes, key: bytes) -> bytes:
    """Return a file's key as it is kept in the file, encrypted under ours."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _encrypt(file_key, prefix, nonce, _own(key))


def _own(key: bytes) -> bytes:
    # HKDF-Expand of RFC 5869, one block: the key is random, so there is nothing to extract
    return hmac.digest(key, _PURPOSE, "sha256")


class _Record(NamedTuple):
    at: int
    """Where it begins in the file."""
    place: int
    """Where its audio begins in the recording."""
    size: int


class _Extent(NamedTuple):
    """What is whole: the file up to `end`, and the audio in it."""

    end: int
    data_bytes: int


@dataclass(frozen=True, slots=True)
class _Opened:
    layout: Layout
    file_key: bytes


def _read_start(file: BinaryIO, key: bytes) -> _Opened:
    file.seek(0)
    start = file.read(_FIRST) or b""
    if len(start) < _FIRST or not start.startswith(_START):
        raise UnreadableError("this is no encrypted recording")
    prefix, wrapped = start[:_PREFIX_BYTES], start[_PREFIX_BYTES:]
    try:
        file_key = _decrypt(wrapped[_NONCE_BYTES:], prefix, wrapped[:_NONCE_BYTES], _own(key))
    except CryptoError:
        raise UnreadableError("the recording was encrypted with another key") from None
    return _Opened(Layout.parse(prefix[len(_START) :]), file_key)


def _records(file: BinaryIO, size: int) -> Iterator[_Record]:
    """Yield the whole records, without reading the audio."""
    at, place, descriptor = _FIRST, 0, file.fileno()
    while at + _AROUND <= size:
        length = int.from_bytes(os.pread(descriptor, _LENGTH_BYTES, at), "little")
        if not 0 < length <= _MAX_RECORD_BYTES or at + _AROUND + length > size:
            return
        yield _Record(at, place, length)
        at, place = at + _AROUND + length, place + length


def _measure(file: BinaryIO, file_key: bytes) -> _Extent:
    last = None
    for record in _records(file, os.fstat(file.fileno()).st_size):
        last = record
    if last is None:
        return _Extent(_FIRST, 0)
    try:
        _open(file, last, file_key)
    except UnreadableError:  # a machine that dies may leave nothing where it wrote last
        return _Extent(last.at, last.place)
    return _Extent(last.at + _AROUND + last.size, last.place + last.size)


def _open(file: BinaryIO, record: _Record, file_key: bytes) -> bytes:
    size = _AROUND - _LENGTH_BYTES + record.size
    encrypted = os.pread(file.fileno(), size, record.at + _LENGTH_BYTES)
    place = _PLACE.pack(record.place, record.size)
    try:
        return _decrypt(encrypted[_NONCE_BYTES:], place, encrypted[:_NONCE_BYTES], file_key)
    except CryptoError:
        raise UnreadableError("the recording was changed") from None


class EncryptedFile:
    """An `AudioFile` that is encrypted as it is written."""

    def __init__(self, path: Path, layout: Layout, key: bytes) -> None:
        """Make the file in this layout, or go on after what is whole in it.

        Raises:
            OSError: It cannot be opened, is no recording, or is encrypted under another key.
        """
        self.layout = layout
        self._file = open_own(path)
        self._waiting = bytearray()
        try:
            self._file_key = self._begin(key)
            end, self.data_bytes = _measure(self._file, self._file_key)
            self._file.truncate(end)
            self._file.seek(end)
        except BaseException:
            self._file.close()
            raise
        self._written = self.data_bytes

    def append(self, data: bytes) -> None:
        """See `AudioFile.append`."""
        self.data_bytes += len(data)
        self._waiting += data
        while len(self._waiting) >= _MAX_RECORD_BYTES:
            self._write(_MAX_RECORD_BYTES)

    def flush(self) -> None:
        """See `AudioFile.flush`. Very little waits for more."""
        if len(self._waiting) >= _MIN_RECORD_BYTES:
            self._write(len(self._waiting))

    def sync(self) -> None:
        """See `AudioFile.sync`."""
        if self._waiting:
            self._write(len(self._waiting))
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """See `AudioFile.close`."""
        self._file.close()

    def _write(self, size: int) -> None:
        nonce = os.urandom(_NONCE_BYTES)
        place = _PLACE.pack(self._written, size)
        encrypted = _encrypt(bytes(self._waiting[:size]), place, nonce, self._file_key)
        write_all(self._file.fileno(), size.to_bytes(_LENGTH_BYTES, "little") + nonce + encrypted)
        del self._waiting[:size]
        self._written += size

    def _begin(self, key: bytes) -> bytes:
        if os.fstat(self._file.fileno()).st_size >= _FIRST:
            opened = _read_start(self._file, key)
            self.layout = opened.layout
            return opened.file_key
        if not _START.startswith(self._file.read(len(_START))):
            raise UnreadableError("this is no encrypted recording")
        self._file.truncate(0)  # new, or the process died in its first write
        self._file.seek(0)
        file_key, prefix = os.urandom(_KEY_BYTES), _START + self.layout.header(0)
        write_all(self._file.fileno(), prefix + wrap_key(file_key, prefix, key))
        return file_key


class EncryptedReader:
    """An encrypted recording as the plain WAV it stands for. For one thread at a time.

    It is what was whole when it was opened; a call may go on to write.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        """Open it, and see how long it is.

        Raises:
            OSError: It cannot be read.
            UnreadableError: Not with this key.
        """
        self._file = path.open("rb", buffering=0)
        try:
            opened = _read_start(self._file, key)
            self.changed_ns = os.fstat(self._file.fileno()).st_mtime_ns
            self._end, data_bytes = _measure(self._file, opened.file_key)
        except BaseException:
            self._file.close()
            raise
        self._file_key = opened.file_key
        self._header = opened.layout.header(data_bytes)
        self.size_bytes = len(self._header) + data_bytes
        """Of the whole WAV, header included."""

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield these bytes of the WAV in pieces of at most 64 KiB, opening no other records.

        Raises:
            OSError: The disk does not give it.
            UnreadableError: It was changed.
        """
        if start < stop and start < HEADER_BYTES:
            yield self._header[start:stop]
        begin, end = max(0, start - HEADER_BYTES), stop - HEADER_BYTES
        for record in _records(self._file, self._end):
            if record.place >= end:
                return
            if record.place + record.size > begin:
                audio = _open(self._file, record, self._file_key)
                yield audio[max(0, begin - record.place) : end - record.place]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def encrypt_file(path: Path, key: bytes) -> bool:
    """Encrypt a plain recording, whole or not at all, and write zeros over it; False if it is not.

    Raises:
        OSError: The disk does not give or take it.
    """
    made = path.with_name(path.name + ".new")
    with path.open("r+b", buffering=0) as plain:
        header = plain.read(HEADER_BYTES)
        if not header.startswith(b"RIFF") or len(header) < HEADER_BYTES:
            return False
        made.unlink(missing_ok=True)
        with closing(EncryptedFile(made, Layout.parse(header), key)) as encrypted:
            while data := plain.read(_MAX_RECORD_BYTES):
                encrypted.append(data)
            encrypted.sync()
        made.replace(path)
        write_zeros(plain.fileno())
    return True


def rekey_file(path: Path, key: bytes, new_key: bytes) -> bool:
    """Encrypt the key of a recording under a new one; False if that was done before.

    Its audio stays as it is: who has the old key and an old copy of the file can still read both.

    Raises:
        OSError: The disk does not give or take it.
        UnreadableError: The key does not open it.
    """
    with closing(open_own(path)) as file:
        try:
            _read_start(file, new_key)
        except UnreadableError:
            opened = _read_start(file, key)
        else:
            return False
        file.seek(0)
        prefix = file.read(_PREFIX_BYTES)
        # less than a sector, in one write: a crash leaves the one or the other
        os.pwrite(file.fileno(), wrap_key(opened.file_key, prefix, new_key), _PREFIX_BYTES)
        os.fsync(file.fileno())
    return True
