"""Windows' actions against a server that speaks WinRM: NTLM with encrypted messages, or TLS. Behind it is a model of
a host, so what the script does on Windows itself is not shown here; that it arrives whole, is."""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
import tree_sitter_powershell
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from pypsrp.complex_objects import PSInvocationState
from tree_sitter import Language, Parser

from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from integrations.reversal import Reversible
from integrations.windows import ACTIONS, CONNECTIONS
from integrations.windows.response import session, wire
from integrations.windows.response.addresses import covers, holds, others, ours
from integrations.windows.response.connection import host_of
from integrations.windows.response.session import PROGRAM
from tests.integrations.vendor_server import call, prove_containment, prove_faults, prove_hostile, site_of
from tests.integrations.windows_host import EVERYONE
from tests.integrations.winrm_server import DOMAIN, PASSWORD, USER, WinRmServer
from tests.workers.fakes import MemoryEvidence, MemoryState

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
ISOLATE, LOCK = BY_NAME["windows.isolate_host"], BY_NAME["windows.lock_computer"]
DISABLE, KILL = BY_NAME["windows.disable_user"], BY_NAME["windows.kill_process"]
TRIAGE = BY_NAME["windows.collect_triage"]
PC = {"host": "pc-7"}
WHAT: dict[str, dict[str, Any]] = {
    "windows.isolate_host": PC, "windows.lock_computer": PC, "windows.collect_triage": PC,
    "windows.disable_user": {**PC, "user": "alice"}, "windows.kill_process": {**PC, "pid": 4242, "name": "evil.exe"},
}  # fmt: skip


@pytest_asyncio.fixture
async def winrm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WinRmServer]:
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "users"))
    async with WinRmServer(tmp_path / "users") as server:
        yield server


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reversible, "patience", 0.05)
    monkeypatch.setattr(Reversible, "pause", 0.01)


@pytest.fixture
def site(winrm: WinRmServer) -> Site:
    return site_of(pcs=winrm.connection)


# --- isolation ----------------------------------------------------------------------------------------


async def test_a_host_is_isolated_and_let_back_as_it_was(winrm: WinRmServer, site: Site) -> None:
    host = winrm.host
    await prove_containment(ISOLATE, site, call(**PC))
    assert (host.rules, host.notes, host.task) == ({}, {}, False)
    assert host.profiles == {"Domain": "True", "Private": "False", "Public": "True"}
    assert (host.changes, winrm.plain, winrm.shells) == (2, 0, 0)


async def test_the_script_arrives_whole_and_the_request_as_a_value(winrm: WinRmServer, site: Site) -> None:
    await ISOLATE.run(replace(call(until=dt.datetime(2027, 1, 1, tzinfo=dt.UTC), **PC), lasts=3600.4), site)
    assert {script for script, _ in winrm.pipelines} == {PROGRAM}
    operations = [given["Operation"] for _, given in winrm.pipelines]
    assert operations == ["look_isolation", "isolate", "look_isolation"]
    asked = json.loads(winrm.pipelines[1][1]["Request"])
    assert asked["us"] == ["127.0.0.1", "192.0.2.5"]
    assert asked["others"][:2] == ["1.0.0.0-126.255.255.255", "128.0.0.0-192.0.2.4"]
    assert (asked["seconds"], asked["patience"], asked["program"]) == (3600, 7200, PROGRAM)


@pytest.mark.parametrize("added", [0, 1, 3])
async def test_an_isolation_that_was_half_applied_is_finished_or_taken_back(
    winrm: WinRmServer, site: Site, added: int
) -> None:
    what, host = call(**PC), winrm.host
    for _ in range(2):
        host.stop_after = added
        with pytest.raises(ActionUnavailableError, match="isolate failed: the firewall did not answer"):
            await ISOLATE.run(what, site)
        assert not (await ISOLATE.verify(what, site)).in_force
        await ISOLATE.undo(what, site)
        assert (host.rules, host.notes, host.task) == ({}, {}, False)
    with pytest.raises(ActionUnavailableError):
        await ISOLATE.run(what, site)
    host.stop_after = None
    await ISOLATE.run(what, site)
    assert ((await ISOLATE.verify(what, site)).in_force, len(host.rules)) == (True, 4)


