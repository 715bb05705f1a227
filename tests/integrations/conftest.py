"""Real hosts in network namespaces, for tests of what is done to hosts: once a run, where this machine can."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.demo.network import Network, network
from tests.real_hosts import lacking

USERS = {
    "web-1": {"deploy": "Summer2026!", "alice": "correct horse", "carol": "carols own"},
    "db-1": {"siem": "never used", "bob": "battery staple"},
}


@pytest_asyncio.fixture(scope="session")
async def hosts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """The network of `bot.demo.network`. Where it can't be had the test is skipped and says why."""
    if missing := lacking():
        pytest.skip(f"real hosts need {missing}")
    async with network(tmp_path_factory.mktemp("network"), USERS) as made:
        yield made
