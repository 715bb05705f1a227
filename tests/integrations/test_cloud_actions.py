"""What is particular to the clouds: Cloudflare's rules and lists, Google Cloud's operations, accounts and keys,
Azure's priorities."""

from __future__ import annotations

from typing import Any

import pytest

from integrations import azure, cloudflare, gcp
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from tests.integrations.azure_server import AzureServer
from tests.integrations.cloudflare_server import ZONE, CloudflareServer
from tests.integrations.gcp_server import DEPLOY, KEY, OWN_KEY, GcpServer
from tests.integrations.google_server import ACCOUNT, fault
from tests.integrations.vendor_server import (
    Events,
    call,
    prove_containment,
    prove_faults,
    prove_hostile,
    site_of,
)

RULE, LIST = cloudflare.ACTIONS
DENY, KEYS, ACCOUNTS = gcp.ACTIONS
(NSG,) = azure.ACTIONS
BAD = "203.0.113.7"


# --- Cloudflare -----------------------------------------------------------------------------------


async def test_a_challenge_becomes_a_block_and_is_a_challenge_again() -> None:
    async with CloudflareServer() as server:
        site = site_of(there={**server.connection, "zone": ZONE})
        server.hold(BAD, "managed_challenge")
        before = server.state()
        await prove_containment(RULE, site, call(ip=BAD))
        assert server.state() == before
        assert all(
            request.startswith(f"GET /zones/{ZONE}")
            for request in server.requests
            if request.startswith("GET")
        )


async def test_what_somebody_allowed_stays_allowed() -> None:
    async with CloudflareServer() as server:
        site = site_of(there=server.connection)
        server.hold(BAD, "whitelist")
        before = server.state()
        with pytest.raises(ActionRefusedError, match="is whitelist: somebody decided that"):
            await RULE.run(call(ip=BAD), site)
        await RULE.undo(call(ip=BAD), site)
        assert server.state() == before


async def test_a_rule_that_somebody_made_anew_is_theirs() -> None:
    async with CloudflareServer() as server:
        site = site_of(there=server.connection)
        await RULE.run(call(ip=BAD), site)
        server.rules.clear()
        assert not (await RULE.verify(call(ip=BAD), site)).in_force
        server.hold(BAD)
        assert "by somebody else" in (await RULE.undo(call(ip=BAD), site))["state"]
        assert len(server.rules) == 1


async def test_access_rules_are_about_some_prefixes_only() -> None:
    async with CloudflareServer() as server:
        site = site_of(there=server.connection)
        with pytest.raises(ActionRefusedError, match="/16, /24, /32, not 203"):
            await RULE.run(call(ip="203.0.113.0/28"), site)
        for wrong in ({"account": "../../user"}, {"account": None}):
            with pytest.raises(ActionRefusedError, match="account"):
                await RULE.run(call(ip=BAD), site_of(there={**server.connection, **wrong}))
        assert server.changes == 0


async def test_a_list_is_changed_by_operations_one_at_a_time() -> None:
    async with CloudflareServer() as server:
        site, what = site_of(there=server.connection), call(ip=BAD)
        server.pending = True
        with pytest.raises(ActionUnavailableError, match="another change of a list") as caught:
            await LIST.run(what, site)
        assert caught.value.retry_after == 2
        server.pending, server.fails = False, "the list is full"
        with pytest.raises(ActionRefusedError, match="the list is full"):
            await LIST.run(what, site)
        server.looks = 3
        await LIST.run(what, site)
        assert sorted(item["ip"] for item in server.items.values())[-1] == BAD
        await LIST.undo(what, site)
        assert len(server.items) == 5


# --- Google Cloud ---------------------------------------------------------------------------------


async def test_an_operation_is_waited_for_and_its_failure_is_told() -> None:
    async with GcpServer() as server:
        site, what = site_of(there=server.connection), call(ip=BAD)
        server.looks = 3
        server.fails = {"code": "QUOTA_EXCEEDED", "message": "Quota 'FIREWALLS' exceeded"}
        with pytest.raises(ActionUnavailableError, match="QUOTA_EXCEEDED"):
            await DENY.run(what, site)
        server.fails = {"code": "PERMISSIONS_ERROR", "message": "no"}
        with pytest.raises(ActionRefusedError, match="PERMISSIONS_ERROR"):
            await DENY.run(what, site)
        await DENY.run(what, site)
        assert (await DENY.verify(what, site)).in_force
        await DENY.undo(what, site)
        assert server.rules == {}


