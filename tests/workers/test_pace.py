"""Quotas of actions: whoever calls one too often in a minute is told when there is room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError

from integrations.contract import ActionCall
from integrations.inventory import Inventory
from playbooks.actions import ActionKind, ActionSpec
from playbooks.policy import GuardPolicy
from tests.integrations.vendor_server import site_of
from workers.messages import ActionRequest
from workers.response import Response
from workers.weighing import Weighing


class Ticket:
    def __init__(self, name: str, connection: str | None, paces_itself: bool = False) -> None:
        self.spec = ActionSpec(
            name=name, kind=ActionKind.CHANGE, summary="Open a ticket.", parameters=(), connection=connection,
            per_minute=2,
        )  # fmt: skip
        self.paces_itself = paces_itself
        self.calls = 0

    async def run(self, call: ActionCall, site: Any) -> dict[str, Any]:
        del call, site
        self.calls += 1
        return {}


async def call_often(action: Ticket, times: int, connections: dict[str, Any], **params: Any) -> None:
    site = site_of(**connections)
    response = Response(
        client=cast(Any, None), site=site, actions={action.spec.name: cast(Any, action)},
        playbooks=cast(Any, None), approvers=cast(Any, None), guard=GuardPolicy(hosts=("dc-1",)),
        weighing=Weighing(None, Inventory),
    )  # fmt: skip
    for number in range(times):
        request = ActionRequest(action=action.spec.name, params=params, key=str(number), incident="inc-1")
        await response.call(request)


async def test_one_too_many_in_a_minute_waits() -> None:
    action = Ticket("desk.one", "desk")
    with pytest.raises(ApplicationError, match=r"desk\.one at help: its 2 requests of this minute") as caught:
        await call_often(action, 3, {"help": {"kind": "desk"}})
    assert (action.calls, caught.value.non_retryable) == (2, False)
    assert caught.value.next_retry_delay is not None
    assert timedelta() < caught.value.next_retry_delay <= timedelta(seconds=60)


async def test_each_connection_has_its_own_quota() -> None:
    action, two = Ticket("desk.two", "desk"), {"a": {"kind": "desk"}, "b": {"kind": "desk"}}
    await call_often(action, 2, two, connection="a")
    await call_often(action, 2, two, connection="b")
    with pytest.raises(ApplicationError, match=r"desk\.two at a"):
        await call_often(action, 1, two, connection="a")


async def test_who_needs_no_connection_is_held_too() -> None:
    with pytest.raises(ApplicationError, match=r"desk\.three: its 2 requests"):
        await call_often(Ticket("desk.three", None), 3, {})


async def test_a_plan_of_the_sites_own_and_an_actions_own_counting_come_first() -> None:
    await call_often(Ticket("desk.four", "desk"), 5, {"help": {"kind": "desk", "per_minute": 100}})
    await call_often(Ticket("desk.five", "desk", paces_itself=True), 5, {"help": {"kind": "desk"}})


async def test_a_connection_that_is_not_there_is_asked_for() -> None:
    with pytest.raises(ApplicationError, match="no connection of kind desk") as caught:
        await call_often(Ticket("desk.six", "desk"), 1, {})
    assert caught.value.non_retryable
