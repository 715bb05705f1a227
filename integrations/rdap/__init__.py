"""RDAP, WHOIS's successor: who holds an address or a domain, and since when."""

from integrations.rdap.lookups import LOOKUPS, RDAP

ACTIONS = LOOKUPS
CONNECTIONS = (RDAP,)