async def test_what_a_host_lacks_is_not_called_isolated(winrm: WinRmServer, site: Site) -> None:
    what, host = call(**PC), winrm.host
    await ISOLATE.run(what, site)
    for lack, name, value, given_back in (
        ("service", "service", "Stopped", "Running"), ("profile Public", "profiles", {**host.profiles, "Public": "False"}, host.profiles),
        ("group policy", "closed", ["Domain"], []), ("give it back by itself", "task", False, True),
        ("rule others-in", "rules", {k: v for k, v in host.rules.items() if "others-in" not in k}, host.rules),
        ("rule others-out", "rules", {k: {**v, "addresses": ["1.0.0.0-9.255.255.255"] if "others-out" in k else v["addresses"]} for k, v in host.rules.items()}, host.rules),
        ("rule us-in", "rules", {k: {**v, "enabled": "False"} for k, v in host.rules.items()}, host.rules),
    ):  # fmt: skip
        setattr(host, name, value)
        seen = await ISOLATE.verify(what, site)
        assert not seen.in_force
        assert lack in seen.detail
        setattr(host, name, given_back)
    assert (await ISOLATE.verify(what, site)).in_force


async def test_an_isolation_that_would_not_hold_or_cuts_us_off_is_refused(
    winrm: WinRmServer, site: Site
) -> None:
    winrm.host.closed = ["Domain"]
    with pytest.raises(ActionRefusedError, match=r"no local firewall rules count \(Domain\)"):
        await ISOLATE.run(call(**PC), site)
    winrm.host.closed, winrm.host.peers = [], ["203.0.113.9"]
    with pytest.raises(ActionRefusedError, match=r"sees this system at 203\.0\.113\.9, which is not in"):
        await ISOLATE.run(call(**PC), site)
    for us, why in (
        (None, "us is missing"), (["0.0.0.0/0"], r"wider than /16"), (["2001:db8::1"], "not IPv4"), (["here"], "no address"),
    ):  # fmt: skip
        with pytest.raises(ActionRefusedError, match=why):
            await ISOLATE.run(call(**PC), site_of(pcs={**winrm.connection, "us": us}))
    assert winrm.host.changes == 0


async def test_a_host_that_lies_is_found_out(winrm: WinRmServer, site: Site) -> None:
    winrm.host.stubborn = True
    await ISOLATE.run(call(**PC), site)
    assert not (await ISOLATE.verify(call(**PC), site)).in_force


async def test_who_lost_us_is_given_back_by_the_host_and_each_look_puts_that_off(
    winrm: WinRmServer, site: Site
) -> None:
    what, host = call(**PC), winrm.host
    for action in (ISOLATE, LOCK):
        await action.run(what, site)
        for _ in range(3):
            host.now += 7000
            host.watch()
            assert (await action.verify(what, site)).in_force
        host.now += 7300
        host.watch()
        assert not (await action.verify(what, site)).in_force
        await action.undo(what, site)
        assert (host.rules, host.notes, host.task) == ({}, {}, False)


@pytest.mark.parametrize("wrong", [0, 86_400, -86_400])
async def test_the_end_is_told_to_the_host_and_moved(winrm: WinRmServer, site: Site, wrong: int) -> None:
    """By how long it is, so that it does not matter what the host's clock says."""
    host, end = winrm.host, dt.datetime.now(dt.UTC)
    host.now = int(end.timestamp()) + wrong
    for action in (ISOLATE, LOCK):
        await action.run(replace(call(until=end + dt.timedelta(hours=1), **PC), lasts=3600), site)
        assert host.notes["blk-0001"]["until"] == host.now + 3600
        await action.run(replace(call(until=end + dt.timedelta(days=1), **PC), lasts=86_400), site)
        assert host.notes["blk-0001"]["until"] == host.now + 86_400
        host.watch()
        assert (await action.verify(call(**PC), site)).in_force
        host.now += 86_400 + 700
        host.notes["blk-0001"]["contact"] = host.now
        host.watch()
        assert not (await action.verify(call(**PC), site)).in_force
        await action.undo(call(**PC), site)


