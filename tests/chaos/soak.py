"""`make soak`: calls for an hour, nothing going wrong, and what the service's process grows by."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.oracle import Verdict
from tests.chaos.table import as_markdown
from tests.chaos.world import World, open_world

MAX_GROWTH_MIB_PER_MIN = 1.0
"""More than this is a leak, whatever comes of it."""
_WARM_UP = 0.25
"""The share of the time in which caches may fill."""
_SAMPLES = 120
_PAGE_MIB = 4096 / 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process held at one moment: seconds since the start of the load."""

    at: float
    calls: int
    rss_mib: float
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class Soaked:
    """A soak: what was sampled, and what became of the finals."""

    samples: Sequence[Sample]
    verdict: Verdict

    @property
    def warm(self) -> Sequence[Sample]:
        """What was sampled after the caches had filled."""
        begins_at = self.samples[-1].at * _WARM_UP
        return [one for one in self.samples if one.at >= begins_at]

    @property
    def growth_mib_per_min(self) -> float:
        """By how much the memory grew a minute, as a straight line fits it best."""
        return 60 * slope([one.at for one in self.warm], [one.rss_mib for one in self.warm])

    @property
    def growth_kib_per_call(self) -> float:
        """The same, by calls that ended."""
        counts = [float(one.calls) for one in self.warm]
        return 1024 * slope(counts, [one.rss_mib for one in self.warm])

    @property
    def problems(self) -> list[str]:
        """What is not as it has to be."""
        first, last = self.warm[0], self.warm[-1]
        grown = self.growth_mib_per_min
        problems = list(self.verdict.problems)
        if self.verdict.failed:
            problems.append("finals were lost, reordered or doubled")
        if grown > MAX_GROWTH_MIB_PER_MIN:
            problems.append(f"the memory grows by {grown:.2f} MiB a minute")
        if last.threads > first.threads:
            problems.append(f"threads: {first.threads}, and then {last.threads}")
        return problems

    def table(self) -> str:
        """Return what came of it, as Markdown has it."""
        first, last, verdict = self.warm[0], self.samples[-1], self.verdict
        heads = (
            "minutes", "calls", "finals", "lost", "reordered", "doubled (other id)",
            "RSS warm → end", "a minute", "a call", "descriptors", "threads",
        )  # fmt: skip
        cells = (
            f"{last.at / 60:.1f}", f"{last.calls:,}", f"{verdict.acknowledged:,}",
            str(verdict.lost), str(verdict.reordered), str(verdict.other_id),
            f"{first.rss_mib:.0f} → {last.rss_mib:.0f} MiB",
            f"{self.growth_mib_per_min:+.2f} MiB", f"{self.growth_kib_per_call:+.2f} KiB",
            f"{first.descriptors} → {last.descriptors}", f"{first.threads} → {last.threads}",
        )  # fmt: skip
        return as_markdown(heads, [cells])


def slope(along: Sequence[float], values: Sequence[float]) -> float:
    """Return by how much values grow along something, by least squares; 0 if it stands still."""
    mean_x, mean_y = sum(along) / len(along), sum(values) / len(values)
    spread = sum((x - mean_x) ** 2 for x in along)
    both = zip(along, values, strict=True)
    return sum((x - mean_x) * (y - mean_y) for x, y in both) / spread if spread else 0.0


async def soak(minutes: float, seed: int = 1) -> Soaked:
    """Run the service as a process under load for so long, and see to it that all arrives."""
    with tempfile.TemporaryDirectory(prefix="callscribe-soak-") as folder:
        async with open_world(Path(folder), f"soak {seed}") as world:
            await world.start()
            await world.service.ready()
            samples = []
            async with world.load():
                began = time.monotonic()
                for number in range(1, _SAMPLES + 1):
                    await asyncio.sleep(began + number * minutes * 60 / _SAMPLES - time.monotonic())
                    samples.append(_sample(world, time.monotonic() - began))
            await world.settle()
            return Soaked(samples, world.verdict("soak", 1))


def _sample(world: World, at: float) -> Sample:
    process = Path("/proc") / str(world.service.pid)
    pages = int((process / "statm").read_text().split()[1])
    return Sample(
        at,
        len(world.telnyx.completed),
        pages * _PAGE_MIB,
        len(list((process / "fd").iterdir())),
        len(list((process / "task").iterdir())),
    )


def main(arguments: argparse.Namespace) -> int:
    """Soak, print what came of it, and return the exit code."""
    soaked = asyncio.run(soak(0.5 if arguments.short else arguments.minutes, arguments.seed))
    print(soaked.table())
    for problem in soaked.problems:
        print(f"\n{problem}")
    return 1 if soaked.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="of load (default: 60)")
    parser.add_argument("--short", action="store_true", help="half a minute")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random here")
    return parser


if __name__ == "__main__":
    sys.exit(main(_parser().parse_args()))
