"""Protected groups: the system that a target is in says what groups it has, and the guard goes by that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from integrations.contract import ActionUnavailableError
from integrations.inventory import Inventory
from integrations.okta import SuspendUser
from playbooks.guard import check_guard
from playbooks.policy import GuardPolicy
from tests.workers.fakes import MemoryState, WallClock
from workers import weighing
from workers.messages import WeighRequest
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


async def refusal(answer: Sequence[str] | Exception | None, guard: GuardPolicy, **more: Any) -> Any:
    site = cast(Any, SimpleNamespace(state=MemoryState(), clock=WallClock()))
    response = Response(
        client=cast(Any, None), site=site, actions={SPEC.name: Directory(answer)}, playbooks=cast(Any, None),
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


async def test_a_guard_without_groups_asks_nobody() -> None:
    assert await refusal(AssertionError("asked"), GuardPolicy(hosts=("dc-1",))) is None
