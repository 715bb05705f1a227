"""Elasticsearch and OpenSearch: their security audit logs."""

from integrations.contract import Source
from integrations.elasticsearch.audit import AUDIT

SOURCES: tuple[Source, ...] = (AUDIT,)
