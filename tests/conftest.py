"""Real engines for tests: each is started once a run, when the first test asks for it.

Tests share them and keep apart by `index_prefix` and by `temporal_namespace`.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator

import httpx
import hypothesis
import pytest
import pytest_asyncio
from temporalio.client import Client
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from bot.demo.network import Network, network
from tests.real_hosts import USERS, lacking
from workers.engines import Engines, prepare_namespace

hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
"""A busy machine is no fault of the code's, and the same code gives the same result each time."""
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
"""To look for what nobody thought of: ``pytest --hypothesis-profile=search``."""
hypothesis.settings.load_profile("house")

_running: list[str] = []
"""The address of the embedded OpenSearch while it runs."""
ELSEWHERE = "127.0.0.1:1"
"""Stands for the engine that a fixture does not start."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kills",
        choices=("few", "steps", "all"),
        default="few",
        help="how often the story is told with a part killed, and library playbooks are run with a worker "
        "killed: a few times; before and after each step of each playbook (steps); or each part at each "
        "stage, and at every boundary of every rehearsal",
    )
    parser.addoption(
        "--record-histories",
        action="store_true",
        help="record tests/workers/histories anew from real runs; its README says when one may",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs only when an option asks for it."""
    left = [
        item
        for item in items
        if (mark := item.get_closest_marker("asked_for")) and config.getoption(mark.args[0]) in (False, "few")
    ]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    if hasattr(config, "workerinput"):  # one of several processes: the long ones of the engines come first
        items.sort(key=lambda item: item.nodeid.partition("::")[0], reverse=True)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """With ``-n 2`` the tests of a file stay in one process, which has engines of its own."""
    return LoadFileScheduling(config, log)


@pytest_asyncio.fixture(scope="session")
async def opensearch_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The embedded OpenSearch."""
    data = tmp_path_factory.mktemp("opensearch")
    async with Engines(data, temporal_address=ELSEWHERE, heap_mb=1024) as engines:
        _running.append(engines.addresses.opensearch_url)
        yield engines.addresses.opensearch_url
        _running.clear()


@pytest_asyncio.fixture(scope="session")
async def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The embedded Temporal, as ``host:port``."""
    data = tmp_path_factory.mktemp("temporal")
    async with Engines(data, opensearch_url=f"http://{ELSEWHERE}") as engines:
        yield engines.addresses.temporal_address


@pytest.fixture
def index_prefix() -> Iterator[str]:
    """A prefix for the names of this test's own indices and data streams, which go with the test: a node
    holds only so many."""
    prefix = f"t{uuid.uuid4().hex[:10]}"
    yield prefix
    for url in _running:
        with httpx.Client(base_url=url, timeout=60) as client:
            streams = client.get(f"/_data_stream/{prefix}*").json().get("data_streams", [])
            for stream in streams:
                client.delete(f"/_data_stream/{stream['name']}")
            asked = {"format": "json", "expand_wildcards": "all"}
            for index in client.get(f"/_cat/indices/{prefix}*", params=asked).json():
                client.delete(f"/{index['index']}")


@pytest_asyncio.fixture
async def temporal_client(temporal_address: str) -> Client:
    """A client in a namespace of this test's own, search attributes registered."""
    client = await Client.connect(temporal_address, namespace=f"t{uuid.uuid4().hex[:10]}")
    await prepare_namespace(client, create=True)
    return client


@pytest.fixture
def temporal_namespace(temporal_client: Client) -> str:
    return temporal_client.namespace


@pytest_asyncio.fixture(scope="session")
async def hosts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """The real hosts of `bot.demo.network`. Where they can't be had the test is skipped and says why."""
    if missing := lacking():
        pytest.skip(f"real hosts need {missing}")
    async with network(tmp_path_factory.mktemp("network"), USERS) as made:
        yield made