async def test_a_changed_connection_does_not_keep_a_host_isolated(winrm: WinRmServer, site: Site) -> None:
    await ISOLATE.run(call(**PC), site)
    changed = site_of(pcs={**winrm.connection, "us": ["198.51.100.7"]})
    cast(MemoryState, changed.state).documents.update(cast(MemoryState, site.state).documents)
    await ISOLATE.undo(call(**PC), changed)
    assert (winrm.host.rules, cast(MemoryState, changed.state).documents) == ({}, {})


@settings(max_examples=40)
@given(
    st.lists(
        st.ip_addresses(v=4).filter(lambda one: 16_777_216 <= int(one) < 2**32 - 1), min_size=1, max_size=6
    )
)
def test_all_but_ours_is_blocked_and_ours_is_not(addresses: list[ipaddress.IPv4Address]) -> None:
    us = ours(addresses, "us")
    blocked = others(us)
    for address in addresses:
        own = address.is_loopback
        assert covers(blocked, [str(address)]) is False
        assert own or holds(us, str(address))
        for beside in (int(address) - 1, int(address) + 1):
            text = str(ipaddress.ip_address(beside))
            inside = holds(us, text) or text.startswith("127.") or text.startswith("0.")
            assert covers(blocked, [text]) is not inside
    assert covers(blocked, ["2001:db8::1"])


def test_addresses_are_read_as_windows_spells_them() -> None:
    assert covers(["Any"], others(["192.0.2.5"]))
    assert covers(["192.0.2.0/255.255.255.0"], ["192.0.2.5", "192.0.2.0-192.0.2.255"])
    assert covers(["192.0.2.9-192.0.2.20", "192.0.2.0-192.0.2.8"], ["192.0.2.3-192.0.2.19"])
    assert not covers(["192.0.2.0-192.0.2.8"], ["192.0.2.3-192.0.2.19"])
    assert not covers([], ["192.0.2.1"])
    assert holds(["192.0.2.0/24"], "::ffff:192.0.2.7")
    assert not holds(["192.0.2.0/24"], "fe80::1%eth0")


# --- lock ---------------------------------------------------------------------------------------------


async def test_a_host_is_locked_and_unlocked_as_it_was(winrm: WinRmServer, site: Site) -> None:
    await prove_containment(LOCK, site, call(**PC))
    assert winrm.host.rights == {"local": ["*S-1-5-32-546"], "remote": []}
    assert (winrm.host.active, winrm.host.task) == ([], False)


async def test_what_was_denied_before_stays_denied(winrm: WinRmServer, site: Site) -> None:
    host = winrm.host
    host.rights["remote"] = [EVERYONE]
    await LOCK.run(call(**PC), site)
    assert all(EVERYONE in held for held in host.rights.values())
    host.rights["local"].append("*S-1-5-21-9-9-9-1000")
    await LOCK.undo(call(**PC), site)
    assert host.rights == {"local": ["*S-1-5-32-546", "*S-1-5-21-9-9-9-1000"], "remote": [EVERYONE]}
    host.rights, host.active = {"local": [EVERYONE], "remote": [EVERYONE]}, []
    before = host.changes
    await LOCK.run(call(key="blk-0002", **PC), site)
    assert (await LOCK.verify(call(key="blk-0002", **PC), site)).in_force
    await LOCK.undo(call(key="blk-0002", **PC), site)
    assert host.changes == before


