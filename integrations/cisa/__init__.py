"""CISA: vulnerabilities that are known to be exploited."""

from integrations.cisa.known_exploited import CISA, KNOWN_EXPLOITED

ACTIONS = (KNOWN_EXPLOITED,)
CONNECTIONS = (CISA,)
