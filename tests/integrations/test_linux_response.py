"""Hosts isolated and locked, accounts disabled, processes killed, files quarantined: on real hosts, and back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import cast

import asyncssh
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from bot.cli import app
from bot.demo.network import Host, Network
from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.linux.program import INSTALLED, sources, text, version
from integrations.linux.response import SSH, session, single
from integrations.linux.response.session import close_sessions
from rules.evidence import faults
from tests.integrations.linux_hosts import (
    BY_NAME,
    call,
    cut_off,
    is_alive,
    login,
    lying,
    may_login,
    pings,
    prove,
    site_for,
)
from tests.integrations.vendor_server import HOSTILE
from tests.workers.fakes import MemoryEvidence, WallClock

pytestmark = pytest.mark.engine
ISOLATE, LOCK, DISABLE = (
    BY_NAME[f"linux.{name}"] for name in ("isolate_host", "lock_computer", "disable_user")
)
KILL, QUARANTINE, TRIAGE = (
    BY_NAME[f"linux.{name}"] for name in ("kill_process", "quarantine_file", "collect_triage")
)
ALICE = "correct horse"


@pytest.fixture(autouse=True)
def untouched(hosts: Network) -> Iterator[None]:
    """After each test rules, accounts and our own folders are what they were before."""

    def seen() -> dict[str, str]:
        return {
            name: host.rules()
            + host.run("sh", "-c", "cat /etc/shadow; ls -A /var/lib/siem /etc/nologin 2>&1; ls -A /tmp")
            for name, host in hosts.servers.items()
        }

    before = seen()
    yield
    assert seen() == before


async def until(look: Callable[[], bool], seconds: float = 10.0) -> None:
    for _ in range(int(seconds * 20)):
        if await asyncio.to_thread(look):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come")


# --- isolation ------------------------------------------------------------------------------------


async def test_an_isolated_host_is_reached_by_us_alone(hosts: Network) -> None:
    web, db, bystander = (hosts.hosts[name] for name in ("web-1", "db-1", "bystander"))
    site, what = site_for(hosts), call(host="web-1", until=WallClock().now() + timedelta(hours=1))
    async with login(bystander, web, "alice", ALICE) as theirs:
        await ISOLATE.run(what, site)
        assert not await is_alive(theirs)
    assert not pings(bystander, web.address)
    assert not pings(web, db.address)
    assert pings(web, hosts.us)
    close_sessions()  # a new connection of ours gets through as well
    seen = await ISOLATE.verify(what, site)
    assert seen.in_force, seen.detail
    assert hosts.us in seen.detail
    await ISOLATE.undo(what, site)
    assert pings(bystander, web.address)
    assert pings(web, db.address)


async def test_isolate_and_release_twice(hosts: Network) -> None:
    await prove(ISOLATE, site_for(hosts), call(host="web-1"))


async def test_another_isolation_stays(hosts: Network) -> None:
    site = site_for(hosts)
    await ISOLATE.run(call("blk-a", host="web-1"), site)
    with pytest.raises(ActionRefusedError, match="another mark"):
        await ISOLATE.run(call("blk-b", host="web-1"), site)
    await ISOLATE.undo(call("blk-b", host="web-1"), site)
    assert (await ISOLATE.verify(call("blk-a", host="web-1"), site)).in_force
    assert [mark.key for mark in await ISOLATE.marks(site)] == ["blk-a"]
    await ISOLATE.undo(call("blk-a", host="web-1"), site)


@pytest_asyncio.fixture
async def hasty(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Hosts wait three seconds for us, not a minute."""
    close_sessions()
    hasty = text().replace("FIRST = 60", "FIRST = 3")
    assert hasty != text()
    monkeypatch.setattr(session, "text", lambda: hasty)
    yield
    close_sessions()


@pytest.mark.usefixtures("hasty")
async def test_a_host_that_nobody_confirms_comes_back_by_itself(hosts: Network) -> None:
    web, bystander, site = hosts.hosts["web-1"], hosts.hosts["bystander"], site_for(hosts)
    await ISOLATE.run(call(host="web-1"), site)
    close_sessions()  # with the connection all that hung on it ends, but for the watcher
    assert not pings(bystander, web.address)
    await until(lambda: "siem" not in web.rules())
    assert pings(bystander, web.address)
    seen = await ISOLATE.verify(call(host="web-1"), site)
    assert not seen.in_force
    await ISOLATE.undo(call(host="web-1"), site)


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


