"""Blocklists that firewalls poll: the portable way to block an address."""

from integrations.blocklist.block_ip import BlockIp

ACTIONS = (BlockIp(),)
