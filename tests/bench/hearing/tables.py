"""The tables: how well, how soon, how many."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.hearing.load import Load
from tests.bench.hearing.results import Result

_NONE = "-"


def show_results(results: Sequence[Result], about: str) -> None:
    """Print what each engine made of the recordings."""
    well = _table(
        "Words heard wrongly",
        ("", "as recorded", "telephone", "noisy line", "read", "spontaneous", "synthetic"),
    )
    soon = _table(
        "What it takes: of telephone audio",
        ("", "CPU s/s", "memory", "first text", "final", "changed"),
    )
    for one in results:
        rates = [one.rates.get(name) for name in _RATES]
        well.add_row(one.title, *(_percent(rate) for rate in rates))
        soon.add_row(one.title, *_costs(one))
    console = Console(width=110)
    for table in (well, soon):
        console.print(table)
    console.print(about, markup=False, highlight=False)
    for one in results:
        if one.problem:
            console.print(f"{one.title}: {one.problem}", markup=False, highlight=False)


def show_load(loads: Sequence[Load], cores: int) -> None:
    """Print what more and more sessions were given."""
    table = _table(
        f"Sessions in real time on {cores} cores, the client's own work included",
        (
            "sessions",
            "talking",
            "final",
            "partial",
            "partials/s",
            "grows by",
            "cores",
            "memory",
            "keeps up",
        ),
    )
    for load in loads:
        table.add_row(
            str(load.sessions),
            load.talking,
            _pair(load.final_p50_s, load.final_p95_s),
            _pair(load.partial_p50_s, load.partial_p95_s),
            f"{load.partials_per_s:.2f}",
            f"{load.growth_s:.2f} s",
            f"{load.cores:.2f}",
            f"{load.peak_bytes / 2**20:.0f} MiB",
            _verdict(load),
        )
    console = Console(width=110)
    console.print(table)
    most = max((load.sessions for load in loads if load.keeps_up), default=0)
    console.print(f"keeps up with {most / cores:g} sessions a core", highlight=False)


_RATES = ("clean", "phone", "noise", "read", "spontaneous", "synthetic")


def _costs(one: Result) -> list[str]:
    delays = one.delays
    return [
        _NONE if one.cpu_per_s is None else f"{one.cpu_per_s:.3f}",
        f"{one.peak_bytes / 2**20:.0f} MiB" if one.peak_bytes else _NONE,
        _pair(delays.first_p50_s, delays.first_p95_s) if delays else _NONE,
        _pair(delays.final_p50_s, delays.final_p95_s) if delays else _NONE,
        _percent(delays.changed if delays else None),
    ]


def _verdict(load: Load) -> str:
    if load.lost:
        return f"no: {load.lost} lost"
    return "yes" if load.keeps_up else "no"


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table


def _percent(rate: float | None) -> str:
    return _NONE if rate is None else f"{rate * 100:.1f} %"


def _pair(p50_s: float, p95_s: float) -> str:
    return f"{p50_s:.2f} / {p95_s:.2f} s"
