"""`callscribe init` and `callscribe config`: a first file, and what is in force of it."""

import stat
from pathlib import Path

import pytest

from service.cli import main
from service.exits import Exit
from service.settings import advise, load_settings
from tests.cli.harness import callscribe as program
from tests.cli.harness import on_a_terminal
from tests.settings.builders import KEYS, SECRET
from tests.small_disk import fill, small_disk

PUBLIC = ("--public-url", "https://calls.example.com")
CONNECT = ("--connect", "+13125550177")


def init(path: Path, *arguments: str) -> int:
    """Run the command, with its file at a path."""
    return main(["init", "--config", str(path), *arguments])


@pytest.mark.parametrize(
    ("arguments", "source", "endpoint"),
    [
        ((*PUBLIC, "--number", "+1312*"), "media", "log"),
        (("--source", "in_call"), "in_call", "log"),
        (("--source", "in_call", "--endpoint", "https://crm.example.com/x"), "in_call", "webhook"),
        ((*PUBLIC, "--endpoint", "http://127.0.0.1:9000/x", "--name", "desk"), "media", "webhook"),
    ],
)
def test_a_file_made_from_flags_can_be_served_and_needs_no_advice(
    tmp_path: Path, arguments: tuple[str, ...], source: str, endpoint: str
) -> None:
    """With a secret of its own, that nobody else can read."""
    path = tmp_path / "callscribe.toml"
    assert init(path, *CONNECT, *arguments) == Exit.OK

    settings = load_settings(path, KEYS)
    (route,), (first,) = settings.routes(), settings.endpoint_list()
    assert (route.source, first.type) == (source, endpoint)
    assert route.endpoints == (first.name,)
    assert route.connect == "+13125550177"
    assert advise(settings, path) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if endpoint == "webhook":
        again = tmp_path / "again.toml"
        assert init(again, *arguments) == Exit.OK
        assert load_settings(again, KEYS).endpoint_list()[0].secret != first.secret


def test_a_file_that_is_there_is_left_alone_unless_forced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may hold the only copy of a secret."""
    path = tmp_path / "callscribe.toml"
    path.write_text("# mine")

    assert init(path, "--source", "in_call") == Exit.FAILED
    assert "is there already; --force writes over it" in capsys.readouterr().err
    assert path.read_text() == "# mine"
    assert init(path, "--source", "in_call", "--force") == Exit.OK
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_disk_that_is_full_leaves_the_file_that_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the only copy of its secret, and nothing beside it."""
    with small_disk(tmp_path, "64k") as disk:
        if disk is None:
            pytest.skip("a file system of its own needs Linux, and root")
        path = disk / "callscribe.toml"
        path.write_text("# mine")
        fill(disk / "full")

        assert init(path, "--source", "in_call", "--force") == Exit.FAILED
        assert "cannot write" in capsys.readouterr().err
        assert path.read_text() == "# mine"
        assert sorted(one.name for one in disk.iterdir()) == ["callscribe.toml", "full"]


def test_a_file_that_a_link_leads_to_is_written_where_it_is(tmp_path: Path) -> None:
    """The link stays."""
    path, kept = tmp_path / "callscribe.toml", tmp_path / "kept.toml"
    kept.write_text("# mine")
    path.symlink_to(kept)

    assert init(path, "--source", "in_call", "--force") == Exit.OK
    assert path.is_symlink()
    assert load_settings(kept, KEYS).routes()[0].source == "in_call"


@pytest.mark.parametrize(
    ("name", "said"), [("x" * 300, "File name too long"), (".", "it is no file")]
)
def test_what_cannot_be_a_file_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    """Not by a traceback."""
    assert init(tmp_path / name, "--source", "in_call", "--force") == Exit.FAILED
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--public-url is missing"),
        (("--public-url", "http://calls.example.com"), "should be https://"),
        (("--source", "in_call", "--endpoint", "https://10.0.0.1"), "not public"),
        (
            ("--source", "in_call", "--endpoint", "https://a.example", "--name", "a b"),
            "should be 1",
        ),
    ],
)
def test_what_could_not_be_served_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    """It is told as the service would."""
    path = tmp_path / "callscribe.toml"

    assert init(path, *arguments) == Exit.USAGE
    assert said in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--public-url", "https://calls.example.com/telnyx"), "should have no path"),
        (("--public-url", "ftp://calls.example.com"), "should be https:// or http://"),
        ((*PUBLIC, "--number", "13125550100"), "should be a number"),
        ((*PUBLIC, "--number", "+1312"), "how it begins: +1312*"),
        ((*PUBLIC, "--number", "call me"), "should be a number"),
        ((*PUBLIC, "--endpoint", "crm.example.com"), "should be https:// or http://"),
    ],
)
def test_what_is_no_number_and_no_address_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    """As a wrong flag is."""
    with pytest.raises(SystemExit, match=str(int(Exit.USAGE))):
        init(tmp_path / "callscribe.toml", *arguments)

    assert said in capsys.readouterr().err


