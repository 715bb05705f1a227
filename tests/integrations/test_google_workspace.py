"""Google Workspace's actions against a server that keeps to the Directory API's documented access, pages and errors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.google_workspace import ACTIONS, CONNECTIONS
from integrations.ports import Site
from tests.integrations.google_server import GoogleServer, fault
from tests.integrations.vendor_server import (
    HOSTILE,
    call,
    prove_containment,
    prove_faults,
    prove_hostile,
    site_of,
)

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
SUSPEND = BY_NAME["google_workspace.suspend_user"]
REVOKE = BY_NAME["google_workspace.revoke_oauth_grant"]
ALICE = "alice@example.com"
APP = "77-app.apps.googleusercontent.com"


@pytest_asyncio.fixture
async def google() -> AsyncIterator[GoogleServer]:
    async with GoogleServer() as server:
        yield server


@pytest.fixture
def site(google: GoogleServer) -> Site:
    return site_of(suite=google.connection)


async def test_a_suspension_holds_and_is_lifted(google: GoogleServer, site: Site) -> None:
    await prove_containment(SUSPEND, site, call(user=ALICE))
    assert (google.users["1alice"]["suspended"], google.changes) == (False, 2)
    assert google.requests.count("POST /token") == 1


async def test_who_was_suspended_before_stays_suspended(google: GoogleServer, site: Site) -> None:
    bob = call(user="bob@example.com")
    await SUSPEND.run(bob, site)
    assert (await SUSPEND.verify(bob, site)).in_force
    await SUSPEND.undo(bob, site)
    assert not (await SUSPEND.verify(bob, site)).in_force
    assert (google.users["1bob"]["suspended"], google.changes) == (True, 0)


async def test_what_google_suspended_meanwhile_stays(google: GoogleServer, site: Site) -> None:
    await SUSPEND.run(call(user=ALICE), site)
    google.users["1alice"]["suspensionReason"] = "ABUSE"
    said = await SUSPEND.undo(call(user=ALICE), site)
    assert "by somebody else meanwhile: it stays" in said["state"]
    assert (google.users["1alice"]["suspended"], google.changes) == (True, 1)


async def test_who_is_gone_is_given_nothing_back_and_who_is_renamed_is_not_forgotten(
    google: GoogleServer, site: Site
) -> None:
    await SUSPEND.run(call(user=ALICE), site)
    google.users["1alice"] |= {"primaryEmail": "alice.new@example.com", "aliases": [ALICE]}
    with pytest.raises(ActionRefusedError, match=r"write alice\.new@example\.com"):
        await SUSPEND.undo(call(user=ALICE), site)
    del google.users["1alice"]
    assert "there is nothing to give back" in (await SUSPEND.undo(call(user=ALICE), site))["state"]
    assert not (await SUSPEND.verify(call(user=ALICE), site)).in_force


async def test_an_alias_an_id_and_an_administrator_are_refused(google: GoogleServer, site: Site) -> None:
    with pytest.raises(ActionRefusedError, match=f"not what the user is called: write {ALICE}"):
        await SUSPEND.run(call(user="alice.alias@example.com"), site)
    with pytest.raises(ActionRefusedError, match="no address of a user"):
        await SUSPEND.run(call(user="1alice"), site)
    with pytest.raises(ActionRefusedError, match=r"knows no user eve@example\.com"):
        await SUSPEND.run(call(user="eve@example.com"), site)
    with pytest.raises(ActionRefusedError, match="403 forbidden Not Authorized"):
        await SUSPEND.run(call(user="siem-admin@example.com"), site)
    assert google.changes == 0


async def test_a_used_quota_is_a_403_that_is_tried_again(google: GoogleServer, site: Site) -> None:
    for reason in ("userRateLimitExceeded", "quotaExceeded"):
        google.faults.append(lambda reason=reason: fault(403, reason, "Quota exceeded"))  # type: ignore[misc]
        with pytest.raises(ActionUnavailableError, match=reason):
            await SUSPEND.run(call(user=ALICE), site)
    assert google.changes == 0


async def test_sessions_end_and_grants_go(google: GoogleServer, site: Site) -> None:
    revoke = BY_NAME["google_workspace.revoke_sessions"]
    found = await revoke.run(call(user=ALICE), site)
    assert found == {"done": True, "applications": [f"Mail Helper ({APP})", "Sync (88-x.example.com)"]}
    assert (google.signed_out, google.tokens["1alice"]) == (["1alice"], {})
    assert await revoke.run(call(user=ALICE), site) == {"done": True, "applications": []}


async def test_sessions_that_ended_half_are_ended_whole_by_the_retry(
    google: GoogleServer, site: Site
) -> None:
    revoke = BY_NAME["google_workspace.revoke_sessions"]
    del google.tokens["1alice"][APP]
    google.signed_out.append("1alice")
    await revoke.run(call(user=ALICE), site)
    assert google.tokens["1alice"] == {}


async def test_one_grant_goes_and_the_others_stay(google: GoogleServer, site: Site) -> None:
    first = await REVOKE.run(call(user=ALICE, client=APP), site)
    assert first == {
        "done": True, "revoked": True, "application": f"Mail Helper ({APP})",
        "scopes": ["https://mail.google.com/Mail Helper"],
    }  # fmt: skip
    again = await REVOKE.run(call(user=ALICE, client=APP), site)
    assert (again["done"], again["revoked"], list(google.tokens["1alice"])) == (
        True,
        False,
        ["88-x.example.com"],
    )
    google.stubborn = True
    with pytest.raises(ActionUnavailableError, match="still has the grant"):
        await REVOKE.run(call(user=ALICE, client="88-x.example.com"), site)


async def test_groups_are_followed_into_groups_and_rounds_end(site: Site) -> None:
    found = await SUSPEND.groups_of(call(user=ALICE), site)
    assert {"Staff", "Sales", "Everyone", "Root", "Loop", "root@example.com"} <= set(found)
    assert "Other" not in found
    assert await SUSPEND.names_of(call(user=ALICE), site) == ["1alice", ALICE, "alice.alias@example.com"]
    assert "Super Admin" in await SUSPEND.groups_of(call(user="siem-admin@example.com"), site)


async def test_who_decides_is_told_what_stops(google: GoogleServer, site: Site) -> None:
    blast = await SUSPEND.blast_radius(call(user=ALICE), site)
    assert blast.details == (
        f"Applications that work under its name stop: Mail Helper ({APP}), Sync (88-x.example.com)",
    )
    blast = await SUSPEND.blast_radius(call(user="siem-admin@example.com"), site)
    assert blast.summary.startswith("It is an administrator of the domain. ")
    blast = await SUSPEND.blast_radius(call(user="eve@example.com"), site)
    assert "knows no user eve@example.com" in blast.details[0]
    assert google.changes == 0


async def test_a_user_is_looked_up(google: GoogleServer, site: Site) -> None:
    found = await BY_NAME["google_workspace.lookup_user"].run(call(user=ALICE), site)
    assert {key: found[key] for key in ("user", "name", "suspended", "admin", "two_step", "unit", "reason")} == {
        "user": ALICE, "name": "Alice Example", "suspended": False, "admin": False, "two_step": True,
        "unit": "/Sales", "reason": "",
    }  # fmt: skip
    assert found["applications"] == [f"Mail Helper ({APP})", "Sync (88-x.example.com)"]
    assert (len(found["groups"]), google.changes) == (10, 0)


@pytest.mark.parametrize("name", sorted(BY_NAME))
async def test_faults_and_hostile_names(google: GoogleServer, site: Site, name: str) -> None:
    more: dict[str, Any] = {"client": APP} if name.endswith("grant") else {}
    await prove_hostile(BY_NAME[name], site, google, "user", **more)
    for value in HOSTILE:
        with pytest.raises(ActionRefusedError):
            await BY_NAME[name].run(call(user=f"{value}@example.com", **more), site)
    await prove_faults(BY_NAME[name], site, call(user=ALICE, **more), google)
    assert google.changes == 0


async def test_hostile_clients_reach_nobody(google: GoogleServer, site: Site) -> None:
    await prove_hostile(REVOKE, site, google, "client", user=ALICE)


async def test_the_connection_says_for_whom_we_act_and_a_wrong_key_is_final(
    google: GoogleServer, site: Site
) -> None:
    test = CONNECTIONS[0].test
    assert test is not None
    assert await test(site, "suite") == "Google Workspace answers; we act for siem-admin@example.com"
    other = site_of(b={**google.connection, "subject": "nobody@example.com"})
    with pytest.raises(ActionRefusedError, match="unauthorized_client"):
        await test(other, "b")
    for key in ("no json", "[]", json.dumps({"client_email": "x"})):
        with pytest.raises(ActionRefusedError, match="no service account's key"):
            await test(site_of(c={**google.connection, "key": key}), "c")
