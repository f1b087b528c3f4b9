"""`callscribe journal`: encrypt what is kept, or change its key, while the service is stopped."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli import journal_copy
from service.cli.common import Commands, add_command, add_config, read_local_settings
from service.errors import BadInputError, SettingsError
from service.exits import Exit

if TYPE_CHECKING:
    from service.settings import Settings

_MAX_KEY_FILE_BYTES = 1_000


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command and its two parts."""
    parser = add_command(
        commands, "journal", run_encrypt, "Encrypt the journal, change its key, or move it."
    )
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    encrypting = add_command(
        parts, "encrypt", run_encrypt, "Encrypt what is kept with `database_key`."
    )
    add_config(encrypting)
    rekeying = add_command(
        parts, "rekey", run_rekey, "Go over from `database_key` to a new key; then set that one."
    )
    rekeying.add_argument(
        "--new-key-file",
        type=Path,
        required=True,
        metavar="FILE",
        help="holds the new key: 32 random bytes in base64 (- is standard input)",
    )
    add_config(rekeying)
    journal_copy.add(parts)


def run_encrypt(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Encrypt journal and recordings; what is encrypted already stays as it is."""
    from service.journal.maintenance import (  # noqa: PLC0415 - keeps --help quick
        encrypt_journal,
        locked,
    )
    from service.recording.encrypted import encrypt_file  # noqa: PLC0415

    settings = read_local_settings(arguments, environ)
    url, path, key = settings.database_url, settings.sqlite_path(), _key(settings)
    with locked(url):
        encrypt_journal(url, key)
        count, failed = _each(settings.recordings_path, lambda file: encrypt_file(file, key))
    print(f"{path}  is encrypted, and {count} recordings were")
    return Exit.FAILED if failed else Exit.OK


def run_rekey(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Change the key of journal and recordings; run again, it goes on where it was stopped."""
    from service.journal.maintenance import (  # noqa: PLC0415 - keeps --help quick
        locked,
        rekey_journal,
    )
    from service.recording.encrypted import rekey_file  # noqa: PLC0415

    settings = read_local_settings(arguments, environ)
    url, path, key = settings.database_url, settings.sqlite_path(), _key(settings)
    new_key = _read_key(arguments.new_key_file)
    with locked(url):
        rekey_journal(url, key, new_key)
        count, failed = _each(settings.recordings_path, lambda file: rekey_file(file, key, new_key))
    print(f"{path}  has the new key, and {count} recordings: now set database_key to it")
    return Exit.FAILED if failed else Exit.OK


def _each(folder: Path, change: Callable[[Path], bool]) -> tuple[int, int]:
    """Return how many recordings were changed, and how many could not be: these are told."""
    count = failed = 0
    for file in sorted(folder.glob("*.wav")):
        try:
            count += change(file)
        except OSError as error:
            failed += 1
            print(f"{file}  stays as it was: {error.strerror or error}", file=sys.stderr)
    return count, failed


def _key(settings: "Settings") -> bytes:
    key = settings.storage_key()
    if key is None:
        raise SettingsError(
            ["database_key is not set: make one with `openssl rand -base64 32`, and keep it safe"]
        )
    return key


def _read_key(path: Path) -> bytes:
    from service.settings.checks import parse_storage_key  # noqa: PLC0415 - keeps --help quick

    try:
        with open(0 if str(path) == "-" else path, "rb", closefd=str(path) != "-") as file:
            return parse_storage_key(file.read(_MAX_KEY_FILE_BYTES).decode("ascii").strip())
    except OSError as error:
        raise BadInputError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadInputError(f"the new key {error}") from error