async def test_whoever_sits_there_is_asked(tmp_path: Path) -> None:
    """For what no flag says; an empty answer takes what stands in brackets."""
    path = tmp_path / "callscribe.toml"
    answers = "+1312*\n\n\ncalls.example.com\nhttps://crm.example.com/hooks\n"
    done = await on_a_terminal("init", "--config", str(path), typed=answers)

    assert done.code == Exit.OK
    settings = load_settings(path, KEYS)
    assert settings.public_url == "https://calls.example.com"
    assert settings.routes()[0].match == {"direction": "incoming", "to": "+1312*"}
    assert settings.endpoint_list()[0].url == "https://crm.example.com/hooks"
    assert "callscribe check" in done.out


async def test_an_answer_that_cannot_be_used_is_asked_for_again(tmp_path: Path) -> None:
    """With what it should be; nobody begins anew for a slip."""
    path = tmp_path / "callscribe.toml"
    answers = "1312\n+1312*\ndesk\nsip:desk@example.com\nradio\n\n"
    answers += "calls.example.com/x\ncalls.example.com\ncrm\n\n"
    done = await on_a_terminal("init", "--config", str(path), typed=answers)

    assert done.code == Exit.OK
    settings = load_settings(path, KEYS)
    assert settings.public_url == "https://calls.example.com"
    assert settings.routes()[0].connect == "sip:desk@example.com"
    assert settings.endpoint_list()[0].type == "log"
    slips = ("a number as", "a number such as", "media or in_call.", "no path")
    assert [done.out.count(one) for one in slips] == [1] * 4


def test_whoever_names_nobody_is_told_that_callers_hear_silence(tmp_path: Path) -> None:
    """The file says how to change it."""
    path = tmp_path / "callscribe.toml"
    assert init(path, "--source", "in_call") == Exit.OK

    (only,) = advise(load_settings(path, KEYS), path)
    assert "connects them with nobody" in only.text
    assert "# connect = " in path.read_text()


async def test_what_is_in_force_is_shown_with_where_it_is_from(tmp_path: Path) -> None:
    """A line of the file, a variable, a file of its own, or nobody; never a secret."""
    path, secret = tmp_path / "callscribe.toml", tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    path.write_text(
        'drain_timeout_s = 5\n[[route]]\nsource = "in_call"\nendpoints = ["crm"]\n[[endpoint]]\n'
        f'name = "crm"\ntype = "webhook"\nurl = "https://a.example"\nsecret_file = "{secret}"\n'
        'headers = { Authorization = "hunter2" }\n'
    )
    variables = {"CALLSCRIBE_LISTEN": ":81", "TELNYX_API_KEY": "KEY0123456789"}
    done = await program("config", "--config", str(path), **variables)

    shown = {line.split()[0]: line.split()[1:] for line in done.out.splitlines()}
    assert (done.code, done.err) == (Exit.OK, "")
    assert shown["listen"] == [":81", "CALLSCRIBE_LISTEN"]
    assert shown["drain_timeout_s"] == ["5.0", f"{path}:1"]
    assert shown["telnyx_api_key"] == ["(hidden)", "TELNYX_API_KEY"]
    assert shown["telnyx_public_key"] == ["-", "not", "set"]
    assert shown["endpoint[0].secret"] == ["(hidden)", f"{path}:9"]
    assert shown["endpoint[0].headers"] == ['{"Authorization":"(hidden)"}', f"{path}:10"]
    assert "endpoint[0].timeout_s" not in shown
    assert not [one for one in (SECRET, "hunter2", "KEY0123456789") if one in done.out]


async def test_what_nobody_set_is_shown_if_it_is_asked_for() -> None:
    """With every default."""
    every = await program("config", "--all", CALLSCRIBE_ROUTE__0__SOURCE="in_call")

    assert "CALLSCRIBE_ROUTE__0__SOURCE" in every.out
    assert "route[0].interim_results" in every.out
