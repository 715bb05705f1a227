"""Okta's actions against a server that keeps to Okta's documented states, errors and quotas."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.okta import ACTIONS, CONNECTIONS
from integrations.ports import Site
from tests.integrations.okta_server import CLIENT, TOKEN, OktaServer
from tests.integrations.vendor_server import (
    Events,
    call,
    prove_containment,
    prove_faults,
    prove_hostile,
    site_of,
)

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
SUSPEND = BY_NAME["okta.suspend_user"]
ALICE = "alice@example.com"


@pytest_asyncio.fixture
async def okta() -> AsyncIterator[OktaServer]:
    async with OktaServer() as server:
        yield server


@pytest.fixture
def site(okta: OktaServer) -> Site:
    return site_of(idp={"kind": "okta", "url": okta.url, "token": TOKEN})


async def test_a_suspension_holds_and_is_lifted(okta: OktaServer, site: Site) -> None:
    await prove_containment(SUSPEND, site, call(user=ALICE))
    assert okta.users["00ualice"]["status"] == "ACTIVE"
    assert okta.changes == 2


async def test_who_was_suspended_before_stays_suspended(okta: OktaServer, site: Site) -> None:
    bob = call(user="bob@example.com")
    assert not (await SUSPEND.verify(bob, site)).in_force
    await SUSPEND.run(bob, site)
    assert (await SUSPEND.verify(bob, site)).in_force
    await SUSPEND.undo(bob, site)
    assert not (await SUSPEND.verify(bob, site)).in_force
    assert (okta.users["00ubob"]["status"], okta.changes) == ("SUSPENDED", 0)


async def test_what_somebody_else_did_meanwhile_stays(okta: OktaServer, site: Site) -> None:
    await SUSPEND.run(call(user=ALICE), site)
    okta.users["00ualice"]["status"] = "DEPROVISIONED"
    await SUSPEND.undo(call(user=ALICE), site)
    assert okta.users["00ualice"]["status"] == "DEPROVISIONED"


async def test_a_state_that_cant_be_suspended_is_refused_with_what_to_do(
    okta: OktaServer, site: Site
) -> None:
    with pytest.raises(ActionRefusedError, match="PROVISIONED in Okta, and Okta suspends ACTIVE users only"):
        await SUSPEND.run(call(user="carol@example.com"), site)
    assert okta.changes == 0


async def test_a_user_by_its_id_or_unknown_is_refused(okta: OktaServer, site: Site) -> None:
    with pytest.raises(ActionRefusedError, match=r"write alice@example.com"):
        await SUSPEND.run(call(user="00ualice"), site)
    with pytest.raises(ActionRefusedError, match=r"knows no user nobody@example.com: Not found"):
        await SUSPEND.run(call(user="nobody@example.com"), site)
    assert okta.changes == 0


@pytest.mark.parametrize("name", ["okta.suspend_user", "okta.lookup_user", "okta.clear_sessions"])
async def test_faults_are_told_apart(okta: OktaServer, site: Site, name: str) -> None:
    await prove_faults(BY_NAME[name], site, call(user=ALICE), okta)
    assert okta.changes == 0


@pytest.mark.parametrize("name", sorted(BY_NAME))
async def test_hostile_names_reach_nobody(okta: OktaServer, site: Site, name: str) -> None:
    await prove_hostile(BY_NAME[name], site, okta, "user")


async def test_a_used_quota_is_waited_for_as_okta_says(okta: OktaServer, site: Site) -> None:
    okta.quota = 0
    with pytest.raises(ActionUnavailableError) as caught:
        await SUSPEND.verify(call(user=ALICE), site)
    assert caught.value.retry_after is not None
    assert 20 < caught.value.retry_after <= 30


async def test_lookups_say_what_counts(site: Site) -> None:
    user = await BY_NAME["okta.lookup_user"].run(call(user=ALICE), site)
    assert user == {
        "login": ALICE, "status": "ACTIVE", "name": "Alice Example", "last_login": "2026-08-01T10:00:00.000Z",
        "password_changed": "", "groups": ["Domain Admins", "Everyone"],
    }  # fmt: skip
    factors = await BY_NAME["okta.lookup_factors"].run(call(user=ALICE), site)
    assert factors["active"] == 1
    assert factors["newest"] == "2026-08-03T00:00:00.000Z"
    assert factors["factors"][0] == "push at OKTA: ACTIVE since 2026-01-02T00:00:00.000Z"
    assert await SUSPEND.groups_of(call(user=ALICE), site) == ["Domain Admins", "Everyone"]
    assert await SUSPEND.names_of(call(user=ALICE), site) == ["00ualice", ALICE]


async def test_changes_are_made_and_may_be_repeated(okta: OktaServer, site: Site) -> None:
    for name in ("okta.clear_sessions", "okta.expire_password", "okta.reset_factors"):
        for _ in range(2):
            assert await BY_NAME[name].run(call(user=ALICE), site) == {"done": True}
    assert okta.cleared == [
        ("00ualice", True), ("00ualice", True), ("00ualice", "expire_password"), ("00ualice", "expire_password"),
        ("00ualice", "reset_factors"), ("00ualice", "reset_factors"),
    ]  # fmt: skip


async def test_a_service_app_signs_its_way_in() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    async with OktaServer(public.decode()) as server:
        site = site_of(idp={"kind": "okta", "url": server.url, "client_id": CLIENT, "key": pem})
        await prove_containment(SUSPEND, site, call(user=ALICE))
        assert server.requests.count("POST /oauth2/v1/token") == 1
        test = CONNECTIONS[0].test
        assert test is not None
        assert "0oa-client" in await test(site, "idp")
        broken = site_of(app={"kind": "okta", "url": server.url, "client_id": CLIENT, "key": "no key"})
        with pytest.raises(ActionRefusedError, match="no RSA key in PEM"):
            await SUSPEND.verify(call(user=ALICE), broken)


async def test_a_wrong_token_is_told_without_showing_it(okta: OktaServer) -> None:
    wrong = site_of(idp={"kind": "okta", "url": okta.url, "token": "00-another-token"})
    test = CONNECTIONS[0].test
    assert test is not None
    with pytest.raises(ActionRefusedError, match="Invalid token provided") as caught:
        await test(wrong, "idp")
    assert "00-another" not in str(caught.value)


async def test_the_footprint_names_hosts_and_cant_be_broken_out_of(okta: OktaServer) -> None:
    events = Events({"host": {"name": "web-1"}, "user": {"name": "alice"}})
    site = site_of(events, idp={"kind": "okta", "url": okta.url, "token": TOKEN})
    blast = await SUSPEND.blast_radius(call(user=ALICE), site)
    assert blast.summary == (
        "alice@example.com is in 1 event of the last 7 days, on web-1. What runs under this name stops too."
    )
    await SUSPEND.blast_radius(call(user='a" OR "*'), site)
    assert events.queries[-1] == 'related.user:"a\\" OR \\"*"'