async def test_a_rule_that_somebody_weakened_is_not_believed_and_made_anew() -> None:
    for weak in (
        {"disabled": True}, {"priority": 1000}, {"denied": [{"IPProtocol": "tcp"}]}, {"targetTags": ["web"]},
        {"sourceRanges": ["192.0.2.1/32"]},
    ):  # fmt: skip
        async with GcpServer() as server:
            site, what = site_of(there=server.connection), call(ip=BAD)
            await DENY.run(what, site)
            assert {rule["priority"] for rule in server.rules.values()} == {0}
            name = next(name for name in server.rules if "ingress" in name)
            server.rules[name] |= weak
            seen = await DENY.verify(what, site)
            assert (seen.in_force, "is denied egress in" in seen.detail) == (False, True)
            await DENY.run(what, site)
            assert (await DENY.verify(what, site)).in_force
            server.rules[name] |= weak
            await DENY.undo(what, site)
            assert (server.rules, await site.state.keys("undo/")) == ({}, [])


async def test_a_busy_network_or_a_used_quota_is_worth_a_retry() -> None:
    async with GcpServer() as server:
        site = site_of(there=server.connection)
        for status, reason in ((400, "resourceNotReady"), (403, "rateLimitExceeded")):
            server.fault_always = lambda status=status, reason=reason: fault(status, reason, "later")
            with pytest.raises(ActionUnavailableError, match=reason):
                await DENY.run(call(ip=BAD), site)
        server.fault_always = None
        for wrong, said in (
            ({"project": "../x"}, "no id of a project"),
            ({"network": "a/../b"}, "no name of a network"),
        ):
            with pytest.raises(ActionRefusedError, match=said):
                await DENY.run(call("two", ip=BAD), site_of(there={**server.connection, **wrong}))
        assert server.changes == 0


SWITCHES: tuple[tuple[Any, dict[str, str]], ...] = (
    (ACCOUNTS, {"user": DEPLOY}), (KEYS, {"user": DEPLOY, "key_id": KEY}), (KEYS, {"user": ACCOUNT, "key_id": KEY}),
)  # fmt: skip


@pytest.fixture
def server() -> GcpServer:
    return GcpServer()


@pytest.mark.parametrize(("action", "params"), SWITCHES)
async def test_accounts_and_keys_are_disabled_and_enabled(
    server: GcpServer, action: Any, params: dict[str, Any]
) -> None:
    async with server:
        site, before = site_of(there=server.connection), dict(server.disabled)
        await prove_containment(action, site, call(**params))
        assert server.disabled == before
        await action.run(call(**params), site)
        assert sum(server.disabled.values()) == 1
        await action.undo(call(**params), site)
        await prove_faults(action, site, call(**params), server)


@pytest.mark.parametrize(("action", "params"), SWITCHES)
async def test_what_was_disabled_before_stays_so(
    server: GcpServer, action: Any, params: dict[str, Any]
) -> None:
    async with server:
        site = site_of(there=server.connection)
        server.disabled = dict.fromkeys(server.disabled, True)
        await action.run(call(**params), site)
        await action.undo(call(**params), site)
        assert all(server.disabled.values())


async def test_the_connections_own_account_and_key_are_not_stopped(server: GcpServer) -> None:
    async with server:
        site = site_of(there=server.connection)
        for action, params in ((ACCOUNTS, {"user": ACCOUNT}), (KEYS, {"user": ACCOUNT, "key_id": OWN_KEY})):
            with pytest.raises(ActionRefusedError, match="the connection's own"):
                await action.run(call(**params), site)
            await action.undo(call(**params), site)
        assert (server.changes, await site.state.keys("undo/")) == (0, [])


async def test_hostile_accounts_and_who_is_gone(server: GcpServer) -> None:
    async with server:
        site = site_of(there=server.connection)
        await prove_hostile(ACCOUNTS, site, server, "user")
        await prove_hostile(KEYS, site, server, "user", key_id=KEY)
        await prove_hostile(KEYS, site, server, "key_id", user=DEPLOY)
        await ACCOUNTS.run(call(user=DEPLOY), site)
        del server.disabled[DEPLOY]
        assert "nothing to give back" in (await ACCOUNTS.undo(call(user=DEPLOY), site))["state"]
        with pytest.raises(ActionRefusedError, match="there is no service account"):
            await ACCOUNTS.run(call(user=DEPLOY), site)


async def test_a_key_is_known_in_the_events_by_its_account(server: GcpServer) -> None:
    async with server:
        site = site_of(Events({"host": {"name": "ci-1"}, "user": {"name": DEPLOY}}), there=server.connection)
        blast = await KEYS.blast_radius(call(user=DEPLOY, key_id=KEY), site)
        assert blast.summary.startswith(f"{DEPLOY} is in 1 event of the last 7 days, on ci-1.")


