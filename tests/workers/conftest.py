"""A client of the session's real Temporal server, with the product's data converter."""

from __future__ import annotations

import pytest
from temporalio.client import Client

from workers.engines import prepare_namespace
from workers.temporal import connect


@pytest.fixture(scope="session")
async def temporal(temporal_address: str) -> Client:
    client = await connect(temporal_address)
    await prepare_namespace(client)
    return client
