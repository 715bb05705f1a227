"""Cisco Duo: the logs of its Admin API."""

from integrations.duo.log import LOG

SOURCES = (LOG,)

__all__ = ["SOURCES"]
