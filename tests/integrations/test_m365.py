"""Exchange Online's actions against a server that keeps to Graph's documented filters, folders and errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from integrations.contract import ActionRefusedError
from integrations.m365 import ACTIONS
from integrations.ports import Site
from tests.integrations.microsoft_server import MicrosoftServer
from tests.integrations.vendor_server import call, prove_containment, prove_faults, prove_hostile, site_of

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
RULES, PURGE = BY_NAME["m365.disable_inbox_rules"], BY_NAME["m365.purge_message"]
ALICE = "alice@example.com"
MESSAGE = "<o'hara@example.org>"


@pytest_asyncio.fixture
async def cloud() -> AsyncIterator[MicrosoftServer]:
    async with MicrosoftServer() as server:
        server.rules["id-alice"] = {
            number: {"id": number, "displayName": name, "isEnabled": enabled, "actions": actions}
            for number, name, enabled, actions in (
                ("r1=", ".", True, {"forwardTo": [{"emailAddress": {"address": "m@example.org"}}]}),
                ("r2=", "..", False, {"delete": True}),
                ("r3=", "newsletters", True, {"assignCategories": ["news"]}),
                ("r4=", "hide", True, {"moveToFolder": "rss"}),
            )
        }
        server.messages["id-alice"] = {
            number: {"id": number, "internetMessageId": header}
            for number, header in (("a", MESSAGE), ("b", MESSAGE), ("c", "<other@example.org>"))
        }
        yield server


@pytest.fixture
def site(cloud: MicrosoftServer) -> Site:
    return site_of(tenant=cloud.connection)


def working(cloud: MicrosoftServer) -> list[str]:
    return [number for number, rule in cloud.rules["id-alice"].items() if rule["isEnabled"]]


async def test_rules_that_hide_mail_stop_and_exactly_those_work_again(
    cloud: MicrosoftServer, site: Site
) -> None:
    what = call(user=ALICE)
    await prove_containment(RULES, site, what)
    assert working(cloud) == ["r1=", "r3=", "r4="]
    await RULES.run(what, site)
    assert working(cloud) == ["r3="]


async def test_half_a_change_is_completed_and_wholly_undone(cloud: MicrosoftServer, site: Site) -> None:
    what = call(user=ALICE)
    await RULES.run(what, site)
    cloud.rules["id-alice"]["r4="]["isEnabled"] = True  # as if the worker had died between the two
    assert not (await RULES.verify(what, site)).in_force
    await RULES.run(what, site)
    del cloud.rules["id-alice"]["r1="]
    await RULES.undo(what, site)
    assert working(cloud) == ["r3=", "r4="]


async def test_named_rules_alone(cloud: MicrosoftServer, site: Site) -> None:
    await prove_containment(RULES, site, call(user=ALICE, rules=["newsletters"]))
    assert working(cloud) == ["r1=", "r3=", "r4="]
    with pytest.raises(ActionRefusedError, match="no inbox rule 'nothing'"):
        await RULES.run(call(user=ALICE, rules=["nothing"]), site)


@pytest.mark.parametrize("hard", [False, True])
async def test_a_message_is_taken_out_once(cloud: MicrosoftServer, site: Site, hard: bool) -> None:
    what = call(user=ALICE, message_id=MESSAGE, hard=hard)
    assert await PURGE.run(what, site) == {"purged": 2}
    assert await PURGE.run(what, site) == {"purged": 0}
    assert list(cloud.messages["id-alice"]) == ["c"]


async def test_messages_are_traced(site: Site) -> None:
    trace = BY_NAME["m365.lookup_messages"]
    found = await trace.run(call(recipient=ALICE, days=400), site)
    assert found["total"] == 1
    assert found["message_ids"] == ["<m1@example.org>"]
    assert found["messages"] == [
        "2026-08-01T10:00:00Z: mallory@example.org to alice@example.com: Invoice (delivered, from 203.0.113.7)"
    ]
    assert (await trace.run(call(recipient="x' or recipientAddress eq 'alice@example.com"), site))[
        "total"
    ] == 0
    with pytest.raises(ActionRefusedError, match="needs a sender"):
        await trace.run(call(), site)


async def test_faults_and_hostile_values(cloud: MicrosoftServer, site: Site) -> None:
    await prove_hostile(RULES, site, cloud, "user")
    await prove_hostile(PURGE, site, cloud, "user", message_id=MESSAGE)
    await prove_hostile(PURGE, site, cloud, "message_id", user=ALICE)
    await prove_faults(RULES, site, call(user=ALICE), cloud)
    await prove_faults(PURGE, site, call(user=ALICE, message_id=MESSAGE), cloud)
    await prove_faults(BY_NAME["m365.lookup_messages"], site, call(recipient=ALICE), cloud)
    assert cloud.changes == 0