@pytest.mark.usefixtures("hasty")
async def test_where_this_system_moved_the_host_comes_back_and_is_isolated_anew(hosts: Network) -> None:
    """It is at another address by now, which the isolated host does not let through."""
    web, site, what = hosts.hosts["web-1"], site_for(hosts), call(host="web-1", revert_after=60)
    route = json.loads(ip("-j", "route", "get", web.address))[0]
    moved, device = f"{hosts.prefix}.77", str(route["dev"])
    await ISOLATE.run(what, site)
    close_sessions()
    ip("address", "add", f"{moved}/24", "dev", device)
    ip("route", "add", f"{web.address}/32", "dev", device, "src", moved)
    try:
        assert "siem_isolation" in web.rules()
        seen = await ISOLATE.verify(what, site)  # it gets through once the host came back
        assert "siem" not in web.rules()
        assert (seen.in_force, "no rules that isolate it" in seen.detail) == (False, True)
        await ISOLATE.run(what, site)  # as the workflow does where the hourly look found that
        seen = await ISOLATE.verify(what, site)
        assert seen.in_force
        assert moved in seen.detail
        assert hosts.us not in seen.detail
        await ISOLATE.undo(what, site)
    finally:
        close_sessions()
        ip("route", "del", f"{web.address}/32", "dev", device)
        ip("address", "del", f"{moved}/24", "dev", device)


@pytest.mark.usefixtures("hasty")
async def test_as_long_as_we_look_the_host_stays_isolated(hosts: Network) -> None:
    web, site, what = hosts.hosts["web-1"], site_for(hosts), call(host="web-1", revert_after=4)
    await ISOLATE.run(what, site)
    for _ in range(10):
        await asyncio.sleep(0.5)
        assert (await ISOLATE.verify(what, site)).in_force
    await ISOLATE.undo(what, site)
    await ISOLATE.run(what, site)  # while the first watcher may still be about to end
    await until(lambda: "siem" not in web.rules())
    await ISOLATE.undo(what, site)


async def test_an_isolation_ends_at_its_time_without_us(
    hosts: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single, "MARGIN", 0.0)
    web, site = hosts.hosts["web-1"], site_for(hosts)
    what = call(host="web-1", until=WallClock().now() + timedelta(seconds=4))
    await ISOLATE.run(what, site)
    assert (await ISOLATE.verify(what, site)).in_force
    await until(lambda: "siem" not in web.rules())
    await ISOLATE.undo(what, site)


async def test_rules_of_an_isolation_that_were_changed_show(hosts: Network) -> None:
    web, site, what = hosts.hosts["web-1"], site_for(hosts), call(host="web-1")
    await ISOLATE.run(what, site)
    web.run("nft", "insert", "rule", "inet", "siem_isolation", "output", "accept")
    seen = await ISOLATE.verify(what, site)
    assert not seen.in_force
    assert "not whole" in seen.detail
    await ISOLATE.run(what, site)
    assert (await ISOLATE.verify(what, site)).in_force
    await ISOLATE.undo(what, site)


# --- locks and accounts ---------------------------------------------------------------------------


async def test_a_locked_computer_takes_nobody_but_us(hosts: Network) -> None:
    web, bystander, site, what = (
        hosts.hosts["web-1"],
        hosts.hosts["bystander"],
        site_for(hosts),
        call(host="web-1"),
    )
    async with login(bystander, web, "alice", ALICE) as theirs:
        assert await is_alive(theirs, 10)
        await LOCK.run(what, site)
        assert not await is_alive(theirs)
    assert not await may_login(bystander, web, "alice", ALICE)
    close_sessions()
    assert (await LOCK.verify(what, site)).in_force
    await LOCK.undo(what, site)
    assert await may_login(bystander, web, "alice", ALICE)


