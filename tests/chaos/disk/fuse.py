"""The kernel's side of a `VolatileDisk`: FUSE, as far as SQLite asks for it (Linux, as root).

The protocol is that of `linux/fuse.h`, 7.31. The kernel has pages and names in its cache, and
writes through it at once; only what is mapped into memory (SQLite's `-shm`) comes later.
"""

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path

from tests.chaos.disk.volatile import SECTOR, File, VolatileDisk

_BUFFER_BYTES = 1 << 18
_MAX_WRITE_BYTES = 1 << 17
_FOREVER_S = 1 << 30
"""How long the kernel may believe names and sizes: nobody but itself changes them."""
_BLOCKS = 1 << 22
_BLOCK_BYTES = 4096
_BIG_WRITES = 1 << 5
_KEEP_CACHE = 1 << 1
_SET_MODE, _SET_SIZE = 1 << 0, 1 << 3
_NOSUID, _NODEV, _DETACH = 2, 4, 2

_REQUEST = struct.Struct("=IIQQIIII")
_REPLY = struct.Struct("=IiQ")
_INIT = struct.Struct("=IIIIHHIIHHI28x")
_ATTRIBUTES = struct.Struct("=QQQQQQIIIIIIIIII")
_ENTRY = struct.Struct("=QQQQII")
_VALID = struct.Struct("=QII")
_OPENED = struct.Struct("=QII")
_SET = struct.Struct("=IIQQQQQQIIIIIIII")
_CREATE = struct.Struct("=IIII")
_TRANSFER = struct.Struct("=QQIIQII")
"""Of a READ or WRITE."""
_WRITTEN = struct.Struct("=II")
_SPACE = struct.Struct("=QQQQQIIII24x")
_LISTED = struct.Struct("=QQII")


class Operation(IntEnum):
    """What the kernel asks for. Whatever is missing here is answered ENOSYS."""

    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    UNLINK = 10
    OPEN = 14
    READ = 15
    WRITE = 16
    STATFS = 17
    RELEASE = 18
    FSYNC = 20
    INIT = 26
    OPENDIR = 27
    READDIR = 28
    RELEASEDIR = 29
    FSYNCDIR = 30
    CREATE = 35
    INTERRUPT = 36
    DESTROY = 38
    BATCH_FORGET = 42


_UNANSWERED = (Operation.FORGET, Operation.BATCH_FORGET, Operation.INTERRUPT)