async def test_a_lock_that_leaves_somebody_working_is_none_and_is_taken_back(
    winrm: WinRmServer, site: Site
) -> None:
    winrm.host.stubborn = True
    with pytest.raises(ActionUnavailableError, match="a session can't be disconnected"):
        await LOCK.run(call(**PC), site)
    seen = await LOCK.verify(call(**PC), site)
    assert (seen.in_force, seen.detail) == (False, "pc-7 is not locked: 2 sessions are in use")
    await LOCK.undo(call(**PC), site)
    assert winrm.host.rights == {"local": ["*S-1-5-32-546"], "remote": []}


# --- accounts, processes, triage ------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["PC-7\\Alice", "o'hara"])
async def test_an_account_is_disabled_and_enabled(winrm: WinRmServer, site: Site, user: str) -> None:
    await prove_containment(DISABLE, site, call(user=user, **PC))
    assert winrm.host.accounts == {"alice": True, "bob": False, "o'hara": True}


async def test_whose_account_was_disabled_before_stays_disabled(winrm: WinRmServer, site: Site) -> None:
    await DISABLE.run(call(user="bob", **PC), site)
    await DISABLE.undo(call(user="bob", **PC), site)
    assert (winrm.host.accounts["bob"], winrm.host.changes) == (False, 0)
    with pytest.raises(ActionRefusedError, match="another place than this host"):
        await DISABLE.run(call(user="EXAMPLE\\alice", **PC), site)
    with pytest.raises(ActionRefusedError, match="no account of a Windows host"):
        await DISABLE.run(call(user="alice@example.com", **PC), site)
    assert await DISABLE.groups_of(call(user="alice", **PC), site) == ["Administrators", "Users"]
    names = await DISABLE.names_of(call(user="alice", **PC), site)
    assert names[0] == "alice"
    assert names[1].startswith("S-1-5-21-")


async def test_one_process_ends_and_another_under_its_number_is_left(winrm: WinRmServer, site: Site) -> None:
    what, host = call(**WHAT["windows.kill_process"]), winrm.host
    assert "runs C:\\Users\\alice\\evil.exe, in session 1" in (await KILL.blast_radius(what, site)).summary
    for _ in range(2):
        await KILL.run(what, site)
        assert (await KILL.verify(what, site)).in_force
    host.processes[4242] = {"name": "evil", "started": "999", "path": "C:\\new\\evil.exe"}
    assert (await KILL.verify(what, site)).in_force
    await KILL.run(what, site)
    assert (4242 in host.processes, host.changes) == (True, 1)
    for _ in range(2):
        await KILL.undo(what, site)
        assert cast(MemoryState, site.state).documents == {}
    assert not (await KILL.verify(what, site)).in_force


async def test_a_process_that_was_not_there_is_not_found_in_another(winrm: WinRmServer, site: Site) -> None:
    what, host = call(**{**WHAT["windows.kill_process"], "pid": 5000}), winrm.host
    await KILL.run(what, site)
    host.processes[5000] = {"name": "evil", "started": "5", "path": ""}
    assert (await KILL.verify(what, site)).in_force
    await KILL.run(what, site)
    assert 5000 in host.processes
    with pytest.raises(ActionRefusedError, match="under this number runs evil"):
        await KILL.run(call(key="blk-0002", pid=4242, name="chrome.exe", **PC), site)
    with pytest.raises(ActionRefusedError, match="carries Windows itself"):
        await KILL.run(call(key="blk-0003", pid=700, name="lsass.exe", **PC), site)
    host.stubborn = True
    await KILL.run(call(key="blk-0004", pid=4242, name="EVIL", **PC), site)
    assert not (await KILL.verify(call(key="blk-0004", pid=4242, name="EVIL", **PC), site)).in_force
    for pid in (0, 4, -1, True, 2**40):
        with pytest.raises(ActionRefusedError, match="no number of a process"):
            await KILL.run(call(pid=pid, name="evil.exe", **PC), site)


