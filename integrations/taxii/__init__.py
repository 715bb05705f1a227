"""TAXII 2.1: collections of STIX objects."""

from integrations.taxii.collection import TAXII, fetch_collection

CONNECTIONS = (TAXII,)

__all__ = ["CONNECTIONS", "fetch_collection"]
