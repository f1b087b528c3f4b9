"""The fuzzer's targets, on the seeds that it begins with: `make fuzz` does the rest by hand."""

import pytest

from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_no_seed_raises_anything(name: str) -> None:
    """Neither whole, nor cut off anywhere, nor with a byte turned."""
    target = TARGETS[name]
    seeds = target.seeds()

    assert seeds
    for seed in seeds:
        target.run(seed)
        for at in range(0, len(seed), max(1, len(seed) // 5)):
            target.run(seed[:at])
            target.run(seed[:at] + bytes((seed[at] ^ 0x55,)) + seed[at + 1 :])
