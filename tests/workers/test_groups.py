"""Protected groups, and hosts by an id: the system that a target is in says what groups it has and what else
it is called, and the guard goes by that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from integrations.catalogue import actions
from integrations.contract import ActionUnavailableError
from integrations.inventory import Asset, Inventory
from integrations.okta import ACTIONS as OKTA
from integrations.okta import SuspendUser
from playbooks.actions import (
    ActionKind,
    ActionSpec,
    BlastRadius,
    Parameter,
    RenderedAction,
    ValueType,
)
from playbooks.guard import check_guard
from playbooks.policy import GuardPolicy
from tests.integrations.okta_server import TOKEN, OktaServer
from tests.integrations.vendor_server import site_of
from workers import weighing
from workers.messages import ActionRequest, BlastRequest, WeighRequest
from workers.response import Response
from workers.weighing import Weighing

SPEC = SuspendUser.spec
PARAMS = {"user": "alice@example.com"}


class Directory(SuspendUser):
    def __init__(self, answer: Sequence[str] | Exception | None) -> None:
        self.answer = answer

    async def groups_of(self, call: Any, site: Any) -> Sequence[str]:
        del site
        assert call.params == PARAMS
        if self.answer is None:
            await asyncio.sleep(60)
        if isinstance(self.answer, Exception):
            raise self.answer
        return cast(Sequence[str], self.answer)


async def refusal(
    answer: Sequence[str] | Exception | None,
    guard: GuardPolicy,
    kind: type[Directory] = Directory,
    **more: Any,
) -> Any:
    site = site_of()
    response = Response(
        client=cast(Any, None), site=site, actions={SPEC.name: kind(answer)}, playbooks=cast(Any, None),
        approvers=cast(Any, None), guard=guard, weighing=Weighing(None, Inventory),
    )  # fmt: skip
    known = await response.weigh(WeighRequest(containment="blk-1", spec=SPEC, params=PARAMS))
    return check_guard(guard, SPEC, PARAMS, seconds=60, applied_last_hour=0, weighed=known.weighed, **more)


GUARD = GuardPolicy(hosts=("dc-1",), groups=("domain admins",))


async def test_a_member_of_a_protected_group_is_refused() -> None:
    found = await refusal(["Everyone", "Domain Admins"], GUARD)
    assert found.rule == "groups"
    assert found.reason == "it is a member of Domain Admins, which is protected by the guard"
    assert await refusal(["Everyone"], GUARD) is None


async def test_groups_that_nobody_tells_are_not_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighing, "GROUPS_SECONDS", 0.05)
    for answer, words in (
        (ActionUnavailableError("Okta is away"), "Okta is away"),
        (None, "no answer within"),
    ):
        found = await refusal(answer, GUARD)
        assert found.rule == "groups"
        assert words in found.reason
    assert await refusal(None, GUARD, approvers=2, override="it is burning") is None


class Naming(Directory):
    async def names_of(self, call: Any, site: Any) -> Sequence[str]:
        return await super().groups_of(call, site)

    async def groups_of(self, call: Any, site: Any) -> Sequence[str]:
        del call, site
        return ()


async def test_a_user_is_protected_under_what_its_directory_calls_it() -> None:
    guard = GuardPolicy(users=("svc-*",))
    for answer, rule in (
        (["alice@example.com", "EXAMPLE\\svc-backup"], "users"),
        (["alice@example.com"], None),
        (ActionUnavailableError("Okta is away"), "hosts"),
    ):
        found = await refusal(answer, guard, kind=Naming)
        assert (found.rule if found else None) == rule
    assert await refusal(AssertionError("asked"), GuardPolicy(hosts=("dc-1",)), kind=Naming) is None


class Cloud(SuspendUser):
    """Knows hosts by ids."""

    spec = ActionSpec(
        name="cloud.quarantine", kind=ActionKind.CONTAINMENT, summary="Cut a machine off.", target="host",
        parameters=(Parameter(name="host", type=ValueType.HOST, description="Its id."),),
    )  # fmt: skip

    def __init__(self, answer: Sequence[str] | Exception) -> None:
        self.answer = answer

    async def aliases_of(self, call: Any, site: Any) -> Sequence[str]:
        del call, site
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def refusal_of_host(
    answer: Sequence[str] | Exception, guard: GuardPolicy, inventory: Inventory | None = None, **more: Any
) -> Any:
    site = site_of()
    response = Response(
        client=cast(Any, None), site=site, actions={Cloud.spec.name: Cloud(answer)},
        playbooks=cast(Any, None), approvers=cast(Any, None), guard=guard,
        weighing=Weighing(None, lambda: inventory or Inventory()),
    )  # fmt: skip
    params = {"host": "i-0123"}
    known = await response.weigh(WeighRequest(containment="blk-1", spec=Cloud.spec, params=params))
    return check_guard(
        guard, Cloud.spec, params, seconds=60, applied_last_hour=0, weighed=known.weighed, **more
    )


async def test_a_host_by_its_id_is_protected_by_its_names_and_addresses() -> None:
    guard = GuardPolicy(hosts=("dc-*", "198.51.100.9"), networks=("198.51.100.10",))
    for names in (
        ["dc-1"],
        ["web-1", "dc-2.example.com"],
        ["web-1", "198.51.100.9"],
        ["198.51.100.10"],
        ["127.0.0.1"],
    ):
        found = await refusal_of_host(names, guard)
        assert found is not None, names
        assert found.rule in {"hosts", "never"}
    assert await refusal_of_host(["web-1", "198.51.100.11"], guard) is None


async def test_a_host_that_nobody_names_is_not_taken_for_another() -> None:
    guard = GuardPolicy(hosts=("dc-1",))
    found = await refusal_of_host(ActionUnavailableError("the cloud is away"), guard)
    assert (found.rule, "the cloud is away" in found.reason) == ("hosts", True)


async def test_a_host_by_its_id_is_as_critical_as_the_asset_that_it_is() -> None:
    asset = Asset(name="shop-1", addresses=("198.51.100.20",), criticality="critical")
    guard, inventory = GuardPolicy(hosts=("dc-1",)), Inventory(assets=(asset,))
    for names in (["shop-1"], ["198.51.100.20"]):
        found = await refusal_of_host(names, guard, inventory)
        assert found.rule == "criticality"
        assert await refusal_of_host(names, guard, inventory, approvers=2) is None


async def test_a_guard_without_groups_asks_nobody() -> None:
    assert await refusal(AssertionError("asked"), GuardPolicy(hosts=("dc-1",))) is None


def by_connection(idp: dict[str, Any]) -> Any:
    return site_of(idp=idp)


async def test_what_could_never_be_begun_is_no_containment_that_is_stuck() -> None:
    site = by_connection({"kind": "okta", "url": "http://127.0.0.1:9", "token": "000000"})
    response = Response(
        client=cast(Any, None), site=site, actions={SPEC.name: SuspendUser()}, playbooks=cast(Any, None),
        approvers=cast(Any, None), guard=GUARD,
    )  # fmt: skip
    asked = ActionRequest(action=SPEC.name, params=PARAMS, key="blk-1")
    with pytest.raises(ApplicationError, match="no answer"):
        await ActivityEnvironment().run(response.apply, asked)
    effect = await ActivityEnvironment().run(response.undo, asked)
    assert not effect.in_force


async def test_what_was_added_to_the_guard_holds_for_runs_that_began_before() -> None:
    nothing, site = cast(Any, None), site_of()

    async def asked(now: GuardPolicy, **more: Any) -> Any:
        response = Response(
            client=nothing, site=site, actions={}, playbooks=nothing, approvers=nothing, guard=now,
            weighing=Weighing(None, Inventory),
        )  # fmt: skip
        known = await response.weigh(WeighRequest(containment="blk-1", spec=SPEC, params=PARAMS))
        before = GuardPolicy(hosts=("dc-1",))
        return check_guard(
            before,
            SPEC,
            PARAMS,
            seconds=60,
            applied_last_hour=0,
            weighed=known.weighed,
            **more,
        )

    added = GuardPolicy(hosts=("dc-1",), users=("alice",))
    off = GuardPolicy(hosts=("dc-1",), max_per_hour_of={SPEC.name: 0})
    for now, words in ((added, "protected by the guard"), (off, "switched off")):
        found = await asked(now)
        assert found.rule == "since"
        assert words in found.reason
        assert await asked(now, approvers=2, override="it is burning") is None
    assert await asked(GuardPolicy(users=("bob",))) is None


# --- what people are told before they decide -------------------------------------------------------


class Slow(Cloud):
    waiting, most = 0, 0
    """How many wait now, and did at the most."""

    async def blast_radius(self, call: Any, site: Any) -> BlastRadius:
        del site
        if call.params["host"] == "slow":
            Slow.waiting += 1
            Slow.most = max(Slow.most, Slow.waiting)
            try:
                await asyncio.sleep(60)
            finally:
                Slow.waiting -= 1
        if call.params["host"] == "broken":
            raise KeyError("nothing of ours may keep people from being asked")
        return BlastRadius(summary=f"Nobody uses {call.params['host']}.")


async def told(*hosts: str, guard: GuardPolicy, inventory: Inventory | None = None) -> list[str]:
    nothing, weighing = cast(Any, None), Weighing(None, lambda: inventory or Inventory())
    response = Response(
        client=nothing, site=site_of(), actions={Slow.spec.name: Slow(())}, playbooks=nothing,
        approvers=nothing, guard=guard, weighing=weighing,
    )  # fmt: skip
    asked = tuple(
        RenderedAction(step="s", action=Slow.spec.name, params={"host": host}, target=host, seconds=60)
        for host in hosts
    )
    request = BlastRequest(incident="i", actions=asked)
    answer = await ActivityEnvironment().run(response.blast_radius, request)
    return [one.summary for one in answer.blast]


async def test_who_decides_is_told_what_the_guard_will_say() -> None:
    asset = Asset(name="shop-1", criticality="critical")
    guard, inventory = GuardPolicy(hosts=("dc-*",)), Inventory(assets=(asset,))
    protected, critical, free = await told("dc-1", "shop-1", "web-1", guard=guard, inventory=inventory)
    assert protected == (
        "The guard will refuse this, unless the playbook overrides it: host dc-1 is protected by the guard "
        "(dc-*). Nobody uses dc-1."
    )
    assert critical.startswith("The guard wants more than one to agree: it would hit an asset of criticality")
    assert free == "Nobody uses web-1."


async def test_several_that_are_slow_are_waited_for_once_and_a_fault_keeps_nobody_from_asking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workers.blast.SECONDS", 0.2)
    monkeypatch.setattr(Slow, "most", 0)
    said = await told("slow", "slow", "slow", "broken", "web-1", guard=GuardPolicy(hosts=("dc-1",)))
    assert Slow.most == 3, "they were asked one after the other"
    assert said[:3] == ["What else it would hit could not be found out: no answer."] * 3
    assert "KeyError" in said[3]
    assert said[4] == "Nobody uses web-1."


# --- changes that nobody approves ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guard", "word"),
    [
        (GuardPolicy(users=("alice",)), "alice"),
        (GuardPolicy(users=("x",), groups=("domain admins",)), "Domain Admins"),
        (GuardPolicy(users=("00ualice",)), "00ualice"),
        (GuardPolicy(users=("x",), max_per_hour_of={"okta.reset_factors": 0}), "switched off"),
        (GuardPolicy(users=("bob",)), ""),
    ],
)
async def test_who_is_protected_loses_nothing_by_a_change_either(guard: GuardPolicy, word: str) -> None:
    async with OktaServer() as okta:
        site = site_of(idp={"kind": "okta", "url": okta.url, "token": TOKEN})
        response = Response(
            client=cast(Any, None), site=site, actions={one.spec.name: one for one in OKTA},
            playbooks=cast(Any, None), approvers=cast(Any, None), guard=guard,
        )  # fmt: skip
        asked = ActionRequest(action="okta.reset_factors", params=PARAMS, key="blk-1")
        if word:
            with pytest.raises(ApplicationError, match=word) as caught:
                await ActivityEnvironment().run(response.call, asked)
            assert (caught.value.type, caught.value.non_retryable) == ("guard", True)
        else:
            await ActivityEnvironment().run(response.call, asked)
        assert bool(okta.cleared) is not bool(word)
        looked = asked.model_copy(update={"action": "okta.lookup_user"})
        assert (await ActivityEnvironment().run(response.call, looked))["status"] == "ACTIVE"


def test_what_takes_something_from_people_is_guarded() -> None:
    guarded = {one.spec.name for one in actions() if one.spec.guarded}
    assert guarded == {
        "entra.reset_password", "entra.revoke_sessions", "google_workspace.revoke_oauth_grant",
        "google_workspace.revoke_sessions", "ldap.reset_password", "okta.clear_sessions",
        "okta.expire_password", "okta.reset_factors",
    }  # fmt: skip
    for one in actions():
        if one.spec.guarded:
            assert one.spec.kind is ActionKind.CHANGE
            assert hasattr(one, "groups_of")
            assert hasattr(one, "names_of")
