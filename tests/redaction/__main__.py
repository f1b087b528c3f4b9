"""`make proof-redaction`: secrets read out in every way, and what anybody got to see of them."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, get_args

from service.redaction.labels import Kind
from service.redaction.memory import MAX_SHOWN, Level
from service.redaction.redactor import redact
from tests.redaction import sound
from tests.redaction.proof import (
    CONTROLS,
    HEADS,
    MAX_WRONG,
    SHORT_UTTERANCES,
    UTTERANCES,
    Row,
    in_calls,
    prove,
    wrongly_redacted,
)
from tests.redaction.tongues import TONGUES
from tests.redaction.whole import media
from tests.redaction.whole import proof as whole

_UTTERANCES_A_DIALOGUE = 20
_DIALOGUES, _SHORT_DIALOGUES = 20, 2
"""Of each kind, said to the whole service."""
_HEARD_DIALOGUES, _SHORT_HEARD_DIALOGUES = 4, 1
"""Of each kind, said to it as audio, all at the same time."""


class Cells(Protocol):
    """A row of a table."""

    def cells(self, name: str) -> tuple[str, ...]:
        """Return it as the table shows it."""


def main(arguments: argparse.Namespace) -> int:
    """Prove it on both levels, with all controls; return the exit code."""
    failed = [_proved(tongue, level, arguments) for tongue in TONGUES for level in get_args(Level)]
    for name, control in CONTROLS.items():
        rows = prove(arguments.seed, SHORT_UTTERANCES, control, "balanced")
        leaked = sum(row.leaked for row in rows.values())
        print(f"without {name}: {leaked:,} outputs leaked (must leak)")
        failed.append(not leaked)
    failed += [_proved_whole(arguments), _proved_heard(arguments)]
    return 1 if any(failed) else 0


def _proved(tongue: str, level: Level, arguments: argparse.Namespace) -> bool:
    """Print what comes of dialogues and sentences; return whether it is not as it has to be."""
    began = time.monotonic()
    utterances = SHORT_UTTERANCES if arguments.short else UTTERANCES
    said = TONGUES[tongue]
    rows = prove(arguments.seed, utterances, redact, level, said)
    wrong = list(wrongly_redacted(arguments.seed, utterances, level, said))
    rows["innocent sentences"] = Row(utterances=utterances, wrong=len(wrong))
    for named, name in ((False, "the same in calls of 20"), (True, "calls that name a card")):
        rows[name] = in_calls(arguments.seed, utterances, level, said, named=named)
    print(f"\n{tongue}, {level}: never more than {MAX_SHOWN[level]} digits in order\n")
    print(f"{_table(HEADS, rows)}\n")
    heard = sound.listen(arguments.seed, utterances // _UTTERANCES_A_DIALOGUE, level, said)
    print(f"in recordings\n\n{_table(sound.HEADS, heard)}\n")
    for template, count in Counter(template for template, *_ in wrong).most_common():
        example = next(left for name, _, left in wrong if name == template)
        print(f"{count} of: {template}: {example}")
    print(f"{time.monotonic() - began:.0f} s")
    return (
        any(row.most > MAX_SHOWN[level] for row in heard.values())
        or any(row.leaked or row.missed for row in rows.values())
        or len(wrong) > MAX_WRONG * utterances
    )


def _proved_whole(arguments: argparse.Namespace) -> bool:
    """Print what the running service shows, and what it would; return whether that is wrong."""
    dialogues = _SHORT_DIALOGUES if arguments.short else _DIALOGUES
    hidden = _whole(arguments.seed, dialogues, get_args(Kind))
    shown = _whole(arguments.seed, dialogues, ())
    print(f"\nby the whole service\n\n{_table(whole.HEADS, hidden)}\n")
    print(f"with nothing hidden (must leak)\n\n{_table(whole.HEADS, shown)}")
    return any(row.leaked for row in hidden.values()) or not whole.leaks(shown)


def _proved_heard(arguments: argparse.Namespace) -> bool:
    """Print what it shows of audio, and what is heard of what it records; and what it would."""
    dialogues = _SHORT_HEARD_DIALOGUES if arguments.short else _HEARD_DIALOGUES
    hidden = _heard(arguments.seed, dialogues, get_args(Kind))
    shown = _heard(arguments.seed, dialogues, ())
    print(f"\nby the whole service, of audio that it records\n\n{_table(whole.HEADS, hidden)}\n")
    print(f"with nothing hidden (must leak)\n\n{_table(whole.HEADS, shown)}")
    leaks = all(shown[place].leaked for place in media.WITH_WORDS)
    return any(row.leaked for row in hidden.values()) or not leaks


def _heard(seed: int, dialogues: int, kinds: Sequence[Kind]) -> dict[str, whole.Leaks]:
    with tempfile.TemporaryDirectory(prefix="callscribe-redaction-") as folder:
        return asyncio.run(media.listen(Path(folder), seed, dialogues, "balanced", kinds))


def _whole(seed: int, dialogues: int, kinds: Sequence[Kind]) -> dict[str, whole.Leaks]:
    with tempfile.TemporaryDirectory(prefix="callscribe-redaction-") as folder:
        return asyncio.run(whole.listen(Path(folder), seed, dialogues, "balanced", kinds))


def _table(heads: tuple[str, ...], rows: Mapping[str, Cells]) -> str:
    lines = [heads, ("---",) * len(heads), *(row.cells(kind) for kind, row in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make proof-redaction", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a tenth of it")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_arguments()))
