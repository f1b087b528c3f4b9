"""Encrypted journals: nothing to read without the key, and refusals that say what to do."""

import shutil
import sys
from contextlib import closing
from pathlib import Path

import pytest

from service.errors import JournalUnavailableError, SettingsError
from service.journal.database import open_journal, open_library
from service.journal.sqlite.driver import connecting, unlock
from service.journal.sqlite.encryption import can_open, encrypt_journal, rekey_journal
from service.ports import CallFilter, WordQuery
from tests.journal.harness import KEY
from tests.journal.library_model import Call

OTHER_KEY = bytes(reversed(KEY))
CALL = Call("c1", 0, "+13125550100", {"queue": "billing"}, True, [("agent", "marmalade sandwich")])
TRACES = (b"marmalade", b"sandwich", b"3125550100", b"billing", b"SQLite format", b"CREATE TABLE")


async def keep(path: Path, key: bytes | None) -> bytes:
    """Keep a call and return the bytes of all files while the journal was open."""
    url = f"sqlite:///{path}"
    async with open_journal(url, key=key) as journal, open_library(url, key=key) as library:
        await journal.commit(CALL.entry())
        assert len(await library.search(WordQuery(words="marmalade"), limit=9)) == 1
        return everything(path.parent)


async def found(path: Path, key: bytes | None) -> tuple[int, int]:
    """Return how many calls are listed, and how many hits a word has."""
    async with open_library(f"sqlite:///{path}", key=key) as library:
        calls = await library.calls(CallFilter(number="+13125550100"), before=None, limit=9)
        return len(calls), len(await library.search(WordQuery(words="marm*"), limit=9))


def everything(folder: Path) -> bytes:
    """Return the bytes of all files in a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


async def test_no_word_and_no_number_is_in_the_files(tmp_path: Path) -> None:
    """Neither in the database nor in its log; without a key they are, so this test can fail."""
    for name, key in (("plain", None), ("encrypted", KEY)):
        (tmp_path / name).mkdir()
        files = await keep(tmp_path / name / "a.db", key) + everything(tmp_path / name)
        assert [trace in files for trace in TRACES] == [key is None] * len(TRACES)


@pytest.mark.parametrize(
    ("kept_with", "opened_with", "said"),
    [
        (KEY, OTHER_KEY, "none that was encrypted with this database_key"),
        (KEY, None, "set the database_key it was encrypted with"),
        (None, KEY, "callscribe journal encrypt"),
    ],
)
async def test_the_wrong_key_is_told_what_to_do(
    tmp_path: Path, kept_with: bytes | None, opened_with: bytes | None, said: str
) -> None:
    """To the service and to the command line; no key is repeated, and the file stays as it was."""
    path = tmp_path / "a.db"
    await keep(path, kept_with)
    before = path.read_bytes()
    for exclusive in (True, False):
        with pytest.raises(JournalUnavailableError, match=said) as refused:
            async with open_journal(f"sqlite:///{path}", exclusive=exclusive, key=opened_with):
                pass
        assert KEY.hex() not in str(refused.value)
        assert OTHER_KEY.hex() not in str(refused.value)
    assert path.read_bytes() == before


async def test_a_plain_journal_is_encrypted(tmp_path: Path) -> None:
    """All of it is there, also for searches; what was in the plain file is written over."""
    path = tmp_path / "a.db"
    await keep(path, None)
    (tmp_path / "same").hardlink_to(path)
    encrypt_journal(path, KEY)

    assert await found(path, KEY) == (1, 1)
    assert not any(trace in everything(tmp_path) for trace in TRACES)
    assert not any((tmp_path / "same").read_bytes())
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "same").unlink()
    assert not (tmp_path / "a.db.new").exists()
    with pytest.raises(JournalUnavailableError, match="not a plain journal"):
        encrypt_journal(path, KEY)


async def test_the_key_is_changed(tmp_path: Path) -> None:
    """Afterwards the new key opens it, the old one does not, and work goes on."""
    path = tmp_path / "a.db"
    await keep(path, KEY)
    rekey_journal(path, KEY, OTHER_KEY)

    assert (can_open(path, KEY), can_open(path, OTHER_KEY)) == (False, True)
    assert await found(path, OTHER_KEY) == (1, 1)
    with closing(connecting(KEY)(path)) as db:
        unlock(db, OTHER_KEY)
        db.execute("INSERT INTO utterance_words(utterance_words) VALUES ('integrity-check')")


async def test_a_copy_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    """What a crash left beside the journal does not get in the way; the journal is whole."""
    path = tmp_path / "a.db"
    await keep(path, KEY)
    shutil.copy(path, tmp_path / "a.db.new")
    (tmp_path / "a.db.new-journal").write_bytes(b"half" * 1000)
    with pytest.raises(JournalUnavailableError, match="with this database_key"):
        rekey_journal(path, OTHER_KEY, KEY)
    assert await found(path, KEY) == (1, 1)

    rekey_journal(path, KEY, OTHER_KEY)
    assert await found(path, OTHER_KEY) == (1, 1)
    assert not (tmp_path / "a.db.new-journal").exists()


async def test_a_journal_that_is_in_use_is_not_copied(tmp_path: Path) -> None:
    """Also by a program that asks for no lock of ours, such as our own command line."""
    path = tmp_path / "a.db"
    await keep(path, None)
    # the same library: it knows its own process's locks
    with closing(connecting(KEY)(path, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM call").fetchone()
        with pytest.raises(JournalUnavailableError):
            encrypt_journal(path, KEY)
    assert await found(path, None) == (1, 1)


async def test_a_key_without_sqlcipher_is_a_settings_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names what to install; nothing is kept in the clear instead."""
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    with pytest.raises(SettingsError) as refused:
        async with open_journal(f"sqlite:///{tmp_path}/a.db", key=KEY):
            pass

    assert ".[encryption]" in refused.value.problems[0]
    assert everything(tmp_path) == b""
