"""`callscribe journal backup`: a copy beside a service that writes, and what becomes of it."""

import asyncio
import base64
import os
import shutil
import signal
import stat
import tarfile
from asyncio import Event
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from service.errors import JournalUnavailableError
from service.exits import Exit
from service.ids import CallId, EndpointName
from service.journal.sqlite.file import SqliteFile
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, Journal, StoredEvent
from service.recording.encrypted import EncryptedReader
from service.recording.files import open_audio
from service.recording.wav import Layout
from tests.cli.harness import TIMEOUT_S, started
from tests.cli.harness import callscribe as program
from tests.cli.peers import open_receiver
from tests.settings.builders import KEYS, SECRET
from tests.small_disk import small_disk
from tests.waiting import until, writing_to_a_reader

CRM = EndpointName("crm")
KEY = bytes(range(32))
_PACE_S = 0.02
AUDIO = bytes(range(250)) * 100

with_and_without_a_key = pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])


def entry(number: int) -> Entry:
    """Make a call of one event that the crm has not got yet."""
    call_id = CallId(f"c{number}")
    body = b'{"type":"call.started","data":{}}'
    event = StoredEvent(call_id, 1, "call.started", body)
    return Entry(
        call_id=call_id,
        version=0,
        epoch=0,
        state=b"",
        events=(event,),
        endpoints=(CRM,),
        ended=True,
    )


async def keep_writing(journal: Journal, stop: Event) -> int:
    """Commit one call after the other until told to stop; return how many those were."""
    number = 1
    while not stop.is_set():
        number += 1
        await journal.commit(entry(number))
        await asyncio.sleep(_PACE_S)
    return number


def variables(folder: Path, key: bytes | None, url: str = "http://127.0.0.1:1") -> dict[str, str]:
    """Return what leads to a journal in this folder, and to its endpoint."""
    keyed = {"CALLSCRIBE_DATABASE_KEY": base64.b64encode(key).decode()} if key else {}
    return keyed | {
        "DATABASE_URL": f"sqlite:///{folder}/calls.db",
        "CALLSCRIBE_ENDPOINT__CRM__TYPE": "webhook",
        "CALLSCRIBE_ENDPOINT__CRM__URL": url,
        "CALLSCRIBE_ENDPOINT__CRM__SECRET": SECRET,
        "CALLSCRIBE_ENDPOINT__CRM__ALLOW_PRIVATE": "true",
    }


