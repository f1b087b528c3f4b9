"""Files as answers: a large one may take its time."""

import asyncio
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from service.web.files import FileAnswer
from service.web.limits import Limits
from tests.web.harness import serving

SIZE = 8 * 1024 * 1024


async def test_a_file_is_given_the_time_that_its_size_takes(tmp_path: Path) -> None:
    """An answer of so many bytes would have been cut off by now; a file that is taken is not."""
    path = tmp_path / "audio.wav"
    path.write_bytes(bytes(SIZE))

    async def serve(_: web.Request) -> web.StreamResponse:
        return FileAnswer(path, size_bytes=SIZE, content_type="audio/wav")

    app = web.Application()
    app.router.add_get("/", serve)
    limits = replace(Limits(), answer_s=0.2)
    async with serving(app, limits=limits) as (url, client), client.get(url) as answer:
        await asyncio.sleep(0.7)  # longer than an answer may take
        assert len(await answer.read()) == SIZE
        assert answer.headers["Content-Type"] == "audio/wav"
