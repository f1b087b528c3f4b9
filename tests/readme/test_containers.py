"""The page's containers, without an engine: each part of its lines against the Dockerfile.

What they run is run in tests/service/test_container.py.
"""

import argparse
import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest

from service.cli import main
from service.exits import Exit
from service.settings import Settings, load_settings
from tests.dockerfile import instructions
from tests.readme.harness import README, REPOSITORY, commands, words_of
from tests.settings.builders import KEYS

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()


@dataclass(frozen=True, slots=True)
class Container:
    """A `docker run`: its options, its image and what it is told."""

    options: argparse.Namespace
    image: str
    arguments: list[str]


def containers() -> dict[str, Container]:
    """Return what the page starts, by name."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    for flag in ("-d", "--read-only"):
        parser.add_argument(flag, action="store_true")
    for option in ("--name", "--network", "--stop-timeout"):
        parser.add_argument(option)
    for option in ("-p", "-v", "-e"):
        parser.add_argument(option, action="append", default=[])
    parser.add_argument("image")
    parser.add_argument("arguments", nargs="*")
    lines = [one.removeprefix("docker run ") for one in commands() if one.startswith("docker run ")]
    told = [parser.parse_args(words_of(line)) for line in lines]
    return {one.name: Container(one, one.image, one.arguments) for one in told}


def said(word: str) -> list[str]:
    """Return what follows a word in the Dockerfile's last stage, or in all of it for ARG."""
    last = DOCKERFILE if word == "ARG" else DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    return [rest for found, rest in instructions(last) if found == word]


def environ() -> dict[str, str]:
    """Return the variables of the image."""
    return dict(pair.split("=", 1) for rest in said("ENV") for pair in rest.split())


def test_the_page_has_the_lines_of_the_dockerfile() -> None:
    """Word for word, each of them."""
    remarks = re.sub(r"\\\n#\s*", "", DOCKERFILE)
    noted = re.findall(r"^#  *(docker .*)$", remarks, re.MULTILINE)
    shown = [one for one in commands() if one.startswith("docker ")]

    assert [words_of(one) for one in noted] == [words_of(one) for one in shown]


def test_every_image_is_built_as_the_page_says() -> None:
    """By arguments that the Dockerfile takes."""
    built = re.findall(r"`docker build -t (\S+)(?: --build-arg (\w+)=1)? \.`", README)

    assert {one.image for one in containers().values()} == {name for name, _ in built}
    taken = {one.partition("=")[0] for one in said("ARG")}
    assert {argument for _, argument in built} - {""} <= taken


@pytest.mark.parametrize("name", ["callscribe", "recogniser"])
def test_a_container_runs_a_command_that_there_is(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The image's entry point with what it is told, or with what it is told by itself."""
    (entry,), default = (json.loads(said(word)[0]) for word in ("ENTRYPOINT", "CMD"))
    told = containers()[name].arguments or default

    with pytest.raises(SystemExit, match=str(int(Exit.OK))):
        main([*told, "--help"])
    assert entry == "callscribe"
    assert capsys.readouterr().out.startswith(f"usage: callscribe {told[0]} ")


def test_what_is_mounted_is_where_the_image_looks_for_it() -> None:
    """The settings in the working folder, to be read only; the journal in the volume."""
    mounted = dict(one.split(":", 1) for one in containers()["callscribe"].options.v)
    (folder,), (volume,) = said("WORKDIR"), said("VOLUME")

    assert mounted == {
        "$PWD/callscribe.toml": str(PurePosixPath(folder, "callscribe.toml")) + ":ro",
        "callscribe": volume,
    }
    assert f"`sudo chown {said('USER')[0].partition(':')[0]} callscribe.toml`" in README


def test_ports_variables_and_names_are_those_of_the_image() -> None:
    """The service is reached where it listens, and reaches the recogniser by its name."""
    service, recogniser = (containers()[name] for name in ("callscribe", "recogniser"))
    exposed = said("EXPOSE")[0].split()
    (published,) = service.options.p
    (address,) = re.findall(r'`recogniser_url =\s+"(ws://[^"]+)"`', README)
    url = urlsplit(address)

    assert published.split(":")[1] == environ()["CALLSCRIBE_LISTEN"].rpartition(":")[2]
    assert str(url.port) == environ()["CALLSCRIBE_RECOGNISER_LISTEN"].rpartition(":")[2]
    assert {published.split(":")[1], str(url.port)} == set(exposed)
    assert url.hostname == recogniser.options.name
    assert url.path == urlsplit(Settings.model_fields["recogniser_url"].default).path
    assert service.options.network == recogniser.options.network
    assert f"docker network create {service.options.network}" in commands()
    assert load_settings(None, dict.fromkeys(service.options.e, "") | KEYS)


def test_containers_stop_whole_and_say_how_they_are() -> None:
    """The engine waits longer than a drain takes; the health check is the one command."""
    (health,) = [rest.partition("CMD ")[2] for rest in said("HEALTHCHECK")]
    (inside,) = [one.split() for one in commands() if one.startswith("docker exec ")]
    drain_s = Settings.model_fields["drain_timeout_s"].default

    assert all(one.options.d and one.options.read_only for one in containers().values())
    assert float(containers()["callscribe"].options.stop_timeout) > drain_s
    assert " ".join(json.loads(health)) == "callscribe health"
    assert f"`{' '.join(json.loads(health))}`" in README
    assert inside[2:4] == ["callscribe", "callscribe"]
    assert inside[2] in containers()