# --- Azure ----------------------------------------------------------------------------------------


def azure_site(server: AzureServer) -> Site:
    return site_of(there=server.connection)


async def test_the_first_free_priority_is_taken_in_each_direction() -> None:
    async with AzureServer() as server:
        server.rules |= {
            "old": server.rule(100, "Inbound", "Deny", "192.0.2.1"), "out": server.rule(101, "Outbound", "Deny", "192.0.2.1"),
        }  # fmt: skip
        await NSG.run(call(ip=BAD), azure_site(server))
        made = {
            rule["direction"]: rule["priority"]
            for name, rule in server.rules.items()
            if name.startswith("siem-")
        }
        assert made == {"Inbound": 101, "Outbound": 100}
        await NSG.run(call("two", ip="203.0.113.8"), azure_site(server))
        made = {
            (rule["direction"], rule["priority"])
            for name, rule in server.rules.items()
            if name.startswith("siem-")
        }
        assert made == {("Inbound", 101), ("Outbound", 100), ("Inbound", 102), ("Outbound", 102)}


@pytest.mark.parametrize("prefix", ["*", "Internet", "203.0.113.0/24", BAD])
async def test_a_rule_that_lets_it_through_before_ours_is_told(prefix: str) -> None:
    async with AzureServer() as server:
        site, what = azure_site(server), call(ip=BAD)
        server.rules["vpn"] = server.rule(100, "Inbound", "Allow", prefix)
        before = server.state()
        with pytest.raises(ActionRefusedError, match=r"vpn \(priority 100\) would let 203.0.113.7 through"):
            await NSG.run(what, site)
        await NSG.undo(what, site)
        assert (server.state(), await site.state.keys("undo/")) == (before, [])
        server.rules["vpn"]["priority"] = 2000
        await NSG.run(what, site)
        assert (await NSG.verify(what, site)).in_force
        server.rules["vpn"]["priority"] = 99
        seen = await NSG.verify(what, site)
        assert (seen.in_force, "lets it through" in seen.detail) == (False, True)
        await NSG.undo(what, site)
        assert len(server.rules) == 2


async def test_a_rule_that_lets_others_through_does_not_matter() -> None:
    async with AzureServer() as server:
        several = {"sourceAddressPrefixes": ["198.51.100.0/24", "2001:db8::/32"], "sourceAddressPrefix": ""}
        server.rules["vpn"] = server.rule(100, "Inbound", "Allow", "", **several)
        await prove_containment(NSG, azure_site(server), call(ip=BAD))
        with pytest.raises(ActionRefusedError, match="vpn"):
            await NSG.run(call(ip="2001:db8::7"), azure_site(server))


async def test_a_change_goes_on_after_the_answer_and_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    async with AzureServer() as server:
        site, what = azure_site(server), call(ip=BAD)
        server.looks = 3
        await prove_containment(NSG, site, what)
        server.busy = True
        with pytest.raises(ActionUnavailableError, match="AnotherOperationInProgress"):
            await NSG.run(what, site)
        server.busy, server.looks, server.fails = False, 1, True
        monkeypatch.setattr(NSG, "patience", 0.5)
        await NSG.run(what, site)
        assert not (await NSG.verify(what, site)).in_force
        await NSG.undo(what, site)
        assert list(server.rules) == ["web"]


async def test_a_weakened_rule_is_not_believed_and_made_whole() -> None:
    for weak in (
        {"access": "Allow"},
        {"protocol": "Tcp"},
        {"destinationPortRange": "22"},
        {"sourceAddressPrefix": "192.0.2.1"},
    ):
        async with AzureServer() as server:
            site, what = azure_site(server), call(ip=BAD)
            await NSG.run(what, site)
            name = next(name for name in server.rules if name.startswith("siem-deny-inbound"))
            server.rules[name] |= weak
            assert not (await NSG.verify(what, site)).in_force
            await NSG.run(what, site)
            assert (await NSG.verify(what, site)).in_force
            server.rules[name] |= weak
            await NSG.undo(what, site)
            assert list(server.rules) == ["web"]


async def test_settings_can_not_lead_elsewhere() -> None:
    async with AzureServer() as server:
        for wrong in ({"nsg": "a/../b"}, {"resource_group": ".."}, {"subscription": "x"}, {"tenant": "a/b"}):
            with pytest.raises(ActionRefusedError, match=r"is no|is an id"):
                await NSG.run(call(ip=BAD), site_of(there={**server.connection, **wrong}))
        assert server.changes == 0
