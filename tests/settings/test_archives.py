"""An archive in the settings."""

from pathlib import Path

from service.settings import load, show
from tests.settings.builders import KEYS
from tests.settings.harness import Load

ARCHIVE = """[[endpoint]]
name = "cold"
type = "archive"
url = "s3://calls/kept/"
formats = ["txt", "vtt"]
region = "eu-west-1"
access_key_id = "AKIA"
secret_access_key_file = "FILE"
"""


def test_an_archive_gets_reports_and_erasures_and_nothing_else(load: Load, tmp_path: Path) -> None:
    """Its secret is in a file, or in a variable that names one."""
    held = tmp_path / "key"
    held.write_text("hush\n")
    (endpoint,) = load(ARCHIVE.replace("FILE", str(held))).endpoint_list()

    assert (endpoint.events, endpoint.report) == (("transcript.erased",), True)
    assert endpoint.archive is not None
    assert (endpoint.archive.url, endpoint.archive.formats) == ("s3://calls/kept", ("txt", "vtt"))
    assert endpoint.archive.secret_access_key == "hush"
    assert endpoint.archive.timeout_s == 300.0
    assert "hush" not in repr(endpoint)


def test_a_secret_of_an_archive_is_never_shown(tmp_path: Path) -> None:
    """Not by `callscribe config`, either."""
    (tmp_path / "key").write_text("hush")
    path = tmp_path / "callscribe.toml"
    path.write_text(ARCHIVE.replace("FILE", str(tmp_path / "key")))
    shown = {one.key: one.value for one in show(load(path, KEYS))}

    assert shown["endpoint[0].secret_access_key"] == "(hidden)"
    assert shown["endpoint[0].url"] == "s3://calls/kept"
