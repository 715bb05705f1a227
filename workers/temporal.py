"""How everybody connects to Temporal: one data converter, one sandbox."""

from __future__ import annotations

from temporalio.client import Client, TLSConfig
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = (
    "pydantic", "pydantic_core", "annotated_types", "yaml", "jinja2", "markupsafe", "structlog",
    "rules", "playbooks", "integrations", "workers",
)  # fmt: skip
"""Imported once for all workflow runs: they are pure, or are not called from workflows."""

CACHED_WORKFLOWS = 500
"""How many workflows a worker keeps in memory. Those that wait beyond that are read from their history
again when something happens to them, so that a thousand open incidents cost no more memory."""


async def connect(
    address: str,
    *,
    namespace: str = "default",
    tls: TLSConfig | bool = False,
    api_key: str | None = None,
) -> Client:
    """Connect to a server. Raises RuntimeError where it can't be reached."""
    return await Client.connect(
        address, namespace=namespace, tls=tls, api_key=api_key, data_converter=pydantic_data_converter
    )


def sandbox() -> SandboxedWorkflowRunner:
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    )