async def test_lock_and_unlock_twice_leave_an_older_notice(hosts: Network) -> None:
    web, site = hosts.hosts["web-1"], site_for(hosts)
    web.run("tee", "/etc/nologin", given="Maintenance until noon.\n")
    web.run("chmod", "600", "/etc/nologin")
    try:
        await prove(LOCK, site, call(host="web-1"))
        assert web.run("cat", "/etc/nologin") == "Maintenance until noon.\n"
        assert web.run("stat", "-c", "%a", "/etc/nologin") == "600\n"
    finally:
        web.run("rm", "/etc/nologin")


async def test_a_disabled_user_is_out_and_comes_back_as_before(hosts: Network) -> None:
    web, bystander = hosts.hosts["web-1"], hosts.hosts["bystander"]
    site, what = site_for(hosts), call(host="web-1", user="alice")
    key = asyncssh.generate_private_key("ssh-ed25519")
    web.run("install", "-d", "-o", "alice", "-m", "700", "/home/alice/.ssh")
    web.run("tee", "/home/alice/.ssh/authorized_keys", given=key.export_public_key().decode())
    assert await may_login(bystander, web, "alice", None, client_keys=[key])
    async with login(bystander, web, "alice", ALICE) as theirs:
        await theirs.create_process("nohup sleep 300 >/dev/null 2>&1 & exec sleep 300")
        await until(lambda: web.run("pgrep", "-c", "-u", "alice", "sleep", check=False) == "2\n")
        await DISABLE.run(what, site)
        assert not await is_alive(theirs)
    assert web.run("pgrep", "-u", "alice", check=False) == ""
    assert not await may_login(bystander, web, "alice", ALICE)
    assert not await may_login(bystander, web, "alice", None, client_keys=[key])
    assert await may_login(bystander, web, "carol", "carols own")
    assert (await DISABLE.verify(what, site)).in_force
    await DISABLE.undo(what, site)
    assert await may_login(bystander, web, "alice", ALICE)
    assert await may_login(bystander, web, "alice", None, client_keys=[key])


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("as it is", ("true",)),
        ("locked before", ("usermod", "--lock", "carol")),
        ("ends one day", ("usermod", "--expiredate", "2099-12-31", "carol")),
        ("expired long ago", ("usermod", "--expiredate", "1", "carol")),
        ("without a password", ("passwd", "--delete", "carol")),
        ("without a valid password", ("usermod", "--password", "*", "carol")),
    ],
)
async def test_an_account_is_given_back_as_it_was(
    hosts: Network, field: str, change: tuple[str, ...]
) -> None:
    web = hosts.hosts["web-1"]
    first = web.run("getent", "shadow", "carol")
    web.run(*change)
    before = web.run("getent", "shadow", "carol")
    try:
        await prove(DISABLE, site_for(hosts), call(host="web-1", user="carol"))
        assert web.run("getent", "shadow", "carol") == before, field
    finally:
        web.run("sed", "-i", f"s|^carol:.*|{first.strip()}|", "/etc/shadow")


async def test_a_container_is_left_alone_and_what_hangs_on_the_user_is_not(hosts: Network) -> None:
    """A container's user of the same number is somebody else; who hides in namespaces of his own is not."""
    web, site, what = hosts.hosts["web-1"], site_for(hosts), call(host="web-1", user="carol")
    carol = ("su", "-s", "/bin/sh", "carol", "-c")
    web.start("unshare", "--pid", "--fork", "--mount-proc", *carol, "exec sleep 777")
    web.start(*carol, "exec unshare --user --pid --fork sleep 888")
    await until(lambda: web.run("pgrep", "-c", "-f", "^sleep (777|888)", check=False) == "2\n")
    await DISABLE.run(what, site)
    assert web.run("pgrep", "-a", "-f", "^sleep (777|888)", check=False).rpartition(" ")[2] == "777\n"
    assert (await DISABLE.verify(what, site)).in_force
    await DISABLE.undo(what, site)
    web.run("pkill", "-f", "^sleep 777")


