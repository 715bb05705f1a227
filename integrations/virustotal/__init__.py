"""VirusTotal: what its scanners say of addresses, domains, URLs and files."""

from integrations.virustotal.lookups import LOOKUPS, VIRUSTOTAL

ACTIONS = LOOKUPS
CONNECTIONS = (VIRUSTOTAL,)
