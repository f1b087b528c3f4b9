"""`callscribe transcribe`: a file or an address, now."""

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.common import Commands, add_command, add_config, positive
from service.cli.output import add_output, expect_new, find_file, find_format, writing
from service.errors import CallscribeError, RecognitionLostError, SettingsError
from service.exits import Exit

if TYPE_CHECKING:
    from service.calls.engines import FileRequest
    from service.cli.transcribe.target import Target
    from service.stt.files.client import FileLimits
    from service.stt.files.form import Progress
    from service.stt.files.transcript import FileTranscript

_FORMATS = ("txt", "json", "srt", "vtt")


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "transcribe",
        run,
        "Transcribe a file or an address with Telnyx (TELNYX_API_KEY), or with our own recogniser "
        "(--engine local); or follow a live stream.",
    )
    parser.add_argument("audio", metavar="FILE|URL", help="a file, or http:// or https://")
    parser.add_argument("--engine", metavar="NAME", help="as Telnyx names it, or local")
    parser.add_argument("--model", metavar="NAME", help="default: one that gives what is asked for")
    parser.add_argument("--language", metavar="CODE", help="what is spoken, as in en-US")
    add_output(parser, _FORMATS)
    parser.add_argument("--diarize", action="store_true", help="tell speakers apart")
    parser.add_argument(
        "--channels",
        action="store_true",
        help="tell the channels of a recording apart, as where each has a speaker of its own",
    )
    parser.add_argument("--words", action="store_true", help="with the times of single words")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        type=_option,
        metavar="NAME=VALUE",
        help="one of the engine's own: in model_config of a file, or of the stream's address",
    )
    parser.add_argument(
        "--url", metavar="BASE", help="where the service is, as in https://api.telnyx.com/v2"
    )
    add_config(parser)
    _add_following(parser)


def _add_following(parser: argparse.ArgumentParser) -> None:
    live = parser.add_argument_group("following")
    live.add_argument(
        "--follow",
        action="store_true",
        help="stream it, a live stream without end too, and show what is heard as it comes; "
        "Ctrl-C ends it",
    )
    live.add_argument("--keyterm", action="append", default=[], metavar="TERM", help="expect it")
    live.add_argument("--endpointing", type=positive, metavar="MS", help="silence that ends a text")
    live.add_argument("--input-format", metavar="NAME", help="if it cannot be told: mp3, mulaw, …")
    live.add_argument("--sample-rate", type=positive, metavar="HZ", help="of raw audio")


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Transcribe, and print the result or write it."""
    arguments.format = find_format(arguments, _FORMATS)
    problems = list(_problems(arguments))
    if problems:
        raise SettingsError(problems)
    expect_new(arguments)

    import asyncio  # noqa: PLC0415 - keeps --help quick

    from service.cli.transcribe.target import find_target, unreachable  # noqa: PLC0415
    from service.logs import set_up_logs  # noqa: PLC0415
    from service.stt.results import UNREACHABLE  # noqa: PLC0415

    set_up_logs(sys.stderr, level=logging.ERROR)  # what the user can do is printed instead
    target = find_target(arguments, environ)
    if arguments.follow:
        from service.cli.transcribe.follow import follow  # noqa: PLC0415

        return follow(arguments, target)
    request = _request(arguments, local=target.local)
    _warn(request, local=target.local)
    try:
        transcript = asyncio.run(_transcribe(arguments.audio, request, target))
        _write(transcript, arguments)
    except RecognitionLostError as error:
        if str(error) != UNREACHABLE:
            raise
        raise CallscribeError(unreachable(target)) from None
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CallscribeError(f"{error.filename or 'file'}: {error.strerror}") from None
    return Exit.OK


def _option(text: str) -> tuple[str, object]:
    """Read a name and a value, which is JSON or else text (argparse type)."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError("should be NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _problems(arguments: argparse.Namespace) -> Iterator[str]:
    if arguments.follow:
        if arguments.format not in ("txt", "json"):
            yield "--follow gives --format txt or json"
        if arguments.diarize or arguments.channels or arguments.words:
            yield "--diarize, --channels and --words are for whole files: leave --follow out"
    else:
        for name in ("keyterm", "endpointing", "input_format", "sample_rate"):
            if getattr(arguments, name):
                yield f"--{name.replace('_', '-')} needs --follow"
    if arguments.words and arguments.format == "txt":
        yield "--words needs --format json, srt or vtt: text has no times"