async def test_triage_is_sealed_once_and_says_what_lacks(winrm: WinRmServer) -> None:
    evidence = MemoryEvidence()
    site = site_of(pcs=winrm.connection)
    object.__setattr__(site, "evidence", evidence)
    winrm.host.broken_part = True
    found = await TRIAGE.run(call(**PC), site)
    assert (found["processes"], found["connections"], found["logons"], found["cut"]) == (
        1000,
        3,
        0,
        ["processes"],
    )
    assert found["missing"] == ["logons: the Security log can't be read"]
    records = await evidence.chain(found["chain"])
    assert all(one.digest() == one.hash for one in records)
    assert all(two.previous == one.hash for one, two in itertools.pairwise(records))
    assert (records[-2].hash, records[-1].kind) == (found["sha256"], "triage.sealed")
    assert sum(len(one.data.get("entries", ())) for one in records) == 1000 + 6 * 3
    assert await TRIAGE.run(call(**PC), site) == found
    assert len(winrm.pipelines) == 1


# --- the script -----------------------------------------------------------------------------------------


def test_the_script_is_powershell_and_calls_what_there_is() -> None:
    """By a grammar of PowerShell: there is no PowerShell here to run it."""
    tree = Parser(Language(tree_sitter_powershell.language())).parse(PROGRAM.encode())
    assert not tree.root_node.has_error
    called, made, nodes = set(), set(), [tree.root_node]
    while nodes:
        node = nodes.pop()
        nodes += node.children
        text = (node.text or b"").decode()
        if node.type == "command_name":
            called.add(text)
        if node.type == "function_name":
            made.add(text)
    assert made <= called, "a function that nobody calls"
    assert called - made == set(CMDLETS)
    assert "Invoke-Expression" not in PROGRAM
    assert PROGRAM.count("[scriptblock]::Create") == 1, "of its own text alone"


CMDLETS = (
    "Add-Type", "ConvertFrom-Json", "ConvertTo-Json", "Disable-LocalUser", "Enable-LocalUser", "ForEach-Object",
    "Get-ChildItem", "Get-CimInstance", "Get-Content", "Get-Date", "Get-FileHash", "Get-ItemProperty",
    "Get-LocalGroup", "Get-LocalUser", "Get-NetFirewallAddressFilter", "Get-NetFirewallProfile",
    "Get-NetFirewallRule", "Get-NetTCPConnection", "Get-Process", "Get-ScheduledTask", "Get-Service",
    "Get-WinEvent", "Join-Path", "New-Item", "New-ItemProperty", "New-NetFirewallRule", "New-Object",
    "New-ScheduledTaskAction", "New-ScheduledTaskPrincipal", "New-ScheduledTaskSettingsSet",
    "New-ScheduledTaskTrigger", "New-TimeSpan", "Out-Null", "Register-ScheduledTask", "Remove-Item",
    "Remove-NetFirewallRule", "Select-Object", "Set-Content", "Set-NetFirewallProfile", "Set-StrictMode",
    "Sort-Object", "Test-Path", "Unregister-ScheduledTask", "Where-Object",
)  # fmt: skip
"""Of Windows PowerShell 5.1 and its inbox modules NetSecurity, NetTCPIP, ScheduledTasks, LocalAccounts, CimCmdlets."""


# --- the way there --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(BY_NAME))
async def test_faults_and_hostile_values(winrm: WinRmServer, site: Site, name: str) -> None:
    object.__setattr__(site, "evidence", MemoryEvidence())
    action, what = BY_NAME[name], WHAT[name]
    more = {key: value for key, value in what.items() if key != "host"}
    await prove_hostile(action, site, winrm, "host", **more)
    assert winrm.requests == [], "no hostile name was even asked for"
    await prove_faults(action, site, call(**what), winrm)
    for text in (
        "",
        "[]",
        "{}",
        "null",
        "<x/>",
        '{"answer": 7}',
        '{"answer": {}}',
        '{"answer": {"rules": 3}}',
    ):
        winrm.says = text
        with pytest.raises(ActionUnavailableError):
            await action.run(call(**what), site)
    winrm.says = json.dumps({"refused": f"no, {PASSWORD}"})
    with pytest.raises(ActionRefusedError, match="pc-7: no, ") as caught:
        await action.run(call(**what), site)
    assert PASSWORD not in str(caught.value)
    assert (winrm.host.changes, winrm.shells) == (0, 0)


