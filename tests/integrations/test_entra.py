"""Entra ID's actions against a server that keeps to Graph's documented audience, filters, pages and errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from integrations.contract import ActionRefusedError
from integrations.entra import ACTIONS
from integrations.microsoft import CONNECTIONS
from integrations.ports import Site
from tests.integrations.microsoft_server import APP, MicrosoftServer
from tests.integrations.vendor_server import call, prove_containment, prove_faults, prove_hostile, site_of

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
DISABLE = BY_NAME["entra.disable_user"]
CONSENT = BY_NAME["entra.disable_app_consent"]
ALICE = "alice@example.com"


@pytest_asyncio.fixture
async def cloud() -> AsyncIterator[MicrosoftServer]:
    async with MicrosoftServer() as server:
        yield server


@pytest.fixture
def site(cloud: MicrosoftServer) -> Site:
    return site_of(tenant=cloud.connection)


async def test_a_user_is_disabled_and_enabled_again(cloud: MicrosoftServer, site: Site) -> None:
    await prove_containment(DISABLE, site, call(user=ALICE))
    assert (cloud.users["id-alice"]["accountEnabled"], cloud.changes) == (True, 2)


async def test_who_was_disabled_before_stays_disabled(cloud: MicrosoftServer, site: Site) -> None:
    bob = call(user="bob@example.com")
    await DISABLE.run(bob, site)
    assert (await DISABLE.verify(bob, site)).in_force
    await DISABLE.undo(bob, site)
    assert not (await DISABLE.verify(bob, site)).in_force
    assert (cloud.users["id-bob"]["accountEnabled"], cloud.changes) == (False, 0)


async def test_who_comes_from_an_own_directory_is_disabled_there(cloud: MicrosoftServer, site: Site) -> None:
    with pytest.raises(ActionRefusedError, match="synchronised from an own directory"):
        await DISABLE.run(call(user="carol@example.com"), site)
    assert cloud.changes == 0


async def test_an_application_is_disabled_and_enabled_again(cloud: MicrosoftServer, site: Site) -> None:
    await prove_containment(CONSENT, site, call(app=APP))
    assert cloud.principals[APP]["accountEnabled"] is True
    with pytest.raises(ActionRefusedError, match="no application's id"):
        await CONSENT.run(call(app="x') or ('1' eq '1"), site)
    with pytest.raises(ActionRefusedError, match="no service principal"):
        await CONSENT.run(call(app=APP.replace("a", "f")), site)


async def test_an_object_id_does_not_pass_for_a_name(site: Site) -> None:
    with pytest.raises(ActionRefusedError, match="no user principal name"):
        await DISABLE.run(call(user="id-alice"), site)


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"entra.disable_app_consent"}))
async def test_faults_and_hostile_names(cloud: MicrosoftServer, site: Site, name: str) -> None:
    await prove_hostile(BY_NAME[name], site, cloud, "user")
    await prove_faults(BY_NAME[name], site, call(user=ALICE), cloud)
    assert cloud.changes == 0


async def test_the_connection_s_own_application_stays_and_names_of_others_are_known(
    cloud: MicrosoftServer, site: Site
) -> None:
    own = str(cloud.connection["client_id"])
    cloud.principals[own] = {**cloud.principals[APP], "id": "sp-own", "appId": own}
    with pytest.raises(ActionRefusedError, match="the connection's own application"):
        await CONSENT.run(call(app=own.upper()), site)
    assert cloud.changes == 0
    assert await CONSENT.names_of(call(app=APP), site) == ["Mail Helper", APP, "sp-1"]


async def test_faults_of_the_application(cloud: MicrosoftServer, site: Site) -> None:
    await prove_faults(CONSENT, site, call(app=APP), cloud)


async def test_groups_and_roles_come_over_several_pages(site: Site) -> None:
    assert await DISABLE.groups_of(call(user=ALICE), site) == ["Everybody", "Finance", "Global Administrator"]
    names = await DISABLE.names_of(call(user=ALICE), site)
    assert names == ["id-alice", ALICE, "a.smith@example.com", "smtp:alice.old@example.com", "EXAMPLE-ASMITH"]
    found = await BY_NAME["entra.lookup_user"].run(call(user=ALICE), site)
    assert (found["enabled"], found["synchronised"], len(found["groups"])) == (True, False, 3)


async def test_sign_ins_are_told_in_words(site: Site) -> None:
    found = await BY_NAME["entra.lookup_sign_ins"].run(call(user=ALICE), site)
    assert found["failed"] == 1
    assert found["addresses"] == ["203.0.113.0", "203.0.113.1", "203.0.113.2"]
    assert found["sign_ins"][0] == "2026-08-01T10:00:00Z: Portal from 203.0.113.0 in NL, failed (50126)"


async def test_sessions_are_revoked(cloud: MicrosoftServer, site: Site) -> None:
    assert await BY_NAME["entra.revoke_sessions"].run(call(user=ALICE), site) == {"done": True}
    assert cloud.revoked == ["id-alice"]


async def test_a_password_is_replaced_by_one_that_nobody_knows(cloud: MicrosoftServer, site: Site) -> None:
    reset = BY_NAME["entra.reset_password"]
    said = [await reset.run(call(user=ALICE), site) for _ in range(2)]
    first, second = cloud.passwords["id-alice"]
    assert first["password"] != second["password"]
    assert first["forceChangePasswordNextSignIn"] is True
    assert said == [{"done": True}] * 2
    with pytest.raises(
        ActionRefusedError, match=r"which has its password: reset it there \(ldap\.reset_password\)"
    ):
        await reset.run(call(user="carol@example.com"), site)
    assert cloud.changes == 2


async def test_the_connection_says_whose_it_is_and_a_wrong_secret_is_final(cloud: MicrosoftServer) -> None:
    test = CONNECTIONS[0].test
    assert test is not None
    assert await test(site_of(t=cloud.connection), "t") == "Microsoft Graph answers for Example Ltd"
    wrong = site_of(u={**cloud.connection, "client_secret": "another-secret"})
    with pytest.raises(ActionRefusedError, match="AADSTS7000215") as caught:
        await test(wrong, "u")
    assert "another-secret" not in str(caught.value)


async def test_a_page_elsewhere_is_not_followed(cloud: MicrosoftServer, site: Site) -> None:
    cloud.url, url = "http://127.0.0.2:1", cloud.url
    with pytest.raises(ActionRefusedError, match="another host"):
        await DISABLE.groups_of(call(user=ALICE), site)
    cloud.url = url
