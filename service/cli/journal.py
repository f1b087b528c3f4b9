"""`callscribe journal`: back up what is kept, encrypt it, change its key."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli import journal_copy
from service.cli.common import (
    Commands,
    add_command,
    add_config,
    counted,
    open_journal_beside,
    read_local_settings,
)
from service.errors import BadInputError, SettingsError
from service.exits import Exit
from service.reasons import system_fault

if TYPE_CHECKING:
    from service.settings import Settings

_MAX_KEY_FILE_BYTES = 1_000
_RESTORING = """To restore a backup: stop the service, `tar -xf FILE` in the database's folder, and
run `callscribe journal activate`. The tar file holds empty files by the names of SQLite's own
(-wal, -shm, -journal), as what a killed service left in them would spoil the copy: whoever brings
the database there in another way deletes those first. With a recordings_dir, move recordings/
there.

"""
_WAY_BACK = """An upgrade changes the journal when the new version first serves, and says so in the
log (journal_migrates). The older version cannot read it then: to have a way back, run `callscribe
journal backup` before. The way back: stop the service, put away the new journal (with -wal and
-shm) and recordings, unpack the backup in their place, run `callscribe journal activate` and serve
by the older version. What came in between is in the new journal only."""


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command and its two parts."""
    parser = add_command(
        commands,
        "journal",
        run_encrypt,
        "Back up the journal and recordings; encrypt them; change their key; move the journal.",
    )
    parser.epilog = _RESTORING + _WAY_BACK
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    backing_up = add_command(
        parts,
        "backup",
        run_backup,
        "Write journal and recordings into one tar file, also beside a running service. Encrypted "
        "ones stay encrypted, under the same key. What is erased later stays in it.",
    )
    backing_up.add_argument("file", type=Path, metavar="FILE", help="a new one, as in backup.tar")
    add_config(backing_up)
    activating = add_command(
        parts,
        "activate",
        run_activate,
        "Have the copy from a backup take the original's place, which must not run any more: a "
        "service takes it, goes on with its calls and delivers what was not delivered then.",
    )
    activating.add_argument(
        "--park", action="store_true", help="give up what waits for each endpoint, to retry by hand"
    )
    add_config(activating)
    _add_encryption(parts)


def _add_encryption(parts: "Commands[argparse.ArgumentParser]") -> None:
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


def run_backup(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Copy the journal, then put it and its recordings into one file."""
    from service.journal.maintenance import back_up_journal  # noqa: PLC0415 - keeps --help quick
    from service.recording import backup  # noqa: PLC0415

    settings = read_local_settings(arguments, environ)
    archive, name = arguments.file.absolute(), settings.sqlite_path().name
    try:
        _tell_removed(backup.remove_left_over(archive.parent))
        with _stopping_in_order(), backup.new_archive(archive) as made:
            copy = made / "journal"
            names = back_up_journal(settings.database_url, copy, settings.storage_key())
            recordings = backup.paths_in(settings.recordings_path, names)
            count = backup.write_archive(made / backup.ARCHIVE, copy, name, recordings)
    except FileExistsError as error:
        raise BadInputError(f"{arguments.file} is there already") from error
    except OSError as error:
        raise BadInputError(f"cannot write {arguments.file}: {system_fault(error)}") from error
    print(
        f"{arguments.file}  holds {name} and {counted(count, 'recording')}; unpack it with tar -xf"
    )
    beside = settings.sqlite_path().with_name(backup.RECORDINGS)
    if settings.recordings_path.absolute() != beside:
        print(f"{backup.RECORDINGS}/ in it belongs to {settings.recordings_path}")
    return Exit.OK


def _tell_removed(folders: list[Path]) -> None:
    for left in folders:
        print(f"{left}  was of a backup that was killed, and is gone", file=sys.stderr)


@contextmanager
def _stopping_in_order() -> Iterator[None]:
    """Have these signals end the block as Ctrl-C does: what was begun is taken away."""
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)}
    taken = [one for one, handler in before.items() if handler == signal.SIG_DFL]
    for one in taken:  # nohup has SIGHUP ignored, and it stays so
        signal.signal(one, signal.default_int_handler)
    try:
        yield
    finally:
        for one in taken:
            signal.signal(one, signal.SIG_DFL)


def run_activate(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Let a service have the copy, and say what it will deliver."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    from service.journal.maintenance import (  # noqa: PLC0415 - keeps --help quick
        activate_journal,
        is_copy,
        locked,
    )

    settings = read_local_settings(arguments, environ)
    url, key = settings.database_url, settings.storage_key()
    with locked(url):
        if not is_copy(url, key):  # before anything is given up
            raise SettingsError([f"{settings.sqlite_path()} is no copy from a backup"])
        if arguments.park:
            asyncio.run(_park_all(settings))
        activate_journal(url, key)
    print(f"{settings.sqlite_path()}  is a service's from now on")
    return Exit.OK


async def _park_all(settings: "Settings") -> None:
    import time  # noqa: PLC0415 - keeps --help quick

    from service.ports import EVERYTHING  # noqa: PLC0415 - keeps --help quick

    async with open_journal_beside(settings) as journal:
        filters = await journal.filters()
        filters |= {one.name: one.filter for one in settings.endpoint_list()}
        for name in sorted({row.endpoint for row in await journal.backlog()}):
            wanted = filters.get(name, EVERYTHING)
            parked = await journal.park_lanes(name, "restored", time.time(), wanted)
            print(f"{name}  parked {counted(parked, 'delivery', 'deliveries')}")


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
    print(f"{path}  is encrypted, with {counted(count, 'recording')}")
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
    print(
        f"{path}  has the new key, with {counted(count, 'recording')}: now set database_key to it"
    )
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
