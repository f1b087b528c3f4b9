"""Secrets that stand in files of their own: `NAME_FILE` in place of `NAME`."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from service.reasons import system_fault
from service.settings.faults import TOP_SECRETS, Fault, Place

ENDING = "_file"
OF_ENDPOINT = ("secret", "secret_previous", "signing_key", "secret_access_key")
_MAX_BYTES = 10_000
_IN_WORDS = ("telnyx_public_key", "headers")
"""May have spaces inside: between two keys, or after `Bearer`."""


def read_secret(path: Path, *, in_words: bool = False) -> str:
    """Return what a file holds, without the blanks and the end of line around it.

    With `in_words` there may be spaces inside. Whoever waits for other work reads in a thread.

    Raises:
        ValueError: It cannot be read, or holds nothing that is a secret. The text says which.
    """
    try:
        text = _read(path).decode("utf-8-sig").strip()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {system_fault(error)}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8") from None
    if not text:
        raise ValueError(f"{path} is empty")
    if not text.isprintable():
        raise ValueError(f"{path} has a line break in it, or letters that are not to be seen")
    if " " in text and not in_words:
        raise ValueError(f"{path} has a space in it")
    return text


def _read(path: Path) -> bytes:
    try:  # without O_NONBLOCK, to open a pipe would wait until somebody writes to it
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:
        raise ValueError("should be the path of a file") from None
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{path} is no regular file")
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError(f"{path} is larger than {_MAX_BYTES} bytes")
    return data


def fill_in(layer: dict[str, Any]) -> list[Fault]:
    """Put what the files hold in place of their names, in one layer; return what is wrong."""
    faults = list(_fill(layer, TOP_SECRETS, ()))
    endpoints = layer.get("endpoint")
    for number, table in endpoints.items() if isinstance(endpoints, dict) else ():
        if isinstance(table, dict):
            faults += _fill(table, OF_ENDPOINT, ("endpoint", number))
            headers = table.get("headers")
            if isinstance(headers, dict):
                faults += _fill(headers, _named(headers), ("endpoint", number, "headers"))
    return faults


def _named(headers: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the headers whose values are in files."""
    return tuple(name.removesuffix(ENDING) for name in headers if name.endswith(ENDING))


def _fill(table: dict[str, Any], keys: tuple[str, ...], place: Place) -> Iterator[Fault]:
    for key in keys:
        if key + ENDING not in table:
            continue
        name, there = table.pop(key + ENDING), (*place, key + ENDING)
        if key in table:
            yield Fault(there, f"is there beside {key}: say one of them")
        elif not isinstance(name, str):
            yield Fault(there, "should be the path of a file, in quotes")
        else:
            try:
                in_words = bool({key, *place} & set(_IN_WORDS))
                table[key] = read_secret(Path(name), in_words=in_words)
            except ValueError as error:
                yield Fault(there, str(error))