async def test_accounts_that_must_stay(hosts: Network) -> None:
    site = site_for(hosts)
    for user in ("root", "nobody-there", *HOSTILE):
        with pytest.raises(ActionRefusedError):
            await DISABLE.run(call(host="web-1", user=user), site)
        assert await DISABLE.undo(call(host="web-1", user=user), site) == {"changed": False}
        assert not (await DISABLE.verify(call(host="web-1", user=user), site)).in_force


# --- processes and files --------------------------------------------------------------------------


def start(host: Host, *words: str) -> int:
    host.start(*words)
    for _ in range(100):
        if found := host.run("pgrep", "-n", "-x", words[0].rpartition("/")[2][:15], check=False).strip():
            return int(found)
    raise AssertionError("it did not start")


async def test_a_killed_process_is_gone_and_no_other_is_hit(hosts: Network) -> None:
    web, site = hosts.hosts["web-1"], site_for(hosts)
    pid = start(web, "sleep", "1000")
    program = web.run("readlink", f"/proc/{pid}/exe").strip()
    with pytest.raises(ActionRefusedError, match="not /usr/bin/other"):
        await KILL.run(call(host="web-1", pid=pid, program="/usr/bin/other"), site)
    what = call(host="web-1", pid=pid, program=program)
    assert "can't be started again" in (await KILL.blast_radius(what, site)).summary
    assert not (await KILL.verify(what, site)).in_force
    for _ in range(2):
        assert (await KILL.run(what, site))["program"] == program
        assert (await KILL.verify(what, site)).in_force
    assert web.run("pgrep", "-x", "sleep", check=False) == ""
    for _ in range(2):
        await KILL.undo(what, site)
        assert not (await KILL.verify(what, site)).in_force
    with pytest.raises(ActionRefusedError, match="no process"):
        await KILL.run(call("blk-2", host="web-1", pid=pid, program=program), site)


async def test_processes_that_must_stay(hosts: Network) -> None:
    web, site = hosts.hosts["web-1"], site_for(hosts)
    sshd = int(web.run("pgrep", "-o", "-x", "sshd"))
    for pid, program in ((1, "x"), (sshd, "/usr/sbin/sshd"), (0, "x"), (-1, "x"), (True, "x"), ("1;id", "x")):
        with pytest.raises(ActionRefusedError):
            await KILL.run(call(host="web-1", pid=pid, program=program), site)
    assert pings(web, "127.0.0.1")


@pytest.mark.parametrize("folder", ["/srv", "/var/lib"])
async def test_a_quarantined_file_comes_back_exactly(hosts: Network, folder: str) -> None:
    """``/srv`` is another file system than the quarantine, ``/var/lib`` the same."""
    web, site, path = hosts.hosts["web-1"], site_for(hosts), f'{folder}/it\'s; $(id) "x"\n.sh'
    web.run("tee", path, given="#!/bin/sh\necho loot\n")
    web.run("chown", "alice:alice", path)
    web.run("chmod", "4751", path)
    web.run("touch", "-d", "2024-02-29 12:00:00.5", path)
    web.run("python3", "-c", "import os,sys; os.setxattr(sys.argv[1], 'user.note', b'\\0\\xff')", path)
    look = "import os,sys; s=os.stat(sys.argv[1]); print(s.st_mode, s.st_uid, s.st_gid, s.st_mtime_ns, os.listxattr(sys.argv[1]), os.getxattr(sys.argv[1], 'user.note'), open(sys.argv[1]).read())"
    before = web.run("python3", "-c", look, path)
    what = call(host="web-1", path=path)
    assert "no process has it open" in (await QUARANTINE.blast_radius(what, site)).summary
    for _ in range(2):
        done = await QUARANTINE.run(what, site)
        assert len(done["sha256"]) == 64
        assert (await QUARANTINE.verify(what, site)).in_force
    assert web.run("ls", path, check=False) == ""
    assert web.run("su", "-s", "/bin/sh", "alice", "-c", "cat /var/lib/siem/quarantine/*", check=False) == ""
    assert [mark.params["path"] for mark in await QUARANTINE.marks(site)] == [path]
    for _ in range(2):
        await QUARANTINE.undo(what, site)
        assert not (await QUARANTINE.verify(what, site)).in_force
    assert web.run("python3", "-c", look, path) == before
    web.run("rm", path)


