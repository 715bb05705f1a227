"""AbuseIPDB: what others report of an address."""

from integrations.abuseipdb.check_ip import ABUSEIPDB, CHECK_IP

ACTIONS = (CHECK_IP,)
CONNECTIONS = (ABUSEIPDB,)
