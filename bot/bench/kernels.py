"""The kernels of real hosts as witnesses of a block: when each had the address, as nft itself tells it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from typing import Any

from bot.demo.network import Host, Network

WATCHED = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")


class Kernels:
    """Watches every server's rules with ``nft monitor``, and knows since when all have an address."""

    def __init__(self, hosts: Network) -> None:
        self._hosts = hosts
        self._since: dict[str, dict[str, float]] = {name: {} for name in hosts.servers}
        self._changed = asyncio.Event()
        self._watching: list[asyncio.Task[None]] = []
        self._monitors: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Kernels:
        for name, host in self._hosts.servers.items():
            monitor = await asyncio.create_subprocess_exec(
                *host.enter, "nft", "monitor", "new", "elements", stdout=asyncio.subprocess.PIPE
            )
            self._monitors.append(monitor)
            self._watching.append(asyncio.create_task(self._read(name, monitor)))
        return self

    async def __aexit__(self, *_: object) -> None:
        for reading in self._watching:  # nft itself ends with its host: what is killed here only entered it
            reading.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        for monitor in self._monitors:
            monitor.kill()

    async def _read(self, name: str, monitor: asyncio.subprocess.Process) -> None:
        assert monitor.stdout is not None
        async for line in monitor.stdout:
            now = time.time()
            for address in WATCHED.findall(line.decode("ascii", "replace")):
                self._since[name].setdefault(address, now)
            self._changed.set()

    async def wait(self, address: str) -> float:
        """Return since when all of them drop it, seconds of the epoch."""
        while not all(address in since for since in self._since.values()):
            self._changed.clear()
            await self._changed.wait()
        return max(since[address] for since in self._since.values())

    async def faults(self, blocked: Sequence[str]) -> list[str]:
        """Say which kernel drops other addresses than those, asked anew."""
        found = []
        for name, host in self._hosts.servers.items():
            listed = await asyncio.to_thread(_elements, host)
            if sorted(listed) != sorted(blocked):
                found.append(f"{name} drops {len(listed)} addresses, {len(blocked)} were blocked")
        return found


def _elements(host: Host) -> list[str]:
    objects: list[dict[str, Any]] = json.loads(host.run("nft", "-j", "list", "ruleset"))["nftables"]
    sets = [one["set"] for one in objects if one.get("set", {}).get("table") == "siem"]
    return [str(element["elem"]["val"]) for one in sets for element in one.get("elem", ())]