async def test_what_stands_at_the_place_now_is_not_overwritten(hosts: Network) -> None:
    web, site, what = hosts.hosts["web-1"], site_for(hosts), call(host="web-1", path="/srv/x")
    web.run("tee", "/srv/x", given="one")
    await QUARANTINE.run(what, site)
    web.run("tee", "/srv/x", given="another")
    with pytest.raises(ActionRefusedError, match="another file stands at /srv/x now"):
        await QUARANTINE.undo(what, site)
    assert (web.run("cat", "/srv/x"), (await QUARANTINE.verify(what, site)).in_force) == ("another", True)
    web.run("rm", "/srv/x")
    await QUARANTINE.undo(what, site)
    assert web.run("cat", "/srv/x") == "one"
    web.run("rm", "/srv/x")


async def test_files_that_must_stay(hosts: Network) -> None:
    web, site = hosts.hosts["web-1"], site_for(hosts)
    web.run("ln", "-s", "/etc/passwd", "/srv/link")
    web.run("ln", "-s", "/etc", "/srv/folder")
    web.run("mkfifo", "/srv/pipe")
    for path in (
        "/etc/shadow", "/proc/1/mem", "/srv/link", "/srv/folder/hosts", "/srv/pipe", "/srv", "/srv/../etc/hosts",
        "relative", "/srv//x", "/bin/bash", "/usr/sbin/nft", "/root/.ssh/authorized_keys", "/dev/null", *HOSTILE,
    ):  # fmt: skip
        with pytest.raises(ActionError):
            await QUARANTINE.run(call(host="web-1", path=path), site)
    web.run("rm", "/srv/link", "/srv/folder", "/srv/pipe")


# --- triage ---------------------------------------------------------------------------------------


async def test_triage_is_sealed_and_the_same_step_seals_once(hosts: Network) -> None:
    web, evidence = hosts.hosts["web-1"], MemoryEvidence()
    site = site_for(hosts)
    object.__setattr__(site, "evidence", evidence)
    web.run("cp", "/bin/sleep", "/srv/implant")
    pid = start(web, "/srv/implant", "1000")
    web.run("rm", "/srv/implant")
    done = await TRIAGE.run(call("run-1/step", host="web-1"), site)
    assert done["deleted_programs"] == ["/srv/implant (deleted)"]
    assert done["processes"] > 3
    records = await evidence.chain(done["chain"])
    assert not faults(done["chain"], records, None)
    assert records[-2].hash == done["sha256"]
    parts = {record.data["part"]: record.data["entries"] for record in records[:-1]}
    assert any(one["pid"] == pid and "implant 1000" in one["arguments"] for one in parts["processes"])
    assert any(":22" in line for line in parts["sockets"])
    assert any(
        line.endswith("/srv/implant (deleted)") and len(line.split()[0]) == 64 for line in parts["hashes"]
    )
    assert any("alice" in line for line in parts["access"])
    assert await TRIAGE.run(call("run-1/step", host="web-1"), site) == done
    assert await evidence.chains() == [done["chain"]]
    web.run("kill", "-9", str(pid))


# --- ways in, and faults --------------------------------------------------------------------------


ATTACKS = (
    "sudo -n id", "sudo -n sh -c id", "sudo -n -i", "sudo -n -s id", "sudo -n /usr/bin/python3 -c 'import os;os.system(\"id\")'",
    f"sudo -n {INSTALLED} id", f"sudo -n {INSTALLED} -c id", f"sudo -n {INSTALLED} ''", f"sudo -n {INSTALLED}/../siem-host x",
    f"sudo -n {INSTALLED}; true x", "sudo -n /usr/local/sbin/siem-hos?  x", f"sudo -n -u bob {INSTALLED}",
    f"sudo -n -g root {INSTALLED} x", f"sudo -n -e {INSTALLED}", "sudoedit -n /etc/shadow", f"sudo -n -D /tmp {INSTALLED}",
    f"sudo -n -E LD_PRELOAD=/tmp/x.so {INSTALLED}", f"PYTHONSTARTUP=/tmp/evil.py PYTHONPATH=/tmp/evil sudo -n -E {INSTALLED}",
    f"cd /tmp/evil && sudo -n {INSTALLED}", "ln -sf /bin/sh /tmp/evil/siem-host; PATH=/tmp/evil:$PATH sudo -n siem-host -c id",
    f"cp /bin/sh {INSTALLED}", f"echo x >> {INSTALLED}", f"mv /tmp/evil/siem-host {INSTALLED}",
)  # fmt: skip
"""What the account may try with its sudo rule to become more than the program."""