@pytest.mark.parametrize(
    ("name", "parameter"), [("windows.disable_user", "user"), ("windows.kill_process", "name")]
)
async def test_hostile_values_stay_values(winrm: WinRmServer, site: Site, name: str, parameter: str) -> None:
    others_of = {key: value for key, value in WHAT[name].items() if key != parameter}
    await prove_hostile(BY_NAME[name], site, winrm, parameter, **others_of)
    for value in ("'; Stop-Computer; '", "$(Stop-Computer)", "alice'\n}", "\u2018; x", "`$x", "é" * 15):
        with pytest.raises(ActionError):
            await BY_NAME[name].run(call(until=None, **{parameter: value}, **others_of), site)
    assert {script for script, _ in winrm.pipelines} <= {PROGRAM}
    assert winrm.host.changes == 0


async def test_faults_of_ws_management_and_powershell_are_told_apart(winrm: WinRmServer, site: Site) -> None:
    winrm.polls = 2
    assert (await DISABLE.verify(call(user="alice", **PC), site)).in_force is False
    winrm.state = PSInvocationState.FAILED
    with pytest.raises(ActionRefusedError, match="PowerShell did not run the script"):
        await ISOLATE.run(call(**PC), site)
    winrm.fault = (5, "Access is denied.")
    with pytest.raises(ActionRefusedError, match=r"siem is no administrator there"):
        await ISOLATE.run(call(**PC), site)
    winrm.fault = (2150859174, "too many shells")
    with pytest.raises(ActionUnavailableError, match="too many shells"):
        await ISOLATE.run(call(**PC), site)
    assert winrm.host.changes == 0


async def test_slow_away_large_and_pointing_elsewhere(
    winrm: WinRmServer, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = call(user="alice", **PC)
    gone = site_of(pcs={**winrm.connection, "hosts": {"pc-7": "127.0.0.1:1"}})
    with pytest.raises(ActionUnavailableError, match="no answer: ConnectionError"):
        await DISABLE.run(what, gone)
    winrm.fault_always = lambda: web.Response(status=302, headers={"Location": "http://192.0.2.1/"})
    with pytest.raises(ActionRefusedError, match="points elsewhere"):
        await DISABLE.run(what, site)
    monkeypatch.setattr(wire, "LARGEST", 1000)
    winrm.fault_always = lambda: web.Response(text="x" * 2000)
    with pytest.raises(ActionRefusedError, match="it sent an answer of 2000 bytes"):
        await DISABLE.run(what, site)
    monkeypatch.undo()
    monkeypatch.setenv("NTLM_USER_FILE", str(winrm.users))
    winrm.fault_always, winrm.polls = None, 1_000_000
    with pytest.raises(ActionUnavailableError, match="look_account takes too long"):
        await session.ask(host_of(site, "pc-7"), "look_account", within=0.2, name="alice", place="")
    assert winrm.host.changes == 0


async def test_negotiate_finds_ntlm_and_kerberos_is_never_replaced_by_it(winrm: WinRmServer) -> None:
    what = call(user="alice", **PC)
    assert not (await DISABLE.verify(what, site_of(pcs={**winrm.connection, "auth": "negotiate"}))).in_force
    asked = len(winrm.pipelines)
    with pytest.raises(ActionRefusedError, match=r"pypsrp\[kerberos\]|no proof of who we are by kerberos"):
        await DISABLE.verify(what, site_of(pcs={**winrm.connection, "auth": "kerberos"}))
    assert (len(winrm.pipelines), winrm.plain) == (asked, 0)


async def test_a_wrong_password_is_final_and_not_shown(winrm: WinRmServer) -> None:
    wrong = site_of(pcs={**winrm.connection, "password": "another-password"})
    with pytest.raises(ActionRefusedError, match=r"it refuses EXAMPLE\\siem \(401\), by ntlm") as caught:
        await ISOLATE.run(call(**PC), wrong)
    assert "another-password" not in str(caught.value)
    assert winrm.pipelines == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"auth": "basic"}, "shows the password to the network"),
        ({"auth": "digest"}, "auth one of negotiate"),
        ({"tls": "no"}, "tls is true or false"),
        ({"hosts": []}, "lists no hosts"),
        ({"hosts": {"pc-8": "192.0.2.1"}}, "lists the host 'pc-7'"),
        ({"hosts": {"pc-7": "169.254.169.254"}}, "a metadata service"),
        ({"hosts": {"pc-7": "224.0.0.1"}}, "no address of a server"),
        ({"hosts": {"pc-7": "127.0.0.1:99999"}}, "no port from 1"),
        ({"hosts": {"pc-7.example.com": "192.0.2.1", "pc-7.example.org": "192.0.2.2"}}, "pc-7 is several hosts"),
        ({"user": None}, "has no user"),
        ({"lost_after": 60}, "lost_after is 7200 seconds or more"),
    ],
)  # fmt: skip
async def test_a_connection_that_is_not_whole_does_nothing(
    winrm: WinRmServer, change: dict[str, Any], why: str
) -> None:
    with pytest.raises(ActionRefusedError, match=why):
        await LOCK.run(call(**PC), site_of(pcs={**winrm.connection, **change}))
    assert winrm.host.changes == 0


