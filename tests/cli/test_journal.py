"""`callscribe journal`: encrypts what is kept, and changes its key, while nobody uses it."""

import base64
from contextlib import closing
from pathlib import Path

import pytest

from service.exits import Exit
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry
from service.recording.encrypted import EncryptedReader
from service.recording.files import open_audio
from service.recording.wav import Layout
from tests.cli.harness import callscribe as program
from tests.journal.postgresql_server import make_schema, schema_url

KEYS = (bytes(range(32)), bytes(range(32, 64)))
TEXTS = [base64.b64encode(key).decode() for key in KEYS]
AUDIO = bytes(range(250)) * 1000
CALL = CallId("call-1")


async def keep(folder: Path, key: bytes | None = None) -> dict[str, str]:
    """Keep a call with two recordings, and return the variables that lead there."""
    (folder / "recordings").mkdir(exist_ok=True)
    async with open_sqlite_journal(folder / "calls.db", key=key) as journal:
        await journal.commit(Entry(call_id=CALL, version=0, epoch=0, state=b"{}"))
    for name in ("a.wav", "b.wav"):
        path = folder / "recordings" / name
        with closing(open_audio(path, Layout("PCMU", 8000), key)) as file:
            file.append(AUDIO)
            file.flush()
            file.sync()
    return {"DATABASE_URL": f"sqlite:///{folder}/calls.db"}


async def holds(folder: Path, key: bytes) -> bool:
    """Tell whether everything is there, under this key."""
    async with open_sqlite_journal(folder / "calls.db", exclusive=False, key=key) as journal:
        assert await journal.load(CALL) is not None
    for name in ("a.wav", "b.wav"):
        with closing(EncryptedReader(folder / "recordings" / name, key)) as reader:
            assert b"".join(reader.read(58, reader.size_bytes)) == AUDIO
    return len(list((folder / "recordings").iterdir())) == 2


async def test_everything_is_encrypted_at_once_and_once(tmp_path: Path) -> None:
    """Journal and recordings; a second time there is nothing left to do."""
    variables = await keep(tmp_path) | {"CALLSCRIBE_DATABASE_KEY": TEXTS[0]}
    for count in (2, 0):
        done = await program("journal", "encrypt", **variables)

        assert (done.code, done.err) == (Exit.OK, "")
        assert f"{count} recordings" in done.out
        assert await holds(tmp_path, KEYS[0])
        assert TEXTS[0] not in done.out


async def test_the_key_of_everything_is_changed(tmp_path: Path) -> None:
    """Also where it was stopped halfway: the same command goes on."""
    variables = await keep(tmp_path, KEYS[0]) | {"CALLSCRIBE_DATABASE_KEY": TEXTS[0]}
    new = tmp_path / "new.key"
    new.write_text(TEXTS[1] + "\n")
    before = (tmp_path / "recordings" / "b.wav").read_bytes()
    done = await program("journal", "rekey", "--new-key-file", str(new), **variables)
    assert (done.code, done.err) == (Exit.OK, "")
    assert await holds(tmp_path, KEYS[1])

    (tmp_path / "recordings" / "b.wav").write_bytes(before)
    done = await program("journal", "rekey", "--new-key-file", str(new), **variables)
    assert "1 recording" in done.out
    assert await holds(tmp_path, KEYS[1])


async def test_a_service_that_runs_is_left_alone(tmp_path: Path) -> None:
    """Nothing is changed under its feet."""
    variables = await keep(tmp_path) | {"CALLSCRIBE_DATABASE_KEY": TEXTS[0]}
    async with open_sqlite_journal(tmp_path / "calls.db"):
        done = await program("journal", "encrypt", **variables)

    assert (done.code, "another process keeps its journal here" in done.err) == (1, True)
    assert (tmp_path / "recordings" / "a.wav").read_bytes().startswith(b"RIFF")


async def test_a_key_that_is_none_is_told(tmp_path: Path) -> None:
    """Missing, too short, or not there to be read; and none is repeated."""
    variables = await keep(tmp_path)
    none = await program("journal", "encrypt", **variables)
    short = await program("journal", "encrypt", CALLSCRIBE_DATABASE_KEY="c2hvcnQ=", **variables)
    (tmp_path / "new.key").write_text("hunter2")
    arguments = ("journal", "rekey", "--new-key-file")
    variables |= {"CALLSCRIBE_DATABASE_KEY": TEXTS[0]}
    bad = await program(*arguments, str(tmp_path / "new.key"), **variables)
    absent = await program(*arguments, str(tmp_path / "absent"), **variables)

    assert (none.code, "openssl rand -base64 32" in none.err) == (Exit.USAGE, True)
    assert (short.code, "should be 32 random bytes" in short.err) == (Exit.USAGE, True)
    assert (bad.code, "should be 32 random bytes" in bad.err) == (Exit.FAILED, True)
    assert (absent.code, "cannot read" in absent.err) == (Exit.FAILED, True)
    assert "hunter2" not in bad.err
    assert "c2hvcnQ=" not in short.err


async def test_a_journal_is_copied_and_compared(tmp_path: Path) -> None:
    """Into PostgreSQL, with the sums of both; what cannot be copied over is refused in words."""
    await make_schema("cli_copy")
    variables = await keep(tmp_path)
    words = ("journal", "copy", variables["DATABASE_URL"], schema_url("cli_copy"))
    done = await program(*words, **variables)

    assert (done.code, done.err) == (Exit.OK, "")
    assert "call                1  " in done.out
    assert "both are the same" in done.out
    again = await program(*words, **variables)
    assert again.code == Exit.FAILED
    assert "copy into a new database" in again.err


@pytest.mark.parametrize("command", ["copy", "encrypt", "rekey", "activate"])
async def test_a_name_that_no_file_can_have_is_told_in_words(tmp_path: Path, command: str) -> None:
    """Not by a traceback."""
    url, key = f"sqlite:///{tmp_path}/{'x' * 300}", tmp_path / "new.key"
    key.write_text(TEXTS[1])
    arguments = {"copy": (url, f"sqlite:///{tmp_path}/b.db"), "rekey": ("--new-key-file", str(key))}
    variables = {"DATABASE_URL": url, "CALLSCRIBE_DATABASE_KEY": TEXTS[0]}
    done = await program("journal", command, *arguments.get(command, ()), **variables)

    assert done.code == Exit.FAILED
    assert "cannot open the database" in done.err
    assert done.err.rstrip().endswith("File name too long")