async def test_the_least_sudo_rule_is_enough_but_for_locks(hosts: Network) -> None:
    """As `siem connections setup linux` prints it: the installed program, without arguments, and nothing else."""
    db = hosts.hosts["db-1"]
    key = asyncssh.generate_private_key("ssh-ed25519")
    db.run("tee", INSTALLED, given=text())
    db.run("chmod", "755", INSTALLED)
    rule = next(line.split("'")[1] for line in SSH.setup.splitlines() if "NOPASSWD" in line)
    db.run("tee", "/etc/sudoers.d/siem", given=rule + "\n")
    db.run("install", "-d", "-o", "siem", "-m", "700", "/home/siem/.ssh")
    db.run("tee", "/home/siem/.ssh/authorized_keys", given=f"restrict {key.export_public_key().decode()}")
    db.run("install", "-d", "-o", "siem", "/tmp/evil")
    for module in ("json", "os", "sys", "types", "fcntl", "evil", "sitecustomize"):
        db.run("tee", f"/tmp/evil/{module}.py", given="import posix\nposix.system('id; touch /tmp/pwned')\n")
    site = site_for(
        hosts, user="siem", program="installed", key=key.export_private_key().decode(),
        hosts={"db-1": db.address},
    )  # fmt: skip
    try:
        assert SSH.test is not None
        assert await SSH.test(site, "servers") == "root on db-1"
        db.run("tee", "/srv/evil", given="loot")
        pid = start(db, "sleep", "1000")
        program = db.run("readlink", f"/proc/{pid}/exe").strip()
        for action, params in (
            (ISOLATE, {"host": "db-1"}), (DISABLE, {"host": "db-1", "user": "bob"}),
            (BY_NAME["linux.block_ip"], {"ip": "203.0.113.9"}), (QUARANTINE, {"host": "db-1", "path": "/srv/evil"}),
        ):  # fmt: skip
            await prove(action, site, call(**params))
        await KILL.run(call(host="db-1", pid=pid, program=program), site)
        await KILL.undo(call(host="db-1"), site)
        sealing = replace(site, evidence=MemoryEvidence())
        assert (await TRIAGE.run(call(host="db-1"), sealing))["processes"] > 3
        db.run("rm", "/srv/evil")
        for path in ("/home/siem/.ssh/authorized_keys", "/etc/sudoers.d/siem", INSTALLED):
            with pytest.raises(ActionRefusedError, match="comes and works by"):
                await QUARANTINE.run(call(host="db-1", path=path), site)
        for attack in ATTACKS:
            said = db.run("su", "-s", "/bin/sh", "siem", "-c", f"{attack} 2>&1 </dev/null", check=False)
            assert "uid=0" not in said, attack
            assert not db.run("ls", "/root/pwned", "/tmp/pwned", check=False), attack
        assert db.run("cat", INSTALLED) == text()
        with pytest.raises(ActionRefusedError, match="log in as root"):
            await LOCK.run(call(host="db-1"), site)
        with pytest.raises(ActionRefusedError, match="itself comes in as siem"):
            await DISABLE.run(call(host="db-1", user="siem"), site)
        close_sessions()
        db.run("rm", "/etc/sudoers.d/siem")
        with pytest.raises(ActionRefusedError, match="the program does not start: sudo"):
            await ISOLATE.run(call(host="db-1"), site)
    finally:
        db.run("rm", "-rf", INSTALLED, "/home/siem/.ssh", "/etc/sudoers.d/siem", "/tmp/evil", "/srv/evil")


