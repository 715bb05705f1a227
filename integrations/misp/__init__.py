"""MISP: what the site and its partners share about indicators, to look up and to match with events."""

from integrations.contract import Action
from integrations.misp.attributes import fetch_attributes
from integrations.misp.search import MISP, SEARCH

ACTIONS: tuple[Action, ...] = (SEARCH,)
CONNECTIONS = (MISP,)

__all__ = ["ACTIONS", "CONNECTIONS", "fetch_attributes"]