class FuseServer:
    """Answers the kernel's requests, one at a time. What is unlinked lives until the end."""

    def __init__(self, disk: VolatileDisk) -> None:
        self._disk = disk
        self._files = {file.number: file for file in disk.names.values()}
        self._answers: Mapping[int, Callable[[int, memoryview], bytes]] = {
            Operation.LOOKUP: self._look_up,
            Operation.GETATTR: self._attributes,
            Operation.SETATTR: self._set,
            Operation.UNLINK: self._unlink,
            Operation.OPEN: self._open,
            Operation.READ: self._read,
            Operation.WRITE: self._write,
            Operation.STATFS: self._space,
            Operation.RELEASE: self._nothing,
            Operation.FSYNC: self._sync,
            Operation.INIT: self._init,
            Operation.OPENDIR: self._open,
            Operation.READDIR: self._list,
            Operation.RELEASEDIR: self._nothing,
            Operation.FSYNCDIR: self._sync_names,
            Operation.CREATE: self._create,
            Operation.DESTROY: self._nothing,
        }

    def serve_one(self, device: int) -> bool:
        """Answer the next request; return whether there may be more."""
        try:
            request = memoryview(os.read(device, _BUFFER_BYTES))
        except OSError as error:
            return error.errno in (errno.ENOENT, errno.EINTR)  # it was taken back; or unmounted
        _, operation, unique, node, *_ = _REQUEST.unpack_from(request)
        if operation in _UNANSWERED:
            return True
        code, answer = self._answer(operation, node, request[_REQUEST.size :])
        reply = _REPLY.pack(_REPLY.size + len(answer), -code, unique) + answer
        with suppress(FileNotFoundError):  # nobody waits any more
            os.write(device, reply)
        return True

    def _answer(self, operation: int, node: int, given: memoryview) -> tuple[int, bytes]:
        answer = self._answers.get(operation)
        if answer is None:
            return errno.ENOSYS, b""
        try:
            return 0, answer(node, given)
        except OSError as error:
            return error.errno or errno.EIO, b""

    def _init(self, _: int, __: memoryview) -> bytes:
        return _INIT.pack(7, 31, 0, _BIG_WRITES, 0, 0, _MAX_WRITE_BYTES, 1, 0, 0, 0)

    def _nothing(self, _: int, __: memoryview) -> bytes:
        return b""

    def _look_up(self, _: int, given: memoryview) -> bytes:
        file = self._disk.names.get(_name(given))
        if file is None:
            raise OSError(errno.ENOENT, "")
        return _entry(file)

    def _attributes(self, node: int, _: memoryview) -> bytes:
        return _VALID.pack(_FOREVER_S, 0, 0) + _attributes(node, self._files.get(node))

    def _set(self, node: int, given: memoryview) -> bytes:
        asked = _SET.unpack_from(given)
        valid, size, mode = asked[0], asked[3], asked[11]
        if file := self._files.get(node):
            if valid & _SET_SIZE:
                file.resize(size)
            if valid & _SET_MODE:
                file.mode = mode
        return self._attributes(node, given)

    def _unlink(self, _: int, given: memoryview) -> bytes:
        if self._disk.names.pop(_name(given), None) is None:
            raise OSError(errno.ENOENT, "")
        return b""

    def _open(self, _: int, __: memoryview) -> bytes:
        return _OPENED.pack(0, _KEEP_CACHE, 0)

    def _create(self, _: int, given: memoryview) -> bytes:
        mode = _CREATE.unpack_from(given)[1]
        file = self._disk.make(_name(given[_CREATE.size :]), mode)
        self._files[file.number] = file
        return _entry(file) + _OPENED.pack(0, _KEEP_CACHE, 0)

    def _read(self, node: int, given: memoryview) -> bytes:
        offset, size = _TRANSFER.unpack_from(given)[1:3]
        return bytes(self._files[node].now[offset : offset + size])

    def _write(self, node: int, given: memoryview) -> bytes:
        offset, size = _TRANSFER.unpack_from(given)[1:3]
        self._files[node].write(offset, given[_TRANSFER.size : _TRANSFER.size + size])
        return _WRITTEN.pack(size, 0)

    def _sync(self, node: int, _: memoryview) -> bytes:
        self._files[node].sync()
        return b""

    def _sync_names(self, _: int, __: memoryview) -> bytes:
        self._disk.sync_names()
        return b""

    def _space(self, _: int, __: memoryview) -> bytes:
        free = (_BLOCKS, _BLOCKS, _BLOCKS, _BLOCKS, _BLOCKS)
        return _SPACE.pack(*free, _BLOCK_BYTES, 255, _BLOCK_BYTES, 0)

    def _list(self, _: int, given: memoryview) -> bytes:
        offset, size = _TRANSFER.unpack_from(given)[1:3]
        listed = b""
        for place, (name, file) in enumerate(list(self._disk.names.items())[offset:], offset + 1):
            coded = name.encode()
            row = _LISTED.pack(file.number, place, len(coded), stat.S_IFREG >> 12) + coded
            row += bytes(-len(row) % 8)
            if len(listed) + len(row) > size:
                break
            listed += row
        return listed


def _name(given: memoryview) -> str:
    return bytes(given).partition(b"\0")[0].decode()


def _entry(file: File) -> bytes:
    head = _ENTRY.pack(file.number, 0, _FOREVER_S, _FOREVER_S, 0, 0)
    return head + _attributes(file.number, file)


def _attributes(node: int, file: File | None) -> bytes:
    """Return those of a file, or of the folder. It belongs to root, and has no times."""
    size = len(file.now) if file else 0
    mode = file.mode if file else stat.S_IFDIR | 0o700
    blocks = -(-size // SECTOR)
    return _ATTRIBUTES.pack(
        node, size, blocks, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, _BLOCK_BYTES, 0
    )  # fmt: skip


@contextmanager
def mounted(place: Path) -> Iterator[int]:
    """Mount a file system at a folder; yield the device that the kernel asks by.

    At the end it is gone, whoever still uses it: they get errors from then on.

    Raises:
        OSError: It is not allowed here, or there is no FUSE.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    try:
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
        target = os.fsencode(place)
        if libc.mount(b"callscribe-chaos", target, b"fuse", _NOSUID | _NODEV, options):
            raise OSError(ctypes.get_errno(), "mount")
        try:
            yield device
        finally:
            libc.umount2(target, _DETACH)
    finally:
        os.close(device)