async def test_a_forced_command_is_enough_for_all(hosts: Network) -> None:
    db = hosts.hosts["db-1"]
    key = asyncssh.generate_private_key("ssh-ed25519")
    db.run("tee", INSTALLED, given=text())
    db.run("chmod", "755", INSTALLED)
    db.run(
        "tee", "-a", "/root/.ssh/authorized_keys",
        given=f'restrict,command="{INSTALLED}",from="{hosts.us}" {key.export_public_key().decode()}',
    )  # fmt: skip
    site = site_for(hosts, program="installed", key=key.export_private_key().decode())
    try:
        for action, params in ((LOCK, {"host": "db-1"}), (ISOLATE, {"host": "db-1"})):
            await prove(action, site, call(**params))
    finally:
        db.run("sed", "-i", "/siem-host/d", "/root/.ssh/authorized_keys")
        db.run("rm", INSTALLED)


async def test_a_host_that_is_away_is_worth_a_retry(hosts: Network) -> None:
    site = site_for(hosts)
    with cut_off(hosts.hosts["web-1"]):
        for action, params in (
            (ISOLATE, {}), (LOCK, {}), (DISABLE, {"user": "alice"}), (KILL, {"pid": 1, "program": "x"}),
            (QUARANTINE, {"path": "/srv/x"}),
        ):  # fmt: skip
            for verb in (action.run, action.verify, action.undo):
                with pytest.raises(ActionUnavailableError, match="web-1: no answer"):
                    await verb(call(host="web-1", **params), site)


async def test_a_host_whose_firewall_lies_is_not_isolated(hosts: Network) -> None:
    web, site, what = hosts.hosts["web-1"], site_for(hosts), call(host="web-1")
    with lying(web):
        await ISOLATE.run(what, site)
        assert not (await ISOLATE.verify(what, site)).in_force
        with pytest.raises(ActionUnavailableError, match="still stand"):
            await ISOLATE.undo(what, site)
    await ISOLATE.undo(what, site)


async def test_hostile_hosts_are_no_hosts(hosts: Network) -> None:
    site = site_for(hosts)
    for name in HOSTILE:
        with pytest.raises(ActionRefusedError):
            await ISOLATE.run(call(host=name), site)


async def test_the_connection_says_who_answers_and_who_does_not(hosts: Network) -> None:
    assert SSH.test is not None
    assert await SSH.test(site_for(hosts), "servers") == "root on gateway, web-1, db-1, files-1"
    with (
        cut_off(hosts.hosts["db-1"]),
        pytest.raises(ActionRefusedError, match=r"db-1: no answer.*root on gateway"),
    ):
        await SSH.test(site_for(hosts), "servers")
    assert not SSH.faults(cast(dict[str, object], hosts.resolved()))
    assert [word for word in SSH.faults({}) if "key_env is missing" in word]


def test_the_printed_program_is_plain_and_runs_as_it_is_printed() -> None:
    """What an administrator installs can be read: it is the modules as they are."""
    for name, source in sources():
        assert "'''" not in source, name
        assert source in text()
    printed = CliRunner().invoke(app, ["connections", "setup", "linux", "--program"])
    assert printed.output == text()
    explained = CliRunner().invoke(app, ["connections", "setup", "linux"]).output
    assert 'siem ALL=(root) NOPASSWD: /usr/local/sbin/siem-host ""' in explained
    assert "kind: ssh" in explained
    done = subprocess.run(
        [sys.executable, "-I", "-c", text()],
        input='{"do": "nothing"}\n[]\n{\n',
        capture_output=True,
        text=True,
        check=True,
    )
    greeting, *answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert greeting["siem"] == version()
    assert [next(iter(answer)) for answer in answers] == ["refused", "refused", "failed"]


def test_who_asks_is_known_by_the_nearest_connection() -> None:
    """Also where the sshd itself was started over another connection."""
    look = "from integrations.linux.host.surroundings import who_asks; print(who_asks())"
    within = f"SSH_CONNECTION='192.0.2.5 1 192.0.2.20 22' '{sys.executable}' -c '{look}'; true"
    done = subprocess.run(
        ["/bin/sh", "-c", within], env={"SSH_CONNECTION": "198.51.100.1 1 192.0.2.20 22", "PYTHONPATH": "."},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "192.0.2.5"
