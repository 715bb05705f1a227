"""`siem demo --live`: a real break-in on real hosts, contained by their own kernels, undone rule by rule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

from bot.demo.intruder import (
    CUSTOMERS,
    LOOT,
    USER,
    USERS,
    Bystander,
    Intruder,
    dropped,
    furnish,
    reached_by_us,
)
from bot.demo.network import ATTACKER, GATEWAY, Host, Network, network
from bot.demo.people import people_of
from bot.demo.rig import Rig, running, write_site
from bot.demo.stages import Stages, expect, until
from bot.demo.story import Story
from workers.contract import ContainmentState
from workers.engines import Progress
from workers.settings import Settings

BLOCK, ISOLATE = "linux.block_ip", "linux.isolate_host"
TRIES = 5
"""Packets that the attacker sends to each server once it is blocked."""


def write_live_site(folder: Path, hosts: Network) -> Settings:
    """Write the installation that watches and reaches the network's hosts."""
    own = resources.files("bot.demo") / "live"
    return write_site(
        folder,
        collect=[{"source": "linux.auth", "files": [str(hosts.folder / "*" / "log" / "auth.log")]}],
        library=False,
        connections={"servers": hosts.connection()},
        protected=GATEWAY,
        content={
            f"{place}/{name}": (own / place / name).read_text(encoding="utf-8")
            for place, name in (
                ("playbooks", "contain-live-breach.yaml"),
                ("rules", "ssh_login_between_servers.yml"),
            )
        },
    )