def _request(arguments: argparse.Namespace, *, local: bool) -> "FileRequest":
    """Return what to ask for, with a model that gives it.

    Raises:
        SettingsError: The engine or the model does not give it.
    """
    from service.calls.engines import ENGINES, FileRequest, find_rest_model  # noqa: PLC0415

    apart = arguments.diarize or arguments.channels
    timed = arguments.words or apart or arguments.format in ("srt", "vtt")
    name = arguments.model or _default_model(arguments.engine, timed=timed)
    known = ENGINES["local"].offers[0] if local else find_rest_model(name)
    gives = known.rest.gives if known and known.rest else frozenset({"segments", "words"})
    problems = []
    if arguments.format in ("srt", "vtt") and not gives:
        problems.append(f"{name} gives no times, and {arguments.format} needs them")
    if arguments.words and "words" not in gives:
        problems.append(f"{name} gives no times of words")
    if arguments.diarize and known and "speakers" not in gives:
        hint = "; --channels tells channels apart" if "channels" in gives else ""
        problems.append(f"{name} does not tell speakers apart{hint}")
    if arguments.channels and known and "channels" not in gives:
        problems.append(f"{name} does not tell channels apart")
    if problems:
        raise SettingsError(problems)
    cut = arguments.words or arguments.format in ("srt", "vtt")  # long segments: by their words
    verbose = timed or (arguments.format == "json" and bool(gives))
    return FileRequest(
        model=name,
        language=arguments.language,
        response_format="verbose_json" if verbose else "json",
        timestamp_granularities=("segment", "word") if local and cut else (),
        model_config=dict(arguments.option)
        | ({"diarize": True} if arguments.diarize else {})
        | ({"multichannel": True} if arguments.channels else {}),
    )


def _warn(request: "FileRequest", *, local: bool) -> None:
    from service.calls.engines import review_file  # noqa: PLC0415 - keeps --help quick

    found = review_file(request, "", local=local)
    for name in found.ignored:
        print(f"warning: {request.model} does not heed {name}", file=sys.stderr)
    for warning in found.warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _default_model(engine: str | None, *, timed: bool) -> str:
    """Return the engine's model for files; without an engine, one that gives what is wanted."""
    from service.calls.engines import FAMILIES, find_engine  # noqa: PLC0415

    found = find_engine(engine or ("Deepgram" if timed else "Telnyx"))
    if found is None:
        names = ", ".join(dict.fromkeys(family.name for family in FAMILIES))
        raise SettingsError([f"there is no engine {engine!r}; there are {names}"])
    models = [model for model in found.offers if model.rest]
    if not models:
        raise SettingsError(
            [f"{found.name} does not transcribe files; --follow streams them to it"]
        )
    return max(models, key=lambda model: "rest" in model.default_on).name


async def _transcribe(audio: str, request: "FileRequest", target: "Target") -> "FileTranscript":
    from service.cli.transcribe.target import is_url  # noqa: PLC0415 - keeps --help quick
    from service.stt.files.client import open_files  # noqa: PLC0415

    limits = _near() if target.local else None
    async with open_files(
        target.rest_url, target.api_key, local=target.local, limits=limits
    ) as client:
        if is_url(audio):
            return await client.transcribe_url(audio, request)
        with _bar() as progress:
            return await client.transcribe_file(Path(audio), request, progress=progress)


def _near() -> "FileLimits":
    """Be less patient with a recogniser of one's own: it is there, or was not started."""
    from service.retry import RetryPolicy  # noqa: PLC0415 - keeps --help quick
    from service.stt.files.client import FileLimits  # noqa: PLC0415

    return FileLimits(retries=RetryPolicy(delays_s=(0.5, 1.0)))


@contextmanager
def _bar() -> "Iterator[Progress | None]":
    """Show how far an upload is, if somebody is there to see it."""
    if not sys.stderr.isatty():
        yield None
        return

    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("uploading", total=None)

        def show(done: int, total: int) -> None:
            sent = done >= total
            description = "transcribing" if sent else "uploading"
            bar.update(task, completed=done, total=total, description=description)

        yield show


def _write(transcript: "FileTranscript", arguments: argparse.Namespace) -> None:
    from service.stt.files.text import write_transcript  # noqa: PLC0415 - keeps --help quick

    text = write_transcript(transcript, arguments.format, words=arguments.words)
    path = find_file(arguments)
    if path is None:
        print(text, end="")
        return
    with writing(arguments, path) as file:
        file.write(text.encode())
