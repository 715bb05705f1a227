"""Kubernetes: what its API server was asked, by whom."""

from integrations.contract import Source
from integrations.kubernetes.audit import AUDIT

SOURCES: tuple[Source, ...] = (AUDIT,)