@dataclass
class LiveStory:
    hosts: Network
    rig: Rig
    story: Story
    intruder: Intruder
    bystander: Bystander
    before: dict[str, str]

    def host(self, name: str) -> Host:
        return self.hosts.hosts[name]

    async def broke_in(self) -> str:
        await self.intruder.break_in()
        return f"{ATTACKER} guessed {USER}'s password at web-1 at the {self.intruder.attempts}th try"

    async def went_on(self) -> str:
        loot = await self.intruder.go_on()
        self.story.until = datetime.now(UTC)
        expect(loot.strip() == CUSTOMERS.strip(), f"it read {loot[:80]!r}")
        return f"from web-1 to db-1 by SSH with {USER}'s key; {LOOT} is taken"

    async def collected(self) -> str:
        keys = {"source.ip": [ATTACKER], "event.action": ["ssh_login"]}
        log = self.host("web-1").log.read_text(encoding="utf-8").splitlines()
        failures = sum("Failed password" in line and ATTACKER in line for line in log)
        expect(failures == self.intruder.attempts - 1, f"sshd wrote {failures} failures")
        failed = await self.story.events(
            keys | {"event.outcome": ["failure"]}, failures, "failed logins stored"
        )
        onward = {"source.ip": [self.host("web-1").address], "event.action": ["ssh_login"]}
        hop = await self.story.events(onward, 1, "login from web-1 to db-1")
        return f"{failed}, {hop}, as the hosts' own sshd and rsyslog wrote them"

    async def joined(self) -> str:
        """The way on to the second server belongs to the same incident as the break-in."""

        async def reaches_db() -> bool | None:
            found = await self.rig.here.site.incidents.recent(10)
            named = {str(entity) for facts in found for entity in facts.entities}
            return True if "host:db-1" in named else None

        await until(reaches_db, "db-1 in the incident", seconds=20)
        entities = [f"ip:{ATTACKER}", f"user:{USER}", "host:web-1", "host:db-1"]
        return await self.story.opened(entities=entities)

    async def contained(self) -> str:
        """Both containments are in force, verified on the hosts themselves."""
        states = await until(self._both, "a block and an isolation in force", seconds=40)
        block, isolation = states[BLOCK], states[ISOLATE]
        expect(block.target == ATTACKER, f"{block.target} is blocked, not {ATTACKER}")
        expect(isolation.target == "db-1", f"{isolation.target} is isolated, not db-1")
        expect("4 of 4 hosts" in block.detail, block.detail)
        return f"{block.detail}; {isolation.detail}"

    async def _both(self) -> dict[str, ContainmentState] | None:
        found = {one.action: one for one in await self.rig.desk.blocks() if one.status == "active"}
        return found if set(found) == {BLOCK, ISOLATE} else None

    async def dead(self) -> str:
        """The open session answers no more, nor can a new one be opened to any server."""
        expect(not await self.intruder.is_in(), "the attacker's session is still alive")
        for name in ("web-1", "files-1", "db-1"):
            expect(
                not await self.intruder.can_connect(self.host(name)), f"the attacker still connects to {name}"
            )
        served = self.host("web-1").run("pgrep", "-u", USER, check=False)
        return "the open session and the one behind it answer no more" + (
            f"; {len(served.split())} processes of it starve on web-1" if served else ""
        )

    async def counted(self) -> str:
        """Every packet that the attacker sends is counted by the kernel that drops it."""
        gateway, home = self.host(GATEWAY), self.host("attacker")
        before = dropped(gateway, ATTACKER)
        for name in ("web-1", "files-1"):
            said = home.run(
                "ping", "-c", str(TRIES), "-i", "0.05", "-W", "1", self.host(name).address, check=False
            )
            expect(" 0 received" in said, f"{name} answered the attacker: {said[-200:]}")
        more = dropped(gateway, ATTACKER) - before
        expect(more >= 2 * TRIES, f"the gateway's kernel counts {more} packets, {2 * TRIES} were sent")
        return f"{2 * TRIES} packets sent, none answered; nft on the gateway counts {more} more"

    async def alone(self) -> str:
        """The isolated server reaches nobody, nobody reaches it, and this system does."""
        for source, target in (("web-1", "db-1"), ("db-1", "files-1"), ("bystander", "db-1")):
            said = self.host(source).run("ping", "-c", "1", "-W", "1", self.host(target).address, check=False)
            expect(" 0 received" in said, f"{source} still reaches {target}")
        reached = await reached_by_us(self.hosts)
        expect(set(reached) == set(self.hosts.servers), f"this system reaches only {', '.join(reached)}")
        return f"db-1 is cut off; this system opens new connections to {', '.join(reached)}"

    async def released(self) -> str:
        """An approver lifts both by hand, in Slack."""
        states = await until(self._both, "both containments", seconds=10)
        channel = self.story.card.channel if self.story.card else ""
        for state in states.values():
            await self.story.alice.type(channel, f"/siem release {state.id} the demo is over")

        async def none() -> bool | None:
            return True if not await self.rig.desk.blocks() else None

        await until(none, "the end of both containments", seconds=40)
        return f"{', '.join(state.id for state in states.values())} lifted by an approver"

    async def restored(self) -> str:
        """Every host's ruleset is what it was, line by line, and what was cut off works again."""
        after = {name: host.rules() for name, host in self.hosts.servers.items()}
        changed = [name for name in after if after[name] != self.before[name]]
        expect(not changed, f"other rules than before on {', '.join(changed)}")
        left = [
            name
            for name, host in self.hosts.servers.items()
            if host.run("ls", "-A", "/var/lib/siem", check=False)
        ]
        expect(not left, f"notes of ours are left on {', '.join(left)}")
        expect(await self.intruder.can_connect(self.host("web-1")), f"{ATTACKER} is still blocked")
        said = self.host("web-1").run("ping", "-c", "1", "-W", "2", self.host("db-1").address, check=False)
        expect(" 1 received" in said, "web-1 does not reach db-1 again")
        lines = sum(len(rules.splitlines()) for rules in after.values())
        return (
            f"nft list ruleset is as before on {len(after)} hosts ({lines} lines); web-1 reaches db-1 again"
        )

    async def spared(self) -> str:
        """The bystander's traffic, from before the attack until now, lost not one packet."""
        expect(await self.bystander.works(), "the bystander's session on files-1 is dead")
        came, lost = await self.bystander.lost()
        expect(came > 0 and lost == 0, f"the bystander lost {lost} of {came + lost} packets")
        return f"{came:,} packets of the bystander answered, 0 lost, its SSH session alive"

    async def traced(self) -> str:
        """The attack path begins at the attacker and leads to the second server."""
        assert self.story.incident is not None
        path = await self.rig.desk.path(self.story.incident.id)
        roles = {str(node.entity): node.role for node in path.nodes}
        expect(roles.get(f"ip:{ATTACKER}") == "entry", f"the path does not enter by {ATTACKER}: {roles}")
        expect("host:db-1" in roles, f"the path does not reach db-1: {roles}")
        return path.summary


