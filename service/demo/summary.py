"""The short summary after the call."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from service.demo.findings import Findings, Latency

NEXT_STEPS = """To hear a call of your own, with a Telnyx number:
  1. export TELNYX_API_KEY and TELNYX_PUBLIC_KEY (portal.telnyx.com, Keys & Credentials)
  2. let the internet reach this machine, and have callscribe.toml written, with that address
     and where the words shall go: callscribe init
  3. callscribe check
  4. callscribe serve, with the number's webhook URL at <public_url>/webhooks/telnyx
Then call it."""


def print_summary(console: Console, findings: Findings, *, journal: Path | None) -> None:
    """Print the figures of the call, what is wrong with them, and what to do next."""
    rows = [*figures(findings), *([("journal", str(journal))] if journal else [])]
    width = max(len(name) for name, _ in rows)
    console.print()
    for name, value in rows:
        console.print(Text.assemble((f"{name:>{width}}  ", "dim"), value), soft_wrap=True)
    console.print()
    if not findings.problems:
        console.print(Text(NEXT_STEPS), soft_wrap=True)
    for problem in findings.problems:
        console.print(Text(f"problem: {problem}", style="bold red"), soft_wrap=True)


def figures(findings: Findings) -> list[tuple[str, str]]:
    """Return the rows of the summary: a name and a text each."""
    rows = [
        ("events", f"{findings.durable} in order and {findings.partials} partials"),
        ("signatures", _signatures(findings)),
        ("words", str(findings.words)),
    ]
    if findings.repeated:
        rows.append(("repeated", f"{findings.repeated} events came twice, and were dropped"))
    if findings.score:
        errors, words = findings.score.errors, findings.score.words
        rows.append(
            ("word error rate", f"{findings.score.rate:.1%} ({errors} of {words} words said)")
        )
    if findings.final_latency:
        rows.append(("end of speech to final", _times(findings.final_latency)))
    if findings.delivery_latency:
        rows.append(("event to webhook", _times(findings.delivery_latency)))
    return rows


def _signatures(findings: Findings) -> str:
    verified = findings.durable + findings.partials
    return f"{verified} verified, {findings.forged} refused"


def _times(latency: Latency) -> str:
    return f"{latency.median_ms} ms (median), {latency.worst_ms} ms (worst)"
