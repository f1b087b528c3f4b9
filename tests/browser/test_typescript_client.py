"""The client in TypeScript, compiled and run by Node: it does all that the one in Python does."""

import subprocess
from pathlib import Path

import pytest

from tests.clients import checks
from tests.clients.harness import CLIENTS, Command, Impatient
from tests.clients.peers import FAULTS
from tests.clients.real import check_service

SOURCE = CLIENTS / "callscribe.mts"
HERE = Path(__file__).parent
TSC = HERE / "node_modules" / ".bin" / "tsc"
OPTIONS = (
    "--strict", "--noUnusedLocals", "--noUnusedParameters", "--erasableSyntaxOnly",
    "--verbatimModuleSyntax",
    "--target", "es2022", "--module", "nodenext", "--types", "node",
    "--typeRoots", str(HERE / "node_modules" / "@types"),
)  # fmt: skip


def compiled(source: Path, folder: Path) -> Command:
    """Compile a client into a folder, as strictly as can be; return the command that runs it."""
    subprocess.run([TSC, *OPTIONS, "--outDir", folder, source], check=True)
    return "node", str(folder / source.with_suffix(".mjs").name)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The client as it stands in the repository."""
    return compiled(SOURCE, tmp_path_factory.mktemp("client"))


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_loses_nothing_and_doubles_nothing(node: Command, name: str) -> None:
    """See `check_fault`."""
    await checks.check_fault(node, name)


async def test_all_faults_in_a_row_lose_nothing_and_double_nothing(node: Command) -> None:
    """See `check_all_faults`."""
    await checks.check_all_faults(node)


async def test_it_waits_as_it_is_asked_and_longer_each_time(node: Command) -> None:
    """See `check_waits`."""
    await checks.check_waits(node)


async def test_it_takes_a_new_token_when_the_old_one_is_over(node: Command) -> None:
    """See `check_renewal`."""
    await checks.check_renewal(node)


async def test_it_gives_up_a_connection_that_is_silent(tmp_path: Path) -> None:
    """See `check_silence`."""
    changed = Impatient("SILENCE_MS = 40_000", "SILENCE_MS = 500").copy(SOURCE, tmp_path)
    await checks.check_silence(compiled(changed, tmp_path / "compiled"))


async def test_it_ends_when_it_is_refused(node: Command) -> None:
    """See `check_refusal`."""
    await checks.check_refusal(node)


async def test_it_ends_where_nobody_gives_out_tokens(node: Command) -> None:
    """See `check_wrong_token_url`."""
    await checks.check_wrong_token_url(node)


async def test_what_keeps_failing_is_told(node: Command) -> None:
    """See `check_what_keeps_failing_is_told`."""
    await checks.check_what_keeps_failing_is_told(node)


async def test_its_receiver_passes_certification(node: Command) -> None:
    """See `check_certificate`."""
    await checks.check_certificate(node)


async def test_its_receiver_takes_a_report_beside_its_event(node: Command) -> None:
    """See `check_report`."""
    await checks.check_report(node)


async def test_all_of_the_journal_comes_over_feed_and_webhooks(
    node: Command, tmp_path: Path
) -> None:
    """See `check_service`."""
    await check_service(node, tmp_path)