async def test_hosts_are_found_by_name_address_and_pattern(winrm: WinRmServer) -> None:
    where = f"127.0.0.1:{winrm.port}"
    site = site_of(pcs={**winrm.connection, "hosts": {"pc-7.example.com": where, "db-*": where}})
    for host in ("pc-7", "PC-7.example.com.", "127.0.0.1"):
        assert not (await LOCK.verify(call(host=host), site)).in_force
    with pytest.raises(ActionRefusedError, match="lists the host 'pc-8'"):
        await LOCK.verify(call(host="pc-8"), site)


async def test_basic_goes_over_tls_alone_and_only_to_whom_we_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "users"))
    async with WinRmServer(tmp_path / "users", context) as server:
        await server.start_tls()
        over = {
            **server.connection, "user": USER, "tls": True, "auth": "basic", "ca": str(certificate),
            "hosts": {"pc-7": f"localhost:{server.tls_port}"},
        }  # fmt: skip
        await prove_containment(DISABLE, site_of(pcs=over), call(user="alice", **PC))
        stranger = {key: value for key, value in over.items() if key != "ca"}
        with pytest.raises(ActionRefusedError, match="its certificate is not trusted"):
            await DISABLE.run(call(user="alice", **PC), site_of(pcs=stranger))
        with pytest.raises(ActionRefusedError, match=r"it refuses siem \(401\), by basic"):
            await DISABLE.run(call(user="alice", **PC), site_of(pcs={**over, "password": "wrong"}))
        ntlm = {**over, "auth": "ntlm", "user": f"{DOMAIN}\\{USER}"}
        with pytest.raises(ActionRefusedError):
            await DISABLE.run(call(user="alice", **PC), site_of(pcs=ntlm))


async def test_the_connection_says_who_we_are_there(winrm: WinRmServer, site: Site) -> None:
    test = CONNECTIONS[0].test
    assert test is not None
    assert await test(site, "pcs") == "pc-7: EXAMPLE\\siem, an administrator (Windows 11 10.0.26100)"
    patterns = site_of(pcs={**winrm.connection, "hosts": ["*.example.com"]})
    assert "patterns only" in await test(patterns, "pcs")


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / "tls.pem", folder / "tls.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths
