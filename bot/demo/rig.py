"""A whole installation in a folder of its own, as `siem up` runs it, for the demo, tests and benchmarks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.parts import parts_of, workspace_environment, workspace_folder, workspace_port
from bot.workspace.settings import load_secrets
from workers.composition import Installation, installation
from workers.engines import Engines, Progress
from workers.engines.sockets import any_free
from workers.live_desk import LiveDesk
from workers.playbook_files import library_files
from workers.settings import Settings, load_settings
from workers.supervisor import STATUS_FILE, Part
from workers.up import run_parts

BREACH_PLAYBOOK = "library/contain-ssh-breach.yaml"
SITE = """\
# The demo's installation. `siem init DIR` writes one for your own.
organisation: Demo
data: data
slack: {{channel: "#security"}}
approvers:
  responders: [U0ALICE, U0BOB]
  on-call-leads: [U0CAROL]
guard:
  # What must never be touched. This machine's own addresses come first.
  networks: [127.0.0.1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 198.18.0.0/15]
  # The demo's attacker sits on loopback, which is otherwise never blocked.
  exempt: [127.0.0.0/8]
  hosts: [{protected}]
  users: [root]
  max_per_hour: {max_per_hour}
detection: {{tick: {tick}, rules: [rules]}}
playbooks: {{folders: [playbooks], library: {library}}}
collect: {collect}
connections: {connections}
api: {{listen: "127.0.0.1:{api_port}"}}
"""


@dataclass
class Rig:
    """A running installation and ways to look at it."""

    settings: Settings
    here: Installation
    desk: LiveDesk
    slack: AsyncWebClient
    """With the bot's token: what it reads is what is in the workspace."""
    engines: Engines
    told: list[str] = field(default_factory=list)
    """What the supervisor said about parts that died."""

    @property
    def page(self) -> str:
        """The address of the workspace's page."""
        key = load_secrets(workspace_folder(self.settings)).page_key.get_secret_value()
        return f"http://127.0.0.1:{workspace_port(self.settings)}/?key={key}"

    def pid(self, part: str) -> int | None:
        """The process id of a part, as it is now."""
        status = json.loads((self.settings.data / STATUS_FILE).read_text(encoding="utf-8"))
        pid: int | None = status["parts"][part]["pid"]
        return pid


def write_site(
    folder: Path,
    *,
    ttl: str = "60s",
    tick: str = "1s",
    collect: Sequence[Mapping[str, Any]] = (),
    library: bool = True,
    max_per_hour: int = 100,
    connections: Mapping[str, Any] | None = None,
    protected: str = "web-1",
    content: Mapping[str, str] | None = None,
    block: str = "blocklist.block_ip",
) -> Settings:
    """Write a folder with ``siem.yaml`` and the breach playbook with a short time to live; read it back.
    `content`: files of its own (path to text) instead of that playbook. `block`: what it blocks with."""
    (folder / "playbooks").mkdir(parents=True, exist_ok=True)
    (folder / "rules").mkdir(exist_ok=True)
    text = SITE.format(
        api_port=any_free(),
        tick=tick,
        collect=json.dumps(list(collect)),
        library=json.dumps(library),
        max_per_hour=max_per_hour,
        connections=json.dumps(connections or {}),
        protected=protected,
    )
    (folder / "siem.yaml").write_text(text, encoding="utf-8")
    for path, own in (content or {}).items():
        (folder / path).write_text(own, encoding="utf-8")
    if content is not None:
        return load_settings(folder / "siem.yaml")
    breach = next(file.text for file in library_files() if file.path == BREACH_PLAYBOOK)
    (folder / "playbooks" / "contain-ssh-breach.yaml").write_text(
        breach.replace("for: 24h", f"for: {ttl}")
        .replace(" for a day?", f" for {ttl}?")
        .replace("uses: blocklist.block_ip", f"uses: {block}"),
        encoding="utf-8",
    )
    return load_settings(folder / "siem.yaml")


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    report: Callable[[Progress], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    more: Sequence[Part] = (),
) -> AsyncIterator[Rig]:
    """Start engines and parts, give the rig, stop all. Raises `EngineError` or `PartError`."""
    told: list[str] = []

    def say(line: str) -> None:
        told.append(line)
        tell(line)

    async with Engines.of(settings, report) as engines:
        ready, stop = asyncio.Event(), asyncio.Event()
        parts = [*parts_of(settings, local_workspace=True), *more]
        keeping = asyncio.create_task(
            run_parts(engines, parts, settings.data, stop, say, ready.set, seconds=120)
        )
        waiting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait({keeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                await keeping
            async with installation(settings) as here:
                bot = workspace_environment(settings)
                slack = AsyncWebClient(token=bot["SLACK_BOT_TOKEN"], base_url=bot["SIEM_SLACK_URL"])
                yield Rig(settings, here, LiveDesk(here.client, here.site), slack, engines, told)
        finally:
            waiting.cancel()
            stop.set()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping


def victim_part(settings: Settings, listen: str) -> Part:
    """Return the demo's SSH server as a part of the installation."""
    folder = settings.root / "victim"
    folder.mkdir(exist_ok=True)
    feed = f"{settings.api_url}/blocklists/default.txt"
    command = (
        sys.executable, "-m", "bot.demo.victim", "--folder", str(folder), "--listen", listen, "--feed", feed,
    )  # fmt: skip
    return Part(name="victim", command=command, env=dict(os.environ), ready_file=folder / "victim.ready")
