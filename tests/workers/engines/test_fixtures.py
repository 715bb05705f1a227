"""The engines that the fixtures start are whole: what the product needs of them works."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

pytestmark = pytest.mark.engine


async def test_opensearch_has_what_the_product_needs(opensearch_url: str, index_prefix: str) -> None:
    async with httpx.AsyncClient(base_url=opensearch_url, trust_env=False, timeout=30) as client:
        template = {
            "index_patterns": [f"logs-{index_prefix}-*"],
            "data_stream": {},
            "priority": 1000,
            "template": {
                "settings": {
                    "number_of_replicas": 0,
                    "index.codec": "best_compression",
                    "analysis": {"normalizer": {"low": {"type": "custom", "filter": ["lowercase"]}}},
                },
                "mappings": {
                    "dynamic": "strict",
                    "properties": {
                        "@timestamp": {"type": "date"},
                        "name": {
                            "type": "keyword",
                            "fields": {"caseless": {"type": "keyword", "normalizer": "low"}},
                        },
                        "line": {"type": "wildcard"},
                    },
                },
            },
        }
        made = await client.put(f"/_index_template/{index_prefix}", json=template)
        assert made.status_code == 200, made.text
        stream = f"/logs-{index_prefix}-default"
        event = {"@timestamp": "2024-01-01T00:00:00Z", "name": "Alice", "line": "Failed password for alice"}
        for expected in (201, 409):
            answer = await client.post(f"{stream}/_create/1?refresh=true", json=event)
            assert answer.status_code == expected, answer.text
        query = {
            "bool": {"must": [{"term": {"name.caseless": "aLICE"}}, {"wildcard": {"line": "*pass*for*"}}]}
        }
        found = await client.post(f"{stream}/_search", json={"query": query})
        assert found.json()["hits"]["total"]["value"] == 1, found.text
        strict = await client.post(f"{stream}/_doc", json={**event, "other": 1})
        assert strict.status_code == 400
        deleted = await client.delete(f"/_data_stream/logs-{index_prefix}-default")
        assert deleted.status_code == 200


@workflow.defn(name="FixtureEcho")
class Echo:
    @workflow.run
    async def run(self, text: str) -> str:
        await workflow.sleep(timedelta(milliseconds=1))
        return text


async def test_temporal_runs_a_workflow_and_finds_it_by_our_attributes(temporal_client: Client) -> None:
    attributes = TypedSearchAttributes(
        [
            SearchAttributePair(SearchAttributeKey.for_keyword("SiemIncident"), "inc-1"),
            SearchAttributePair(
                SearchAttributeKey.for_keyword_list("SiemEntity"), ["user:alice", "ip:192.0.2.1"]
            ),
        ]
    )
    async with Worker(
        temporal_client, task_queue="echo", workflows=[Echo], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        result = await temporal_client.execute_workflow(
            Echo.run, "hello", id="echo-1", task_queue="echo", search_attributes=attributes
        )
    assert result == "hello"
    ids: list[str] = []
    while not ids:  # visibility follows a moment later; a test that hangs fails by its own time limit
        query = 'SiemEntity = "user:alice" AND SiemIncident = "inc-1"'
        ids = [found.id async for found in temporal_client.list_workflows(query)]
        await asyncio.sleep(0.02)
    assert ids == ["echo-1"]
