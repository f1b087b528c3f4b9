"""Loads Telnyx's SDK, and of it no more than we use.

Two of its packages import all it has, to re-export it: 2,650 modules, 1.5 s of CPU and 50 MiB,
while calls wait to be answered. Here these two find what they re-export once it is asked for.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telnyx import AsyncTelnyx

_REEXPORTING = frozenset({"telnyx.types", "telnyx.resources"})
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Between the words of a class's name."""


def load_client(
    api_key: str, base_url: str, attempt_timeout_s: float, max_retries: int
) -> "AsyncTelnyx":
    """Return a client that has all loaded that the first command needs. This takes long."""
    with _without_reexports():
        from telnyx import AsyncTelnyx, DefaultAsyncHttpxClient  # noqa: PLC0415 - slow

        client = AsyncTelnyx(
            api_key=api_key,
            base_url=base_url,
            timeout=attempt_timeout_s,
            max_retries=max_retries,
            # a redirected POST would arrive as a GET, or hand the stream's token to someone else
            http_client=DefaultAsyncHttpxClient(follow_redirects=False),
        )
        _ = client.calls.actions.with_raw_response, client.calls.with_raw_response
        _ = client.webhook_deliveries.with_raw_response
        with suppress(ImportError):  # a private one of httpx's, with its first connection
            import_module("anyio._backends._asyncio")
    return client


@contextmanager
def _without_reexports() -> Iterator[None]:
    """Have what is imported meanwhile not load what it re-exports."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    """Finds the packages that re-export, and gives them a loader of ours."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find one of them; nobody else's business is ours."""
        if fullname not in _REEXPORTING:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    """Loads a package without running it."""

    def __init__(self, real: Loader) -> None:
        self._real = real

    def exec_module(self, module: ModuleType) -> None:
        """Have names of the package found when they are asked for."""
        module.__dict__["__getattr__"] = _finder_of_names(module, self._real)


def _finder_of_names(module: ModuleType, real: Loader) -> Callable[[str], object]:
    """Return what finds a name by the module that is called so; if none is, all is loaded."""

    def find(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        where = _WORDS.sub("_", name).lower()
        try:
            found = import_module(f"{module.__name__}.{where}")
            return found if where == name else getattr(found, name)
        except (ImportError, AttributeError):
            module.__dict__.pop("__getattr__", None)
            real.exec_module(module)
            return getattr(module, name)

    return find
