"""Real hosts in network namespaces, for tests of what is done to hosts: once a run, where this machine can."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.demo.network import TOOLS, Network, missing, network

USERS = {
    "web-1": {"deploy": "Summer2026!", "alice": "correct horse", "carol": "carols own"},
    "db-1": {"siem": "never used", "bob": "battery staple"},
}


def _install() -> None:
    """Root's tests install Debian's packages, which are told to start nothing."""
    if os.geteuid() == 0 and shutil.which("apt-get") and "the packages" in missing():
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", *sorted(set(TOOLS.values()))]):
            subprocess.run(["apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL)


@pytest_asyncio.fixture(scope="session")
async def hosts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """The network of `bot.demo.network`. Where it can't be had the test is skipped and says why."""
    _install()
    if lacking := missing():
        pytest.skip(f"real hosts need {lacking}")
    async with network(tmp_path_factory.mktemp("network"), USERS) as made:
        yield made
