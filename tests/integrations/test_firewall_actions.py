"""Addresses blocked at firewalls and clouds, against servers that keep to their documented APIs."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from integrations import azure, cloudflare, fortinet, gcp, panw
from integrations.contract import ActionRefusedError, ActionUnavailableError
from tests.integrations.azure_server import AzureServer
from tests.integrations.cloudflare_server import CloudflareServer
from tests.integrations.fortigate_server import FortigateServer
from tests.integrations.gcp_server import GcpServer
from tests.integrations.panos_server import KEY, PanosServer
from tests.integrations.vendor_server import (
    call,
    prove_containment,
    prove_faults,
    prove_hostile,
    site_of,
)

PANOS, FORTIGATE, GCP, AZURE = (vendor.ACTIONS[0] for vendor in (panw, fortinet, gcp, azure))
RULE, LIST = cloudflare.ACTIONS
CASES: tuple[tuple[Any, Any], ...] = (
    (PANOS, PanosServer), (FORTIGATE, FortigateServer), (RULE, CloudflareServer), (LIST, CloudflareServer),
    (GCP, GcpServer), (AZURE, AzureServer),
)  # fmt: skip
BAD = "203.0.113.7"
REFUSED = (
    "0.0.0.0/0",
    "::/0",
    "203.0.113.7/24",
    "::ffff:203.0.113.7",
    "fe80::1%eth0",
    "0x7f.1",
    "2130706433x",
    "",
    "10",
)


@pytest.mark.parametrize(("action", "server_type"), CASES)
@pytest.mark.parametrize("address", [BAD, "2001:db8::7", "203.0.113.0/24"])
async def test_an_address_is_blocked_and_free_again(action: Any, server_type: Any, address: str) -> None:
    async with server_type() as server:
        site = site_of(there=server.connection)
        await prove_containment(action, site, call(ip=address))
        before, changes = server.state(), server.changes
        await action.run(call(ip=address), site)
        assert server.changes > changes
        assert server.state() != before
        await action.undo(call(ip=address), site)
        assert server.state() == before


@pytest.mark.parametrize(("action", "server_type"), CASES)
async def test_faults_and_hostile_values(action: Any, server_type: Any) -> None:
    async with server_type() as server:
        site = site_of(there=server.connection)
        await prove_faults(action, site, call(ip=BAD), server)
        await prove_hostile(action, site, server, "ip")
        for value in REFUSED:
            with pytest.raises(ActionRefusedError):
                await action.run(call(ip=value), site)
        assert (server.changes, await site.state.keys("undo/")) == (0, [])


@pytest.mark.parametrize(("action", "server_type"), CASES)
async def test_a_block_survives_a_fault_between_its_steps(action: Any, server_type: Any) -> None:
    """Whichever request of the run or the undo fails: the same again goes on from there."""
    for verb in ("run", "undo"):
        for spared in range(0, 10, 2):
            async with server_type() as server:
                site, what = site_of(there=server.connection), call(ip=BAD)
                if verb == "undo":
                    await action.run(what, site)
                server.after = spared
                try:
                    await getattr(action, verb)(what, site)
                except ActionUnavailableError:
                    server.after = None
                    await getattr(action, verb)(what, site)
                server.after = None
                seen = await action.verify(what, site)
                assert seen.in_force is (verb == "run"), (verb, spared)
                await action.undo(what, site)
                assert not (await action.verify(what, site)).in_force
                assert await site.state.keys("undo/") == []


@pytest.mark.parametrize(("action", "server_type"), CASES)
async def test_a_run_that_died_half_way_is_undone(action: Any, server_type: Any) -> None:
    for spared in range(6):
        async with server_type() as server:
            site, what = site_of(there=server.connection), call(ip=BAD)
            before = server.state()
            server.after = spared
            with contextlib.suppress(ActionUnavailableError):
                await action.run(what, site)
            server.after = None
            await action.undo(what, site)
            assert (server.state(), await site.state.keys("undo/")) == (before, []), spared


BEFORE: dict[Any, Any] = {
    PanosServer: lambda server: server.tags.update({BAD: {"siem-blocked": None}}),
    FortigateServer: lambda server: server.hold(BAD),
    CloudflareServer: lambda server: server.hold(BAD),
}


@pytest.mark.parametrize(("action", "server_type"), CASES[:4])
async def test_what_was_blocked_before_stays_blocked(action: Any, server_type: Any) -> None:
    async with server_type() as server:
        site, what = site_of(there=server.connection), call(ip=BAD)
        BEFORE[server_type](server)
        before = server.state()
        await action.run(what, site)
        assert (await action.verify(what, site)).in_force
        await action.undo(what, site)
        assert server.state() == before


async def test_connections_say_who_answers_and_show_no_secret() -> None:
    for vendor, server_type, secret, said in (
        (panw, PanosServer, "token", "PAN-OS 10.1 answers"), (fortinet, FortigateServer, "token", "has 1 members"),
        (cloudflare, CloudflareServer, "token", "the token is active; the list blocked has 5 items"),
        (gcp, GcpServer, "key", "who sees the firewall of example-project"),
        (azure, AzureServer, "client_secret", "edge-nsg with 1 rules"),
    ):  # fmt: skip
        (kind,) = vendor.CONNECTIONS
        async with server_type() as server:
            assert kind.test is not None
            assert said in await kind.test(site_of(there=server.connection), "there")
            wrong = site_of(other={**server.connection, secret: "another-secret", "client_id": "other"})
            with pytest.raises(ActionRefusedError, match=r"401|403|no service account's key") as caught:
                await kind.test(wrong, "other")
            assert "another-secret" not in str(caught.value)
        assert f"{secret}_env is missing" in " ".join(kind.faults({}))


# --- PAN-OS ---------------------------------------------------------------------------------------


async def test_the_firewall_ends_a_block_by_itself_and_a_later_end_is_told_to_it() -> None:
    async with PanosServer() as server:
        site = site_of(there=server.connection)
        now = datetime.now(UTC)
        await PANOS.run(call(ip=BAD, until=now + timedelta(hours=1)), site)
        assert 3000 < _seconds(server) <= 3600
        await PANOS.run(call(ip=BAD, until=now + timedelta(hours=2)), site)
        assert 6600 < _seconds(server) <= 7200
        await PANOS.run(call(ip=BAD, until=now + timedelta(days=31)), site)
        assert server.tags[BAD] == {"siem-blocked": None}
        server.tags.clear()  # its time is over, or somebody took it away
        assert not (await PANOS.verify(call(ip=BAD), site)).in_force
        await PANOS.undo(call(ip=BAD), site)


def _seconds(server: PanosServer) -> int:
    seconds = server.tags[BAD]["siem-blocked"]
    assert seconds is not None
    return seconds


async def test_other_tags_of_an_address_stay() -> None:
    async with PanosServer() as server:
        site = site_of(there={**server.connection, "tag": "drop me"})
        await PANOS.run(call(ip="198.51.100.9"), site)
        assert server.tags["198.51.100.9"] == {"other": None, "drop me": None}
        await PANOS.undo(call(ip="198.51.100.9"), site)
        assert server.tags["198.51.100.9"] == {"other": None}


async def test_versions_are_asked_for_what_they_can() -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    async with PanosServer() as server:
        site = site_of(there=server.connection)
        server.version = "8.1.26"
        await PANOS.run(call("one", ip=BAD, until=until), site)
        assert server.tags[BAD] == {"siem-blocked": None}
        server.version = "9.1.0"
        for network in ("203.0.113.0/28", "2001:db8::/64"):
            with pytest.raises(ActionRefusedError, match="PAN-OS tags networks from"):
                await PANOS.run(call("two", ip=network), site)
        server.version = "next"
        with pytest.raises(ActionUnavailableError, match="without sw-version"):
            await PANOS.run(call("three", ip="203.0.113.8"), site)


async def test_answers_are_read_with_care() -> None:
    async with PanosServer() as server:
        site = site_of(there=server.connection)
        for text in (
            '<!DOCTYPE response [<!ENTITY a "b">]><response status="success"><result/></response>',
            "<other/>", '<response status="maybe"/>', '<response status="error" code="13"><msg>busy</msg></response>',
        ):  # fmt: skip
            server.fault_always = lambda text=text: web.Response(text=text)
            with pytest.raises(ActionUnavailableError):
                await PANOS.run(call(ip=BAD), site)
        refused = f'<response status="error" code="17"><msg><line>Invalid {KEY}</line></msg></response>'
        server.fault_always = lambda: web.Response(text=refused)
        with pytest.raises(ActionRefusedError, match=r"17 Invalid \*\*\*"):
            await PANOS.run(call(ip=BAD), site)
        server.fault_always = None
        with pytest.raises(ActionRefusedError, match="is no tag"):
            await PANOS.run(call(ip=BAD), site_of(there={**server.connection, "tag": "<x/>"}))
        with pytest.raises(ActionRefusedError, match="vsys not found"):
            await PANOS.run(call(ip=BAD), site_of(there={**server.connection, "vsys": "vsys9"}))


# --- FortiGate ------------------------------------------------------------------------------------


async def test_the_object_says_whose_it_is() -> None:
    async with FortigateServer() as server:
        site = site_of(there={**server.connection, "vdom": "dmz"})
        await FORTIGATE.run(call(ip=BAD), site)
        made = server.objects["address"][f"siem-{BAD}_32"]
        assert made["comment"].startswith("siem-")
        assert made["comment"].endswith(" inc-1")
        assert server.groups["addrgrp"]["siem-blocked"] == ["none", f"siem-{BAD}_32"]


async def test_what_is_used_elsewhere_or_not_ours_is_kept() -> None:
    async with FortigateServer() as server:
        site, name = site_of(there=server.connection), f"siem-{BAD}_32"
        await FORTIGATE.run(call("one", ip=BAD), site)
        server.used.add(name)
        await FORTIGATE.undo(call("one", ip=BAD), site)
        assert server.groups["addrgrp"]["siem-blocked"] == ["none"]
        assert server.objects["address"][name]["comment"] == "kept: it is used elsewhere"
        assert await site.state.keys("undo/") == []
        await prove_containment(FORTIGATE, site, call("two", ip=BAD))
        assert name in server.objects["address"]


async def test_an_object_that_is_another_address_is_not_believed() -> None:
    async with FortigateServer() as server:
        site, name = site_of(there=server.connection), f"siem-{BAD}_32"
        other = {"name": name, "type": "ipmask", "subnet": "192.0.2.1 255.255.255.255", "comment": "x"}
        server.objects["address"][name] = other
        server.groups["addrgrp"]["siem-blocked"].append(name)
        before = server.state()
        with pytest.raises(ActionRefusedError, match="is another address"):
            await FORTIGATE.run(call(ip=BAD), site)
        assert not (await FORTIGATE.verify(call(ip=BAD), site)).in_force
        await FORTIGATE.undo(call(ip=BAD), site)
        assert server.state() == before


async def test_a_group_that_is_not_there_is_asked_for() -> None:
    async with FortigateServer() as server:
        site = site_of(there={**server.connection, "group": "drop"})
        with pytest.raises(ActionRefusedError, match="has no addrgrp drop: make it"):
            await FORTIGATE.run(call(ip=BAD), site)
        with pytest.raises(ActionRefusedError, match="can't be part of an address"):
            await FORTIGATE.run(call(ip=BAD), site_of(there={**server.connection, "group": ".."}))
