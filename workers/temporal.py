"""How everybody connects to Temporal: one data converter, one set of search attributes, one sandbox."""

from __future__ import annotations

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, TLSConfig
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

SEARCH_ATTRIBUTES = {
    "SiemIncident": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "SiemPlaybook": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "SiemStatus": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "SiemEntity": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
}
"""What Temporal's own page can be searched by."""

PASSED_THROUGH = (
    "pydantic", "pydantic_core", "annotated_types", "yaml", "jinja2", "markupsafe", "structlog",
    "rules", "playbooks", "integrations", "workers",
)  # fmt: skip
"""Imported once for all workflow runs: they are pure, or are not called from workflows."""


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


async def register_search_attributes(client: Client) -> None:
    """Register the search attributes, harmless where they are there already."""
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=SEARCH_ATTRIBUTES)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


def sandbox() -> SandboxedWorkflowRunner:
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    )
