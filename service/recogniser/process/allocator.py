"""How the C library's allocator is told to give back what it does not need."""

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_OPTIONS: Final = ((_ARENA_MAX, 2), (_MMAP_THRESHOLD, 1 << 20), (_TRIM_THRESHOLD, 2 << 20))


def keep_small() -> None:
    """Have threads share two arenas, and what is large or free go back to the system.

    Otherwise each thread that decodes keeps the most that it ever needed: 150 MB with eight
    sessions. Does nothing where the library is not glibc.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            for option, value in _OPTIONS:
                mallopt(option, value)
