"""GreyNoise: who scans the whole Internet, and who is known to be harmless."""

from integrations.greynoise.lookup_ip import GREYNOISE, LOOKUP_IP

ACTIONS = (LOOKUP_IP,)
CONNECTIONS = (GREYNOISE,)