def names_in(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return [path.name for path in folder.iterdir()]


def record(folder: Path, key: bytes | None) -> None:
    """Keep the audio of a call."""
    (folder / "recordings").mkdir()
    with closing(open_audio(folder / "recordings" / "a.wav", Layout("PCMU", 8000), key)) as file:
        file.append(AUDIO)
        file.flush()
        file.sync()


async def backed_up(folder: Path, key: bytes | None) -> tuple[Path, int]:
    """Back up a journal that is written to all the while, and unpack it.

    Returns where, and how many calls there were in the end.
    """
    serving, restored = folder / "serving", folder / "restored"
    serving.mkdir()
    record(serving, key)
    archive, stop = folder / "backup.tar", Event()
    async with open_sqlite_journal(serving / "calls.db", key=key) as journal:
        await journal.commit(entry(1))
        await journal.keep_recording(CallId("c1"), "a.wav", started_at=1.0, delete_at=None)
        writing = asyncio.create_task(keep_writing(journal, stop))
        done = await program("journal", "backup", str(archive), **variables(serving, key))
        stop.set()
        count = await writing
    assert (done.code, done.err) == (Exit.OK, "")
    assert "holds calls.db and 1 recording;" in done.out
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as tar:
        tar.extractall(restored, filter="data")
    assert [name for name in names_in(folder) if name.startswith("backup")] == [archive.name]
    return restored, count


async def serve(given: Mapping[str, str], arrived: list[str], wanted: int) -> None:
    """Run the service on a journal until this many deliveries have come."""
    async with started("serve", **KEYS, **given, CALLSCRIBE_LISTEN="127.0.0.1:0") as process:
        async with asyncio.timeout(60):
            while len(set(arrived)) < wanted:
                assert process.returncode is None
                await asyncio.sleep(0)
        process.terminate()
        await process.communicate()


@with_and_without_a_key
async def test_a_restored_copy_delivers_nothing_until_it_is_activated(
    tmp_path: Path, key: bytes | None
) -> None:
    """It is whole, of one moment, with its audio; it can be read, and no service takes it."""
    restored, written = await backed_up(tmp_path, key)
    async with open_receiver() as (url, ids):
        given = variables(restored, key, url)
        refused = await program("serve", **KEYS, **given, CALLSCRIBE_LISTEN="127.0.0.1:0")
        listed = await program("calls", "ls", "--limit", "100000", "--json", **given)
        assert (refused.code, ids) == (Exit.FAILED, [])
        assert "run `callscribe journal activate`" in refused.err
        count = len(listed.out.splitlines())
        assert 1 <= count <= written

        assert (await program("journal", "activate", **given)).code == Exit.OK
        await serve(given, ids, count)
    assert set(ids) == {f"evt_c{number}_1" for number in range(1, count + 1)}
    assert heard(restored / "recordings" / "a.wav", key) == AUDIO
    again = await program("journal", "activate", **given)
    assert (again.code, "is no copy from a backup" in again.err) == (Exit.USAGE, True)


@pytest.mark.parametrize("state", ["killed", "running"])
@with_and_without_a_key
async def test_a_backup_unpacked_over_a_journal_does_not_take_its_log(
    tmp_path: Path, key: bytes | None, state: str
) -> None:
    """It is whole, of its own moment, and serves nobody until it is activated."""
    archive, serving = tmp_path / "backup.tar", tmp_path / "serving"
    serving.mkdir()
    given = variables(tmp_path / state, key)
    async with open_sqlite_journal(serving / "calls.db", key=key) as journal:
        await journal.commit(entry(1))
        await program("journal", "backup", str(archive), **variables(serving, key))
        for number in range(2, 50):
            await journal.commit(entry(number))
        assert (serving / "calls.db-wal").stat().st_size
        shutil.copytree(serving, tmp_path / "killed")  # what kill -9 leaves
        if state == "running":
            (tmp_path / "running").symlink_to(serving)
            await unpack(archive, serving)
    if state == "killed":
        await unpack(archive, tmp_path / "killed")

    with pytest.raises(JournalUnavailableError, match="run `callscribe journal activate`"):
        async with open_sqlite_journal(tmp_path / state / "calls.db", key=key):
            pass
    assert (await program("journal", "activate", **given)).code == Exit.OK
    async with open_sqlite_journal(tmp_path / state / "calls.db", key=key) as journal:
        assert await journal.load(CallId("c1"))
        assert await journal.load(CallId("c2")) is None
    assert found_whole(tmp_path / state / "calls.db", key)


async def test_what_waits_in_a_copy_may_be_given_up(tmp_path: Path) -> None:
    """It is parked, to be tried by hand."""
    restored, _ = await backed_up(tmp_path, None)
    given = variables(restored, None)

    done = await program("journal", "activate", "--park", **given)
    parked = await program("deliveries", "ls", "--limit", "100000", **given)

    assert done.code == Exit.OK
    count = len(parked.out.splitlines()) - 1
    assert done.out.splitlines()[0] == f"crm  parked {count} deliveries"
    assert count >= 1


async def test_a_copy_that_is_not_whole_is_not_activated(tmp_path: Path) -> None:
    """Nor is it spoilt for good: once it is whole, it is."""
    async with open_sqlite_journal(tmp_path / "calls.db") as journal:
        for number in range(200):
            await journal.commit(entry(number))
    given, restored = variables(tmp_path / "restored", None), tmp_path / "restored" / "calls.db"
    await program("journal", "backup", str(tmp_path / "b.tar"), **variables(tmp_path, None))
    restored.parent.mkdir()
    await unpack(tmp_path / "b.tar", restored.parent)
    whole = restored.read_bytes()
    restored.write_bytes(whole[:-4096] + bytes(4096))

    refused = await program("journal", "activate", **given)
    restored.write_bytes(whole)
    again = await program("journal", "activate", **given)

    assert refused.code == Exit.FAILED
    assert "does not read back" in refused.err
    assert again.code == Exit.OK


@pytest.mark.parametrize("size", ["64k", "300k"], ids=["room for none", "for one"])
async def test_a_backup_on_a_full_disk_leaves_nothing_there(tmp_path: Path, size: str) -> None:
    """The journal goes on elsewhere, as before."""
    async with open_sqlite_journal(tmp_path / "calls.db") as journal:
        for number in range(200):
            await journal.commit(entry(number))
    given = variables(tmp_path, None)
    with small_disk(tmp_path, size) as disk:
        if disk is None:
            pytest.skip("a file system of its own needs Linux, and root")
        done = await program("journal", "backup", str(disk / "b.tar"), **given)

        assert (done.code, len(done.err.splitlines())) == (Exit.FAILED, 1)
        assert done.err.startswith("cannot ")
        assert str(disk) in done.err
        assert names_in(disk) == []


async def test_nothing_is_given_up_in_a_journal_that_is_no_copy(tmp_path: Path) -> None:
    """It is another's, who gave the wrong settings."""
    async with open_sqlite_journal(tmp_path / "calls.db") as journal:
        await journal.commit(entry(1))

    done = await program("journal", "activate", "--park", **variables(tmp_path, None))

    assert (done.code, done.out) == (Exit.USAGE, "")
    assert "is no copy from a backup" in done.err
    async with open_sqlite_journal(tmp_path / "calls.db") as journal:
        assert len(await journal.backlog()) == 1


async def test_nothing_is_written_over_by_a_backup(tmp_path: Path) -> None:
    """Nor is anything left of one that could not be made."""
    async with open_sqlite_journal(tmp_path / "calls.db"):
        pass
    there = tmp_path / "there.tar"
    there.write_text("mine")
    given = variables(tmp_path, None)

    taken = await program("journal", "backup", str(there), **given)
    nowhere = await program("journal", "backup", str(tmp_path / "no" / "x.tar"), **given)
    none = await program("journal", "backup", str(tmp_path / "x.tar"), **variables(there, None))

    assert "there.tar is there already" in taken.err
    assert "No such file or directory" in nowhere.err
    assert "there is no journal at" in none.err
    assert {one.code for one in (taken, nowhere, none)} == {Exit.FAILED}
    assert there.read_text() == "mine"
    assert not [name for name in names_in(tmp_path) if name.startswith("x")]


async def test_a_backup_never_removes_a_file_that_it_did_not_make(tmp_path: Path) -> None:
    """Whatever it is called, even as the journal itself."""
    given = variables(tmp_path, None) | {"DATABASE_URL": f"sqlite:///{tmp_path}/calls.journal"}
    async with open_sqlite_journal(tmp_path / "calls.journal") as journal:
        await journal.commit(entry(1))
        done = await program("journal", "backup", str(tmp_path / "calls"), **given)
        assert (done.code, done.err) == (Exit.OK, "")
        assert {"calls", "calls.journal"} <= set(names_in(tmp_path))
        assert await journal.load(CallId("c1"))


async def test_nothing_from_outside_the_folder_of_recordings_is_in_a_backup(
    tmp_path: Path,
) -> None:
    """Whatever names the journal holds, and whoever wrote them there."""
    names = ["a.wav", "../calls.db", "..", "", "b/../a.wav", str(tmp_path / "calls.db")]
    async with open_sqlite_journal(tmp_path / "calls.db") as journal:
        for number, name in enumerate(names):
            await journal.commit(entry(number))
            call_id = CallId(f"c{number}")
            await journal.keep_recording(call_id, name, started_at=1.0, delete_at=None)
    record(tmp_path, None)
    archive = tmp_path / "backup.tar"

    done = await program("journal", "backup", str(archive), **variables(tmp_path, None))

    assert "holds calls.db and 1 recording;" in done.out
    with tarfile.open(archive) as tar:
        assert [one for one in tar.getnames() if "/" in one] == ["recordings/a.wav"]


async def test_a_backup_says_where_recordings_belong_that_are_not_beside_the_journal(
    tmp_path: Path,
) -> None:
    """Only then: the others are where they belong when it is unpacked."""
    async with open_sqlite_journal(tmp_path / "calls.db"):
        pass
    given, elsewhere = variables(tmp_path, None), str(tmp_path / "audio")

    beside = await program("journal", "backup", str(tmp_path / "1.tar"), **given)
    apart = await program(
        *("journal", "backup", str(tmp_path / "2.tar")),
        **given,
        CALLSCRIBE_RECORDINGS_DIR=elsewhere,
    )
    assert len(beside.out.splitlines()) == 1
    assert apart.out.splitlines()[1] == f"recordings/ in it belongs to {elsewhere}"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
async def test_a_backup_that_is_stopped_leaves_nothing_by_its_name(
    tmp_path: Path, how: signal.Signals
) -> None:
    """Only a killed one leaves anything, which the next one takes away, and says so."""
    given, archive = variables(tmp_path, None), tmp_path / "backup.tar"
    async with open_sqlite_journal(tmp_path / "calls.db") as journal:
        await journal.commit(entry(1))
        await journal.keep_recording(CallId("c1"), "a.wav", started_at=1.0, delete_at=None)
    (tmp_path / "recordings").mkdir()
    os.mkfifo(tmp_path / "recordings" / "a.wav")  # it waits there for a writer

    async with started("journal", "backup", str(archive), **given) as process:
        await until(lambda: any(tmp_path.glob("*.partial/backup.tar")), TIMEOUT_S)
        process.send_signal(how)
        await process.communicate()
    left = [name for name in names_in(tmp_path) if name.endswith(".partial")]
    assert not archive.exists()
    assert bool(left) == (how == signal.SIGKILL)

    (tmp_path / "recordings" / "a.wav").unlink()
    again = await program("journal", "backup", str(archive), **given)
    assert again.code == Exit.OK
    assert again.err.splitlines() == [
        f"{tmp_path / one}  was of a backup that was killed, and is gone" for one in left
    ]
    assert not any(name.endswith(".partial") for name in names_in(tmp_path))


async def test_a_backup_leaves_another_one_alone_that_runs_beside_it(tmp_path: Path) -> None:
    """In the same folder: both are whole in the end."""
    given = variables(tmp_path, None)
    async with open_sqlite_journal(tmp_path / "calls.db") as journal:
        await journal.commit(entry(1))
        await journal.keep_recording(CallId("c1"), "a.wav", started_at=1.0, delete_at=None)
    audio = tmp_path / "recordings" / "a.wav"
    audio.parent.mkdir()
    os.mkfifo(audio)  # it waits there for a writer

    async with started("journal", "backup", str(tmp_path / "1.tar"), **given) as process:
        writer = await writing_to_a_reader(audio, TIMEOUT_S)
        audio.unlink()
        other = await program("journal", "backup", str(tmp_path / "2.tar"), **given)
        os.close(writer)
        _, complaint = await process.communicate()

    assert (other.code, other.err, process.returncode, complaint) == (Exit.OK, "", Exit.OK, b"")
    assert {"1.tar", "2.tar"} <= set(names_in(tmp_path))


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + "/backup.tar"])
async def test_a_name_that_no_file_can_have_is_told_in_words(tmp_path: Path, name: str) -> None:
    """Not by a traceback."""
    done = await program("journal", "backup", name, **variables(tmp_path, None))

    assert (done.code, len(done.err.splitlines())) == (Exit.FAILED, 1)
    assert "File name too long" in done.err


async def unpack(archive: Path, folder: Path) -> None:
    """Do as the README says."""
    process = await asyncio.create_subprocess_exec("tar", "-xf", str(archive), cwd=folder)
    assert await process.wait() == 0


def found_whole(path: Path, key: bytes | None) -> bool:
    """Return whether SQLite finds nothing wrong with a database."""
    with closing(SqliteFile(path=path, busy_timeout_s=1, key=key).connect()) as db:
        return bool(db.execute("PRAGMA integrity_check").fetchall() == [("ok",)])


def heard(path: Path, key: bytes | None) -> bytes:
    """Return the audio of a recording."""
    if key is None:
        return path.read_bytes()[-len(AUDIO) :]
    with closing(EncryptedReader(path, key)) as reader:
        return b"".join(reader.read(58, reader.size_bytes))
