"""MISP: attributes that are marked for detection."""

from integrations.misp.attributes import MISP, fetch_attributes

CONNECTIONS = (MISP,)

__all__ = ["CONNECTIONS", "fetch_attributes"]
