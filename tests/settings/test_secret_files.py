import os
from pathlib import Path

import pytest

from service.cli.common import read_variable
from service.errors import SettingsError
from service.settings import load_settings
from tests.settings.builders import KEYS, PUBLIC_KEY, SECRET
from tests.settings.harness import Load, Problems

WEBHOOK = '[[endpoint]]\nname = "crm"\ntype = "webhook"\nurl = "https://a.example"\n'
SIGNING = "whsk_" + "A" * 43 + "="
STORAGE = "A" * 43 + "="


def held(folder: Path, text: str) -> str:
    """Put a secret into a file, as an editor leaves it."""
    path = folder / f"secret-{len(list(folder.iterdir()))}"
    path.write_text(f"{text}\n")
    return str(path)


def test_every_secret_may_be_in_a_file_that_a_variable_names(tmp_path: Path) -> None:
    """Those of Telnyx, of the recogniser, of the journal, of the bus and of each endpoint."""
    variables = {
        "TELNYX_API_KEY_FILE": held(tmp_path, "KEY1"),
        "TELNYX_PUBLIC_KEY_FILE": held(tmp_path, PUBLIC_KEY),
        "CALLSCRIBE_RECOGNISER_API_KEY_FILE": held(tmp_path, "sesame"),
        "CALLSCRIBE_DATABASE_KEY_FILE": held(tmp_path, STORAGE),
        "CALLSCRIBE_NATS_URL_FILE": held(tmp_path, "nats://u:hush@nats"),
        "CALLSCRIBE_ENDPOINT__CRM__TYPE": "webhook",
        "CALLSCRIBE_ENDPOINT__CRM__URL": "https://a.example",
        "CALLSCRIBE_ENDPOINT__CRM__SECRET_FILE": held(tmp_path, SECRET),
        "CALLSCRIBE_ENDPOINT__CRM__SECRET_PREVIOUS_FILE": held(tmp_path, SECRET),
        "CALLSCRIBE_ENDPOINT__CRM__SIGNING_KEY_FILE": held(tmp_path, SIGNING),
        "CALLSCRIBE_ENDPOINT__CRM__HEADERS__AUTHORIZATION_FILE": held(tmp_path, "Bearer x"),
    }
    settings = load_settings(None, variables)

    (crm,) = settings.endpoint_list()
    assert settings.telnyx_api_key.get_secret_value() == "KEY1"
    assert settings.telnyx_public_key == PUBLIC_KEY
    assert settings.recogniser_api_key is not None
    assert settings.recogniser_api_key.get_secret_value() == "sesame"
    assert settings.storage_key() == bytes(32)
    assert settings.nats_url == "nats://u:hush@nats"
    assert (crm.secret, crm.secret_previous, crm.signing_key) == (SECRET, SECRET, SIGNING)
    assert crm.headers == {"authorization": "Bearer x"}


def test_a_file_may_be_named_in_the_settings_and_a_variable_wins(
    load: Load, tmp_path: Path
) -> None:
    """As it does over any key; a file in a variable wins over what the settings say, too."""
    other = "whsec_" + "b3RoZXI0" * 4
    named = f'{WEBHOOK}secret_file = "{held(tmp_path, SECRET)}"\n'

    assert load(named).endpoint_list()[0].secret == SECRET
    over = load(named, CALLSCRIBE_ENDPOINT__CRM__SECRET=other)
    assert over.endpoint_list()[0].secret == other
    from_file = load(
        f'{WEBHOOK}secret = "{SECRET}"\n',
        CALLSCRIBE_ENDPOINT__CRM__SECRET_FILE=held(tmp_path, other),
    )
    assert from_file.endpoint_list()[0].secret == other


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('secret_file = "/nope"', "5: endpoint[0].secret_file: /nope cannot be read: No such file"),
        ("secret_file = 1", "5: endpoint[0].secret_file: should be the path of a file"),
        (f'secret = "{SECRET}"\nsecret_file = "/x"', "6: endpoint[0].secret_file: is there beside"),
        ('secret_file = "/dev/null"', "5: endpoint[0].secret_file: /dev/null is no regular file"),
        ('secret_file = "\\u0000"', "5: endpoint[0].secret_file: should be the path of a file"),
        ('url_file = "/x"', "5: endpoint[0].url_file: unknown key"),
    ],
)
def test_a_file_that_gives_no_secret_is_told(problems: Problems, text: str, said: str) -> None:
    """With its line and its path."""
    assert any(one.startswith(f"callscribe.toml:{said}") for one in problems(WEBHOOK + text))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b" \n", "is empty"),
        (b"\xff", "is not text in UTF-8"),
        (b"x" * 20_000, "is larger than 10000 bytes"),
        (b"hunter2\nhunter3", "has a line break in it"),
        ("hunter2\ufeffhunter3".encode(), "letters that are not to be seen"),
        (b"hunter2 hunter3", "has a space in it"),
    ],
)
def test_what_is_no_secret_is_not_taken_for_one(tmp_path: Path, data: bytes, said: str) -> None:
    """Nor cut until it is one, nor repeated."""
    path = tmp_path / "secret"
    path.write_bytes(data)
    with pytest.raises(SettingsError) as failure:
        load_settings(None, KEYS | {"CALLSCRIBE_RECOGNISER_API_KEY_FILE": str(path)})

    (problem,) = failure.value.problems
    assert said in problem
    assert "hunter" not in problem


def test_a_mark_before_the_text_is_none_of_the_secret(tmp_path: Path) -> None:
    """Some editors begin UTF-8 with one."""
    path = tmp_path / "secret"
    path.write_text("KEY1\n", encoding="utf-8-sig")

    assert read_variable({"A_FILE": str(path)}, "A") == "KEY1"


def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    """That nobody may ever write to."""
    os.mkfifo(tmp_path / "secret")

    with pytest.raises(SettingsError, match="is no regular file"):
        read_variable({"A_FILE": str(tmp_path / "secret")}, "A")


def test_a_variable_and_its_file_at_once_are_one_too_many(tmp_path: Path) -> None:
    """Nobody guesses which is meant; what is in neither is never repeated."""
    with pytest.raises(SettingsError) as failure:
        load_settings(None, KEYS | {"TELNYX_API_KEY_FILE": held(tmp_path, "hunter2")})

    (problem,) = failure.value.problems
    assert problem.startswith("TELNYX_API_KEY_FILE: telnyx_api_key_file: is there beside")
    assert "hunter2" not in problem


def test_a_secret_in_a_file_that_is_wrong_is_told_by_its_variable(tmp_path: Path) -> None:
    """And not repeated."""
    with pytest.raises(SettingsError) as failure:
        load_settings(None, KEYS | {"CALLSCRIBE_DATABASE_KEY_FILE": held(tmp_path, "hunter2")})

    (problem,) = failure.value.problems
    assert problem.startswith("CALLSCRIBE_DATABASE_KEY_FILE: database_key: should be 32 random")


def test_commands_without_settings_read_their_key_from_a_file_too(tmp_path: Path) -> None:
    """The recogniser's, say."""
    assert read_variable({"A_FILE": held(tmp_path, "x")}, "A") == "x"
    assert read_variable({"A": "y", "A_FILE": "/nope"}, "A") == "y"
    assert read_variable({}, "A") is None
    with pytest.raises(SettingsError, match="A_FILE: /nope cannot be read"):
        read_variable({"A_FILE": "/nope"}, "A")
