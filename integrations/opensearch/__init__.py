"""OpenSearch: where events, alerts, incidents, evidence and small state documents are kept."""

from integrations.opensearch.connection import Access, Connection
from integrations.opensearch.stores import OpenSearchStores, connect

__all__ = ["Access", "Connection", "OpenSearchStores", "connect"]
