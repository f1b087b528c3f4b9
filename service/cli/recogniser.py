"""`callscribe recogniser`: speech to text on this machine, behind Telnyx's own protocol."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.common import Commands, add_command, host, port, positive, read_variable
from service.errors import SettingsError

if TYPE_CHECKING:
    from service.recogniser.models.choice import Choice

KEY_VARIABLE = "CALLSCRIBE_RECOGNISER_API_KEY"
LISTEN_VARIABLE = "CALLSCRIBE_RECOGNISER_LISTEN"
MODEL_VARIABLE = "CALLSCRIBE_RECOGNISER_MODEL"
RECOGNISER_LISTEN = "127.0.0.1:8090"


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "recogniser",
        run,
        "Run the embedded speech engine behind Telnyx's speech-to-text API, "
        "until SIGTERM or Ctrl-C.",
    )
    parser.add_argument("--host", type=host, help=f"default: ${LISTEN_VARIABLE}, else 127.0.0.1")
    parser.add_argument("--port", type=port, help="default: of the same, else 8090; 0 for any")
    parser.add_argument(
        "--api-key-env",
        metavar="NAME",
        help=f"the variable that holds the key to ask for (default: {KEY_VARIABLE} if it is set)",
    )
    parser.add_argument(
        "--max-sessions",
        type=positive,
        metavar="N",
        help="refuse more at once (default: 16 a core)",
    )
    parser.add_argument(
        "--allow-private-urls",
        action="store_true",
        help="let a file_url lead to private addresses, too",
    )
    parser.add_argument(
        "--model",
        choices=("auto", "base", "tiny"),
        help=f"base hears better, tiny takes half the work; auto: finals by base, partials by base "
        f"while a core is idle (default: ${MODEL_VARIABLE}, else auto)",
    )
    parser.add_argument("--model-dir", type=Path, metavar="DIR", help="models of your own")


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Run it; without a key, anyone who reaches it may use it."""
    key = read_variable(environ, arguments.api_key_env or KEY_VARIABLE)
    if arguments.api_key_env and key is None:
        raise SettingsError([f"{arguments.api_key_env} is not set, and should hold the key"])

    from service.logs import set_up_logs  # noqa: PLC0415 - keeps --help quick
    from service.recogniser.process.messages import ProcessSettings  # noqa: PLC0415
    from service.recogniser.process.supervisor import serve  # noqa: PLC0415

    host_told, port_told = _listen(environ)
    settings = ProcessSettings(
        host=arguments.host or host_told,
        port=port_told if arguments.port is None else arguments.port,
        api_key=key,
        max_sessions=arguments.max_sessions,
        model=arguments.model or _model(environ),
        model_dir=None if arguments.model_dir is None else str(arguments.model_dir),
        allow_private_urls=arguments.allow_private_urls,
    )
    set_up_logs(sys.stdout)
    return serve(settings)


def _model(environ: Mapping[str, str]) -> "Choice":
    """Return which model to use unless the command line says it."""
    from service.recogniser.models.choice import CHOICES  # noqa: PLC0415 - keeps --help quick

    told = environ.get(MODEL_VARIABLE) or CHOICES[0]
    for choice in CHOICES:
        if told == choice:
            return choice
    raise SettingsError([f"{MODEL_VARIABLE} should be one of {', '.join(CHOICES)}"])


def _listen(environ: Mapping[str, str]) -> tuple[str, int]:
    """Return where to listen unless the command line says it."""
    from service.settings.checks import parse_listen  # noqa: PLC0415 - keeps --help quick

    try:
        return parse_listen(environ.get(LISTEN_VARIABLE) or RECOGNISER_LISTEN)
    except ValueError as error:
        raise SettingsError([f"{LISTEN_VARIABLE}: {error}"]) from None
