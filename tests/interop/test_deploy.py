"""What `fixtures/deploy` installs, read by the tools that will read it."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]
from compose_spec import PyCompose

from tests.interop.harness import CALLSCRIBE, HERE

DEPLOY = HERE.parents[1] / "fixtures" / "deploy"
HELM = str(Path(sys.executable).with_name("helm"))
KEY = "A" * 43 + "="
KUBERNETES = ("1.25", "1.37")
"""The oldest that the chart is for, and the newest whose schemas the package has."""
CUSTOM = ("ServiceMonitor",)
"""Kinds of others, whose schemas nobody here has."""
UID = 10001
"""Who the image runs as."""
DRAIN_S = 20
SQLITE = (
    "database.kind=sqlite",
    "replicas=1",
    "persistence.enabled=true",
    "persistence.accessModes={ReadWriteOnce}",
)
EVERYTHING = (
    "workersPerPod=2",
    "persistence.enabled=true",
    "podDisruptionBudget.enabled=true",
    "serviceMonitor.enabled=true",
    "ingress.className=nginx",
    "imagePullSecrets[0].name=registry",
    "extraEnv[0].name=CALLSCRIBE_ENDPOINT__CRM__SECRET",
    "extraEnv[0].value=whsec_x",
)


async def helm(*arguments: str) -> tuple[int, str, str]:
    """Run Helm; return its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(HELM, *arguments, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def rendered(*values: str) -> list[dict[str, Any]]:
    """Return the objects of the chart with these values."""
    given = [part for value in (f"telnyxPublicKey={KEY}", *values) for part in ("--set", value)]
    code, out, err = await helm("template", "calls", str(DEPLOY / "chart"), *given)
    assert code == 0, err
    return [one for one in yaml.safe_load_all(out) if one]


def of_kind(objects: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """Return the only object of a kind."""
    (one,) = (each for each in objects if each["kind"] == kind)
    return one


def merged(base: Any, over: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Return two Compose files, one put over the other: tables are merged, lists are joined."""
    if isinstance(base, dict) and isinstance(over, dict):
        both = {key: merged(base[key], over[key]) for key in base.keys() & over.keys()}
        return base | over | both
    if isinstance(base, list) and isinstance(over, list):
        return base + [one for one in over if one not in base]
    return over


def compose(*files: str) -> dict[str, Any]:
    """Return what these Compose files say together."""
    whole: Any = {}
    for file in files:
        whole = merged(whole, yaml.safe_load((DEPLOY / file).read_text()))
    assert isinstance(whole, dict)
    return whole


ONE = ("compose.yaml",)
WORKERS = ("compose.yaml", "compose.workers.yaml")


async def test_helm_finds_nothing_wrong_with_the_chart() -> None:
    """Warnings would be shown to whoever installs it."""
    chart = str(DEPLOY / "chart")
    code, out, err = await helm("lint", "--strict", chart, "--set", f"telnyxPublicKey={KEY}")
    assert code == 0, out + err


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", [(), SQLITE, EVERYTHING])
async def test_kubernetes_takes_every_object(version: str, values: tuple[str, ...]) -> None:
    """By its own schemas, without a field that it does not know."""
    for one in await rendered(*values):
        if one["kind"] not in CUSTOM:
            kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("values", [(), SQLITE, EVERYTHING])
async def test_a_pod_has_no_rights_and_the_time_to_drain(values: tuple[str, ...]) -> None:
    """Killed before its drain is over, it would lose what it could have handed over."""
    pod = of_kind(await rendered(*values), "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == UID
    assert not pod["automountServiceAccountToken"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    stops_after_s = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > stops_after_s + DRAIN_S
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}


async def test_no_secret_stands_in_the_chart() -> None:
    """They are files of a Secret that the chart does not make."""
    objects = await rendered()
    assert "Secret" not in {one["kind"] for one in objects}
    pod = of_kind(objects, "Deployment")["spec"]["template"]["spec"]
    names = {each["name"] for each in pod["containers"][0]["env"]}
    assert {"TELNYX_API_KEY_FILE", "CALLSCRIBE_DATABASE_URL_FILE"} <= names
    assert not {"TELNYX_API_KEY", "CALLSCRIBE_DATABASE_URL"} & names


async def test_the_network_policy_closes_all_but_what_is_needed() -> None:
    """In by the service's port; out to names, TLS and PostgreSQL."""
    policy = of_kind(await rendered(), "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    out = {each["port"] for rule in policy["egress"] for each in rule["ports"]}
    assert out == {53, 443, 5432}
    assert [each["port"] for rule in policy["ingress"] for each in rule["ports"]] == [8080]


async def test_two_pods_never_have_one_sqlite_journal() -> None:
    """Not for a moment: the old one is gone before the new one comes."""
    deployment = of_kind(await rendered(*SQLITE), "Deployment")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("telnyxPublicKey=",), "telnyxPublicKey: missing"),
        (("database.kind=mysql",), "should be postgresql or sqlite"),
        ((*SQLITE, "replicas=2"), "a SQLite journal belongs to one process"),
        ((*SQLITE, "workersPerPod=2"), "a SQLite journal belongs to one process"),
        ((*SQLITE, "persistence.enabled=false"), "needs a disk"),
        (("replicas=9",), "118 connections are needed and PostgreSQL has 100"),
    ],
)
async def test_what_cannot_work_is_refused_in_words(values: tuple[str, ...], said: str) -> None:
    """Before anything is installed."""
    given = [part for value in (f"telnyxPublicKey={KEY}", *values) for part in ("--set", value)]
    code, _, err = await helm("template", "calls", str(DEPLOY / "chart"), *given)
    assert code != 0
    assert said in err


@pytest.mark.parametrize("files", [ONE, WORKERS])
def test_compose_takes_every_file(files: tuple[str, ...]) -> None:
    """Nothing in them is unknown to the specification, or named and not there."""
    whole = compose(*files)
    PyCompose.from_yaml(yaml.safe_dump(whole)).validate()
    for name in {
        secret for each in whole["services"].values() for secret in each.get("secrets", ())
    }:
        assert whole["secrets"][name]["file"] == f"./secrets/{name}"


@pytest.mark.parametrize("files", [ONE, WORKERS])
def test_a_container_has_no_rights_and_the_time_to_drain(files: tuple[str, ...]) -> None:
    """As in the chart."""
    service = compose(*files)["services"]["callscribe"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_S
    assert "ports" not in service  # the proxy has them


def test_three_workers_wait_for_postgresql() -> None:
    """And share what is recorded."""
    services = compose(*WORKERS)["services"]
    assert services["callscribe"]["deploy"]["replicas"] == 3
    assert services["callscribe"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert "healthcheck" in services["postgres"]


@pytest.mark.parametrize("files", [ONE, WORKERS])
async def test_the_service_knows_every_setting_of_compose(
    files: tuple[str, ...], tmp_path: Path
) -> None:
    """A misspelt one would be heeded by nobody."""
    environment = compose(*files)["services"]["callscribe"]["environment"]
    await expect_known(environment, tmp_path)


async def test_the_service_knows_every_setting_of_the_chart(tmp_path: Path) -> None:
    """As above."""
    pod = of_kind(await rendered(), "Deployment")["spec"]["template"]["spec"]
    await expect_known({one["name"]: one["value"] for one in pod["containers"][0]["env"]}, tmp_path)


async def expect_known(environment: Mapping[str, str], folder: Path) -> None:
    """Have the service read these variables, with files in place of the mounted ones."""
    given = {}
    for name, value in environment.items():
        given[name] = KEY if name == "TELNYX_PUBLIC_KEY" else value.partition("${")[0] or value
        if value.startswith("https://${"):
            given[name] = "https://calls.example.com"
        if name.endswith("_FILE"):
            secret = folder / Path(value).name
            url = "postgresql://callscribe:KEY_made_up@postgres/callscribe"
            secret.write_text(url if "database" in value else "KEY_made_up")
            given[name] = str(secret)
    process = await asyncio.create_subprocess_exec(
        CALLSCRIBE, "config", env=given, cwd=folder, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert b"KEY_made_up" not in out
    for name in given:
        assert name in out.decode()