async def play_live(
    folder: Path,
    stages: Stages,
    stop: asyncio.Event,
    report: Callable[[Progress], None],
    tell: Callable[[str], None],
    *,
    headless: bool,
) -> None:
    """Play it. Raises `bot.demo.network.NetworkError` where this machine can't have the network."""
    async with network(folder / "hosts", USERS) as hosts:
        furnish(hosts)
        settings = write_live_site(folder, hosts)
        async with running(settings, report=report, tell=tell) as rig:
            now = datetime.now(UTC)
            people = people_of(rig)
            story = Story(rig, people["alice"], people["mallory"], now - timedelta(minutes=1), now)
            intruder, bystander = Intruder(hosts, tell), Bystander(hosts, folder)
            before = {name: host.rules() for name, host in hosts.servers.items()}
            live = LiveStory(hosts, rig, story, intruder, bystander, before)
            try:
                playing = asyncio.create_task(_script(live, stages, tell, headless))
                stopping = asyncio.create_task(stop.wait())
                await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if playing.done():
                    await playing
                    if not headless:
                        tell("The story is told. Type /siem help on the page; Ctrl-C ends everything.")
                        await stopping
                playing.cancel()
                stopping.cancel()
            finally:
                intruder.close()
                bystander.close()


async def _script(live: LiveStory, stages: Stages, tell: Callable[[str], None], headless: bool) -> None:
    story, hosts = live.story, live.hosts

    async def network_is_up() -> str:
        await live.bystander.start()
        reached = await reached_by_us(hosts)
        return f"{', '.join(reached)} run sshd, rsyslogd and nftables, each in namespaces of its own"

    ok = await stages.run("network", network_is_up())
    if ok and not headless:
        tell(f"The workspace, a Slack of its own: {live.rig.page}")
        await asyncio.sleep(3)
    ok = ok and await stages.run("break in", live.broke_in())
    ok = ok and await stages.run("go on", live.went_on())
    ok = ok and await stages.run("collect", live.collected())
    ok = ok and await stages.run("detect", story.alert())
    ok = ok and await stages.run("incident", live.joined())
    ok = ok and await stages.run("ask", story.asked())
    if ok and headless:
        ok = await stages.run("refuse", story.stranger_refused())
        ok = ok and await stages.run("approve", story.approved())
    elif ok:
        tell(f"Now you decide: open {live.rig.page} and click Approve in #security (as Alice or Bob).")
        ok = await stages.run("approve", story.wait_for_approval(seconds=15 * 60))
    ok = ok and await stages.run("contain", live.contained())
    ok = ok and await stages.run("cut", live.dead())
    ok = ok and await stages.run("drop", live.counted())
    ok = ok and await stages.run("isolate", live.alone())
    ok = ok and await stages.run("tell", story.told())
    ok = ok and await stages.run("release", live.released())
    ok = ok and await stages.run("restore", live.restored())
    ok = ok and await stages.run("spare", live.spared())
    ok = ok and await stages.run("path", live.traced())
    if ok:
        await stages.run("prove", story.proved())
