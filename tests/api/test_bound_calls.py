"""Bindings: what two of them cover together, and tokens that are bound more than their key."""

import asyncio
import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.bound_calls import REFUSED_AFTER_S
from service.ports import UNBOUND, Binding, bind
from tests.api.bound import OTHER, OWN, bound_key, open_bound_world
from tests.api.harness import open_harness

NAMES = ("a", "b", "c")
BOUND = st.builds(
    bind,
    st.lists(st.sampled_from(NAMES), max_size=3),
    st.lists(st.tuples(st.sampled_from("kl"), st.sampled_from(NAMES)), max_size=4),
)
CALLS = st.tuples(
    st.sampled_from((None, *NAMES)),
    st.dictionaries(st.sampled_from("klm"), st.sampled_from(NAMES)),
)


@given(BOUND, BOUND, CALLS)
def test_two_bindings_cover_what_both_do(
    one: Binding, other: Binding, call: tuple[str | None, dict[str, str]]
) -> None:
    """In whichever order; so nothing is ever wider than what it was made from."""
    both = one.narrowed(other)

    assert both == other.narrowed(one)
    assert both.covers(*call) == (one.covers(*call) and other.covers(*call))
    assert one.includes(both)
    assert other.includes(both)
    assert both.narrowed(one) == both
    assert UNBOUND.includes(one)
    assert one.includes(UNBOUND) == one.is_unbound


TOKENS: list[tuple[Binding, dict[str, object], int, set[str]]] = [
    (bind(), {"routes": ["billing"]}, 201, {OWN}),
    (bind(), {"metadata": {"queue": "sales"}}, 201, {OTHER}),
    (bind(["billing"]), {}, 201, {OWN}),
    (bind(["billing", "sales"]), {"routes": ["sales"]}, 201, {OTHER}),
    (bind(["billing", "sales"]), {"metadata": {"queue": "billing"}}, 201, {OWN}),
    (bind(["billing"]), {"metadata": {"queue": "sales"}}, 201, set()),
    (bind(["billing"]), {"routes": ["sales"]}, 403, set()),
    (bind(["billing"]), {"routes": ["billing", "sales"]}, 403, set()),
    (bind(metadata=[("queue", "billing")]), {"metadata": {"queue": "sales"}}, 403, set()),
    (bind(), {"routes": ["billing"] * 17}, 400, set()),
    (bind(), {"metadata": {"": "a"}}, 400, set()),
    (bind(), {"metadata": {f"k{n}": "\U0001f600" * 128 for n in range(8)}}, 400, set()),
]


@pytest.mark.parametrize(("key", "wish", "status", "seen"), TOKENS)
async def test_a_token_is_never_wider_than_its_key(
    key: Binding, wish: dict[str, object], status: int, seen: set[str], tmp_path: Path
) -> None:
    """It may be narrower; what the key does not see it is refused."""
    async with open_bound_world(tmp_path, "none") as world:
        world.key = await bound_key(world.harness, key)
        made = await world.ask("POST", "/v1/tokens", json={"scopes": ["calls:read"], **wish})
        assert made.status == status, made.body
        if status == 201:
            world.key = made.json["token"]
            listed = await world.get("/v1/calls")
            assert {one["call_id"] for one in listed.json["data"]} == seen


async def test_a_token_that_is_bound_to_nothing_says_nothing_of_it(tmp_path: Path) -> None:
    """The console shows by that what is about all calls; older versions know no such claim."""
    async with open_bound_world(tmp_path, "none") as world:
        wish: dict[str, object] = {"scopes": ["calls:read"], "metadata": {}}
        token = (await world.ask("POST", "/v1/tokens", json=wish)).json["token"]

    claims = token.removeprefix("cst_").partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(claims + "==")).keys() == {"k", "s", "e"}


async def test_a_token_for_one_call_is_bound_as_well(tmp_path: Path) -> None:
    """Of a call that its key does not see it opens nothing."""
    async with open_bound_world(tmp_path, "matching route") as world:
        for call_id, status in ((OWN, 200), (OTHER, 404)):
            wish = {"scopes": ["calls:read"], "call_id": call_id}
            token = (await world.ask("POST", "/v1/tokens", json=wish)).json["token"]
            answer = await world.harness.get(f"/v1/calls/{call_id}", key=token)
            assert answer.status == status


async def test_a_bound_admin_is_no_admin_of_the_installation(tmp_path: Path) -> None:
    """It is told so, and that no scope would help."""
    async with open_harness(tmp_path) as harness:
        key = await bound_key(harness, bind(["billing"]))
        answer = await harness.ask("POST", "/v1/endpoints/crm/disable", key=key)

        assert answer.status == 403
        assert "bound" in answer.json["detail"]
        assert "WWW-Authenticate" not in answer.headers
        assert await harness.journal.disabled() == {}


@pytest.mark.parametrize("path", ["/v1/calls/{}", "/v1/calls/{}/transcript", "/v1/calls/{}/events"])
async def test_another_call_is_refused_as_late_as_one_that_is_not_there(
    path: str, tmp_path: Path
) -> None:
    """Not when it was looked up, of which a thousand answers would tell."""
    async with open_bound_world(tmp_path, "none") as world:
        world.key = await bound_key(world.harness, bind(["billing"]))
        for call_id in (OTHER, "none-such"):
            began = asyncio.get_running_loop().time()
            refused = await world.get(path.format(call_id))
            assert refused.status == 404
            assert asyncio.get_running_loop().time() - began >= REFUSED_AFTER_S
