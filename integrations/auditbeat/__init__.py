"""Auditbeat and Elastic Agent's auditd_manager: Linux audit events, file integrity, system changes."""

from integrations.auditbeat.event import EVENT
from integrations.contract import Source

SOURCES: tuple[Source, ...] = (EVENT,)
