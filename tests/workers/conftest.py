"""A client of the session's real Temporal server, with the product's data converter.

Each file has a namespace of its own: what one left running would go on in the workers of the next.
"""

from __future__ import annotations

import uuid

import pytest
from temporalio.client import Client

from workers.engines import prepare_namespace
from workers.temporal import connect


@pytest.fixture(scope="module")
async def temporal(temporal_address: str) -> Client:
    client = await connect(temporal_address, namespace=f"t{uuid.uuid4().hex[:10]}")
    await prepare_namespace(client, create=True)
    return client
