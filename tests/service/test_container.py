"""The image, as far as it can be made and run without an engine."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from service.exits import Exit
from tests import dockerfile
from tests.cli.harness import free_port
from tests.dockerfile import REPOSITORY, Image, without_rights
from tests.settings.builders import KEYS
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.slow
DOCKERFILE = REPOSITORY / "Dockerfile"
SETTINGS = """
[[route]]
source = "in_call"
endpoints = ["log"]

[[endpoint]]
name = "log"
type = "log"
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Carry out the Dockerfile's steps, and let nobody write to what came of it."""
    image = dockerfile.build(DOCKERFILE, tmp_path_factory.mktemp("image"))
    subprocess.run(["chmod", "-R", "a-w", image.root / "opt"], check=True)
    return image


@asynccontextmanager
async def container(
    image: Image, *arguments: str, **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run what a container of the image runs, in its volume, without any right."""
    command = _in_path(image, [*image.entrypoint, *(arguments or image.command)])
    with (image.data / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *without_rights(command),
            cwd=image.data,
            env=image.variables(**variables),
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def run_in(image: Image, command: list[str], variables: Mapping[str, str]) -> tuple[int, str]:
    """Do what `docker exec` does."""
    done = subprocess.run(
        without_rights(_in_path(image, command)),
        cwd=image.data,
        env=image.variables(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _in_path(image: Image, command: list[str]) -> list[str]:
    """Return the command with its program found as the image's PATH says."""
    return ["/usr/bin/env", f"PATH={image.environ['PATH']}", *command]


async def healthy(image: Image, variables: Mapping[str, str]) -> bool:
    """Ask as the engine would."""
    code, _ = await asyncio.to_thread(run_in, image, image.health, variables)
    return code == Exit.OK


async def until_healthy(
    image: Image, variables: Mapping[str, str], process: asyncio.subprocess.Process
) -> None:
    """Ask until the answer is yes, as the engine does; fail if the process ends."""
    async with asyncio.timeout(60):
        while not await healthy(image, variables):
            assert process.returncode is None


async def test_the_image_serves_with_a_settings_file_and_nothing_to_write_to_but_its_volume(
    image: Image,
) -> None:
    """The same command and health check; keys are made in it, and it stops when told."""
    (image.data / "callscribe.toml").write_text(SETTINGS)
    port = free_port()
    variables = KEYS | {"CALLSCRIBE_LISTEN": f"0.0.0.0:{port}"}
    made_before = written(image.root / "opt")
    async with container(image, **variables) as process:
        await until_healthy(image, variables, process)
        code, key = run_in(
            image, ["callscribe", "keys", "create", "--name", "a", "--scope", "admin"], variables
        )
        assert code == Exit.OK
        async with aiohttp.ClientSession() as client:
            headers = {"Authorization": f"Bearer {key.strip()}"}
            async with client.get(
                f"http://127.0.0.1:{port}/v1/endpoints", headers=headers
            ) as answer:
                assert [one["name"] for one in (await answer.json())["data"]] == ["log"]
        process.terminate()
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == Exit.OK
        assert not await healthy(image, variables)

    assert written(image.root / "opt") == made_before
    assert '"subject":"routes"' not in (image.data / "log").read_text()


def test_the_image_may_not_be_written_to(image: Image) -> None:
    """A control: whoever runs in it has no rights."""
    code, said = run_in(image, ["touch", str(image.root / "opt" / "callscribe" / "new")], {})

    assert code != 0
    assert "Permission denied" in said


async def test_the_recogniser_of_the_image_is_reached_from_outside_and_healthy(
    image: Image,
) -> None:
    """It listens on every address, where the same health check finds it.

    Its models are not in this image: what they come with is in the environment of the tests.
    """
    port = free_port()
    variables = {
        name: image.environ[name].replace("8090", str(port)).replace("8080", str(free_port()))
        for name in ("CALLSCRIBE_LISTEN", "CALLSCRIBE_RECOGNISER_LISTEN")
    }
    command = [sys.executable, "-m", "service", "recogniser"]
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    try:
        await until_healthy(image, variables, process)
    finally:
        process.terminate()
        await process.wait()

    assert variables["CALLSCRIBE_RECOGNISER_LISTEN"] == f"0.0.0.0:{port}"


def test_all_that_is_copied_is_sent_to_the_engine() -> None:
    """`.dockerignore` leaves everything out that it does not name."""
    let_through = {
        line[1:]
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line[:1] == "!"
    }
    copied = {
        source
        for line in DOCKERFILE.read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }

    assert copied == let_through


def written(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the size and time of each file in a folder."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }
