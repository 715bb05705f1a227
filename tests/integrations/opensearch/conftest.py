"""Stores on the shared node, each test's under a prefix of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.opensearch import Keyring, OpenSearchStores, connect
from rules.ecs import event_id, timestamp

NOW = datetime(2026, 3, 30, 16, 1, 36, tzinfo=UTC)
KEYS = Keyring({"k1": b"1" * 32})


def event(number: int, ip: str = "203.0.113.7", dataset: str = "linux.auth", **extra: Any) -> dict[str, Any]:
    return {
        "@timestamp": timestamp(NOW + timedelta(seconds=number)),
        "event": {
            "id": event_id(dataset, f"f@{number}", b"x"),
            "dataset": dataset,
            "kind": "event",
            "category": ["authentication"],
            "original": f"line {number}",
        },
        "source": {"ip": ip},
        "user": {"name": "Alice"},
        "message": f"Failed password for Alice from {ip}",
        **extra,
    }


@pytest.fixture
async def stores(opensearch_url: str, index_prefix: str) -> AsyncIterator[OpenSearchStores]:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=KEYS)
    await asyncio.gather(stores.setup(), stores.setup())
    yield stores
    await stores.close()
