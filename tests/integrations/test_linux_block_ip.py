"""``linux.block_ip`` on real hosts: sshd, nftables, and packets that arrive or don't."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import asyncssh
import pytest

from bot.demo.network import ATTACKER, BYSTANDER, Network
from integrations.contract import (
    ActionError,
    ActionRefusedError,
    ActionUnavailableError,
    MarksUnreadError,
)
from integrations.linux import ACTIONS
from integrations.linux.response import session, single
from integrations.linux.response.connection import host_of
from integrations.linux.response.session import close_sessions
from tests.integrations.linux_hosts import (
    BY_NAME,
    busy,
    call,
    cut_off,
    is_alive,
    login,
    lying,
    pings,
    prove,
    site_for,
)
from tests.integrations.vendor_server import site_of
from tests.workers.fakes import MemoryState, WallClock

pytestmark = pytest.mark.engine
BLOCK = BY_NAME["linux.block_ip"]
PASSWORD = "Summer2026!"


@pytest.fixture(autouse=True)
def untouched(hosts: Network) -> Iterator[None]:
    """After each test every rule of every host is what it was before."""
    before = {name: host.rules() for name, host in hosts.servers.items()}
    yield
    assert {name: host.rules() for name, host in hosts.servers.items()} == before


async def test_a_block_ends_the_session_drops_packets_and_hits_nobody_else(hosts: Network) -> None:
    web, attacker, bystander = (hosts.hosts[name] for name in ("web-1", "attacker", "bystander"))
    site = site_for(hosts)
    what = call(ip=ATTACKER, until=WallClock().now() + timedelta(hours=1))
    assert pings(attacker, web.address)
    async with login(attacker, web, "deploy", PASSWORD) as open_one:
        assert await is_alive(open_one, 10)
        assert "web-1 (1)" in (await BLOCK.blast_radius(what, site)).summary
        assert await BLOCK.run(what, site) == {"hosts": 4, "without": []}
        assert not await is_alive(open_one)
    assert not pings(attacker, web.address)
    assert pings(bystander, web.address)
    assert pings(web, hosts.hosts["db-1"].address)
    seen = await BLOCK.verify(what, site)
    assert seen.in_force
    assert "4 of 4 hosts (db-1, files-1, gateway, web-1)" in seen.detail
    assert " 0 packets" not in seen.detail
    await BLOCK.undo(what, site)
    assert pings(attacker, web.address)
    assert not cast(MemoryState, site.state).documents


@pytest.mark.parametrize("ip", [ATTACKER, "203.0.113.128/25", "2001:db8::7", "2001:db8:1::/64"])
async def test_apply_and_undo_twice(hosts: Network, ip: str) -> None:
    await prove(BLOCK, site_for(hosts), call(ip=ip, until=WallClock().now() + timedelta(minutes=5)))


async def test_the_same_block_at_once_is_one(hosts: Network) -> None:
    site, what = site_for(hosts), call(ip=ATTACKER, hosts=["web-1"])
    await asyncio.gather(*(BLOCK.run(what, site) for _ in range(5)))
    listed = hosts.hosts["web-1"].run("nft", "list", "set", "inet", "siem", "blocked4")
    assert listed.count(ATTACKER) == 1
    await BLOCK.undo(what, site)


async def test_the_kernel_ends_it_by_itself(hosts: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single, "MARGIN", 0.0)
    site, web = site_for(hosts), hosts.hosts["web-1"]
    await BLOCK.run(call(ip=ATTACKER, hosts=["web-1"], until=WallClock().now() + timedelta(seconds=2)), site)
    for _ in range(60):
        seen = await BLOCK.verify(call(ip=ATTACKER, hosts=["web-1"]), site)
        if not seen.in_force:
            break
        await asyncio.sleep(0.1)
    assert "it is not in the set" in seen.detail
    assert pings(hosts.hosts["attacker"], web.address)
    await BLOCK.undo(call(ip=ATTACKER, hosts=["web-1"]), site)


async def test_a_later_end_and_none_reach_the_kernel(hosts: Network) -> None:
    site, web, now = site_for(hosts), hosts.hosts["web-1"], WallClock().now()
    for until, words in (
        (now + timedelta(minutes=10), "timeout 10m"), (now + timedelta(hours=2), "timeout 2h"), (None, ""),
    ):  # fmt: skip
        await BLOCK.run(call(ip=ATTACKER, hosts=["web-1"], until=until), site)
        listed = web.run("nft", "list", "set", "inet", "siem", "blocked4")
        assert words in listed
        assert ("timeout 1" in listed or "timeout 2" in listed) is bool(words)
    await BLOCK.undo(call(ip=ATTACKER, hosts=["web-1"]), site)


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=1)])
async def test_a_clock_that_jumps_changes_no_end(hosts: Network, jump: timedelta) -> None:
    now = WallClock().now()
    site, what = site_for(hosts), call(ip=ATTACKER, hosts=["web-1"], until=now + timedelta(minutes=10))

    class Jumped:
        def now(self) -> datetime:
            return now + jump

    await BLOCK.run(replace(what, lasts=570.0), replace(site, clock=Jumped()))
    assert "timeout 10m" in hosts.hosts["web-1"].run("nft", "list", "set", "inet", "siem", "blocked4")
    await BLOCK.undo(what, site)


async def test_what_carries_another_mark_stays(hosts: Network) -> None:
    site = site_for(hosts)
    ours, theirs = (
        call("blk-ours", ip=ATTACKER, hosts=["web-1"]),
        call("blk-theirs", ip=ATTACKER, hosts=["web-1"]),
    )
    await BLOCK.run(theirs, site)
    await BLOCK.undo(ours, site)
    assert (await BLOCK.verify(theirs, site)).in_force
    assert not (await BLOCK.verify(ours, site)).in_force
    assert [mark.key for mark in await BLOCK.marks(site)] == ["blk-theirs"]
    await BLOCK.undo(theirs, site)


async def test_half_applied_is_not_in_force_and_is_lifted_where_it_is(hosts: Network) -> None:
    site, what = site_for(hosts), call(ip=ATTACKER)
    with cut_off(hosts.hosts["db-1"]):
        with pytest.raises(ActionUnavailableError, match="on 3 of 4 hosts; db-1: no answer"):
            await BLOCK.run(what, site)
        with pytest.raises(ActionUnavailableError, match="db-1"):
            await BLOCK.verify(what, site)
        await BLOCK.undo(what, site)  # nothing of it can be on db-1, which never answered
        assert not (await BLOCK.verify(what, site)).in_force


async def test_without_those_that_do_not_answer_if_the_playbook_says_so(hosts: Network) -> None:
    site, what = site_for(hosts), call(ip=ATTACKER, need="reachable")
    with cut_off(hosts.hosts["db-1"]):
        assert await BLOCK.run(what, site) == {"hosts": 3, "without": ["db-1"]}
        seen = await BLOCK.verify(what, site)
        assert seen.in_force
        assert "no answer from db-1" in seen.detail
    seen = await BLOCK.verify(what, site)
    assert not seen.in_force
    assert "not on db-1: it is not in the set" in seen.detail
    assert await BLOCK.run(what, site) == {"hosts": 4, "without": []}  # as the repair of a drift does
    assert (await BLOCK.verify(what, site)).in_force
    await BLOCK.undo(what, site)


async def test_a_host_that_is_away_at_the_undo_is_not_forgotten(hosts: Network) -> None:
    site, what = site_for(hosts), call(ip=ATTACKER)
    await BLOCK.run(what, site)
    with cut_off(hosts.hosts["db-1"]):
        with pytest.raises(ActionUnavailableError, match="not lifted on db-1"):
            await BLOCK.undo(what, site)
        with pytest.raises(ActionUnavailableError, match="db-1"):
            await BLOCK.verify(what, site)
        with pytest.raises(MarksUnreadError, match="db-1"):
            await BLOCK.marks(site)
    assert "dropped on db-1" in (await BLOCK.verify(what, site)).detail
    await BLOCK.undo(what, site)
    assert not (await BLOCK.verify(what, site)).in_force


async def test_what_is_there_is_found_without_any_memory(hosts: Network) -> None:
    await BLOCK.run(call(ip=ATTACKER), site_for(hosts))
    empty = site_for(hosts)
    with cut_off(hosts.hosts["db-1"]), pytest.raises(MarksUnreadError) as caught:
        await BLOCK.marks(empty)
    assert len(caught.value.marks) == 3
    marks = await BLOCK.marks(empty)
    assert {mark.params["hosts"][0] for mark in marks} == set(hosts.servers)
    for mark in marks:
        await BLOCK.undo(call(mark.key, **mark.params), empty)
    assert not await BLOCK.marks(empty)


async def test_a_site_without_linux_hosts_has_nothing_in_force() -> None:
    site = site_of()
    for action in ACTIONS:
        if hasattr(action, "marks"):
            assert list(await action.marks(site)) == []
    with pytest.raises(ActionRefusedError, match="connections setup ssh"):
        await BLOCK.run(call(ip=ATTACKER), site)


async def test_who_gives_up_waiting_leaves_no_answer_to_the_next(hosts: Network) -> None:
    host = host_of(site_for(hosts), "web-1")
    await session.ask(host, "marks_blocked")
    with busy(hosts.hosts["web-1"]):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await session.ask(host, "marks_blocked")
        assert await session.ask(host, "sessions", ip=ATTACKER) == {"open": 0}


async def test_what_a_slow_host_did_not_do_in_time_it_does_not_do_later(hosts: Network) -> None:
    """The request waits on the host, we give up: it must not block when the undo is long done."""
    site, web, what = site_for(hosts), hosts.hosts["web-1"], call(ip=ATTACKER, hosts=["web-1"])
    host = host_of(site, "web-1")
    await session.ask(host, "marks_blocked")
    with busy(web):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await BLOCK.run(what, site)
        await asyncio.sleep(0.2)
    for _ in range(10):
        assert ATTACKER not in web.rules()
        await asyncio.sleep(0.05)
    await BLOCK.undo(what, site)
    async with session.opened(host) as own:  # who does not go away, but waits no longer than he said
        with busy(web):
            late = {"do": "block", "within": 0.1, "key": "blk-late", "ip": ATTACKER}
            own._process.stdin.write(json.dumps(late).encode() + b"\n")
            await asyncio.sleep(0.5)
        assert b"given up waiting" in await own._line()


async def test_a_slow_firewall_is_worth_a_retry(hosts: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    close_sessions()
    hasty = session.text().replace("SECONDS = 8", "SECONDS = 0.5")
    monkeypatch.setattr(session, "text", lambda: hasty)
    site, web, what = site_for(hosts), hosts.hosts["web-1"], call(ip=ATTACKER, hosts=["web-1"])
    web.run("tee", "/usr/local/sbin/nft", given='#!/bin/sh\nsleep 2\nexec /usr/sbin/nft "$@"\n')
    web.run("chmod", "755", "/usr/local/sbin/nft")
    try:
        with pytest.raises(ActionUnavailableError, match="nft took longer"):
            await BLOCK.run(what, site)
    finally:
        web.run("rm", "/usr/local/sbin/nft")
    await BLOCK.run(what, site)
    assert (await BLOCK.verify(what, site)).in_force
    await BLOCK.undo(what, site)
    close_sessions()


async def test_a_host_that_lies_is_not_believed(hosts: Network) -> None:
    site, what = site_for(hosts), call(ip=ATTACKER)
    with lying(hosts.hosts["db-1"]):
        await BLOCK.run(what, site)
        seen = await BLOCK.verify(what, site)
        assert not seen.in_force
        assert "not on db-1" in seen.detail
    await BLOCK.undo(what, site)


async def test_a_rule_taken_out_by_hand_shows_and_is_put_back(hosts: Network) -> None:
    site, what, web = site_for(hosts), call(ip=ATTACKER), hosts.hosts["web-1"]
    await BLOCK.run(what, site)
    web.run("nft", "flush", "chain", "inet", "siem", "input")
    seen = await BLOCK.verify(what, site)
    assert not seen.in_force
    assert "web-1: the rules that drop it are not whole" in seen.detail
    await BLOCK.run(what, site)
    assert (await BLOCK.verify(what, site)).in_force
    await BLOCK.undo(what, site)


async def test_two_blocks_are_lifted_one_by_one(hosts: Network) -> None:
    site = site_for(hosts)
    one, other = call("blk-1", ip=ATTACKER), call("blk-2", ip=BYSTANDER)
    await BLOCK.run(one, site)
    await BLOCK.run(other, site)
    await BLOCK.undo(one, site)
    assert (await BLOCK.verify(other, site)).in_force
    assert pings(hosts.hosts["attacker"], hosts.hosts["web-1"].address)
    assert not pings(hosts.hosts["bystander"], hosts.hosts["web-1"].address)
    await BLOCK.undo(other, site)


NOT_ADDRESSES = (
    "203.0.113.7; reboot", "203.0.113.7\n", "$(touch /tmp/broken)", "`id`", "0.0.0.0/0", "::/0", "127.0.0.1",
    "::ffff:203.0.113.7", "0313.0.0161.7", "3405803783", "203.0.113.7 } ; flush ruleset ; {", "fe80::1%eth0",
    "'", '"', "203.0.113.7/33", "x" * 10_000, "", "203.0.113.7 comment \"siem:x\"", "203.0.113.0/24,10.0.0.0/8",
)  # fmt: skip
NOT_HOSTS = (
    "web-1;id", "$(touch /tmp/broken)", "web-1\nProxyCommand id", "../web-1", "-oProxyCommand=id", "web-2", "*",
    "198.51.100.1", "", "web-1 ", "x" * 10_000, "wéb-1", "web-1\x00",
)  # fmt: skip


async def test_hostile_parameters_do_nothing(hosts: Network) -> None:
    site = site_for(hosts)
    for ip in NOT_ADDRESSES:
        with pytest.raises(ActionRefusedError):
            await BLOCK.run(call(ip=ip, hosts=["web-1"]), site)
    for name in NOT_HOSTS:
        if name.strip() != "web-1":
            with pytest.raises(ActionRefusedError):
                await BLOCK.run(call(ip=ATTACKER, hosts=[name]), site)
    with pytest.raises(ActionRefusedError, match="the key is none of ours"):
        await BLOCK.run(call('x" } ; flush ruleset', ip=ATTACKER, hosts=["web-1"]), site)
    assert hosts.hosts["web-1"].run("ls", "/tmp").strip() == ""


async def test_what_a_host_lives_by_is_not_blocked(hosts: Network) -> None:
    site, web = site_for(hosts), hosts.hosts["web-1"]
    for ip, words in (
        (hosts.us, "this system comes from"), (web.address, "own address"), ("192.0.2.53", "name server"),
        (hosts.hosts["gateway"].address, "gateway"), (f"{hosts.prefix}.0/24", "holds"),
    ):  # fmt: skip
        with pytest.raises(ActionRefusedError, match=words):
            await BLOCK.run(call(ip=ip, hosts=["web-1"]), site)


async def test_only_known_hosts_with_their_known_key(hosts: Network) -> None:
    close_sessions()
    listed = hosts.known_hosts.read_text().splitlines()
    web = hosts.hosts["web-1"].address
    of_another = next(line for line in listed if "db-1," in line).split(maxsplit=1)[1]
    nothing = "\n".join(line for line in listed if "web-1," not in line)
    what = call(ip=ATTACKER, hosts=["web-1"])
    for known in (f"web-1,{web} {of_another}", nothing, "# none"):
        with pytest.raises(ActionRefusedError, match="not the one that connection 'servers' knows"):
            await BLOCK.run(what, site_for(hosts, known_hosts=known))
    with pytest.raises(ActionRefusedError, match="no known_hosts"):
        await BLOCK.run(what, site_for(hosts, known_hosts=""))
    with pytest.raises(ActionRefusedError, match="can't be read") as caught:
        await BLOCK.run(what, site_for(hosts, key="-----BEGIN nonsense-----"))
    assert "nonsense" not in str(caught.value)


async def test_a_key_that_the_host_does_not_take_is_final(hosts: Network) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    with pytest.raises(ActionRefusedError, match="does not take the key"):
        await BLOCK.run(call(ip=ATTACKER, hosts=["web-1"]), site_for(hosts, key=other))


async def test_hosts_by_pattern_and_by_short_name(hosts: Network) -> None:
    web = hosts.hosts["web-1"].address
    known = hosts.known_hosts.read_text().replace("web-1,", "web-1.example.com,")
    site = site_for(hosts, hosts={"web-1.example.com": web}, known_hosts=known)
    for name in ("web-1", "WEB-1.example.com.", web):
        what = call(ip=ATTACKER, hosts=[name])
        await BLOCK.run(what, site)
        assert (await BLOCK.verify(what, site)).in_force
        await BLOCK.undo(what, site)
    patterned = site_for(hosts, hosts=[f"{hosts.prefix}.1?"])
    await BLOCK.run(call(ip=ATTACKER, hosts=[web]), patterned)
    await BLOCK.undo(call(ip=ATTACKER, hosts=[web]), patterned)
    with pytest.raises(ActionRefusedError, match="no connection of kind ssh lists"):
        await BLOCK.run(call(ip=ATTACKER, hosts=[hosts.hosts["db-1"].address]), patterned)
    with pytest.raises(ActionRefusedError, match="say which hosts"):
        await BLOCK.run(call(ip=ATTACKER), patterned)


async def test_a_host_that_answers_nonsense_or_nothing_is_away(
    hosts: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_sessions()
    site, what = site_for(hosts), call(ip=ATTACKER, hosts=["web-1"])
    answers: dict[str, Any] = {
        'print(\'{"siem": "x", "protocol": 1, "root": true}\'); input(); print(\'[1]\')': ActionUnavailableError,
        'print(\'{"siem": "x", "protocol": 1, "root": true}\'); input()': ActionUnavailableError,
        'print(\'{"siem": "x", "protocol": 9, "root": true}\')': ActionRefusedError,
        'print(\'{"siem": "x", "protocol": 1, "root": false}\')': ActionRefusedError,
        "raise SystemExit('no such thing')": ActionRefusedError,
    }
    for program, kind in answers.items():
        monkeypatch.setattr(session, "text", lambda program=program: program)
        with pytest.raises(ActionError) as caught:
            await BLOCK.run(what, site)
        assert type(caught.value) is kind, caught.value
        close_sessions()
