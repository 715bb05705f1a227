"""MISP: what the site and its partners share about indicators."""

from integrations.misp.search import MISP, SEARCH

ACTIONS = (SEARCH,)
CONNECTIONS = (MISP,)
