"""The address or network that a block is about, as every firewall's action reads it."""

from __future__ import annotations

import ipaddress

from integrations.contract import ActionCall, ActionRefusedError
from playbooks.actions import Parameter, ValueType

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IP = Parameter(name="ip", type=ValueType.IP, description="The address or network to block.")


def network_of(call: ActionCall) -> Network:
    """Return the call's ``ip`` as a network, a single address as one of a single address.

    Raises `ActionRefusedError` for what is none, for one with bits of a host, for an IPv4 address in an IPv6
    one and for all of the Internet: the guard refuses these too, a firewall must not depend on it.
    """
    value = str(call.params["ip"])
    try:
        network = ipaddress.ip_network(value)
    except ValueError as error:
        raise ActionRefusedError(f"{value!r:.80} is no address or network") from error
    if network.prefixlen == 0:
        raise ActionRefusedError(f"{value} is all of the Internet: it can't be blocked")
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        raise ActionRefusedError(
            f"{value} is an IPv4 address in disguise: write {network.network_address.ipv4_mapped}"
        )
    if getattr(network.network_address, "scope_id", None):
        raise ActionRefusedError(f"{value} names an interface")
    return network


def shortest(network: Network) -> str:
    """Return how people write it: a single address without its prefix."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def same(text: object, network: Network) -> bool:
    """Whether a system's own way to write an address or network means exactly this one."""
    try:
        return ipaddress.ip_network(str(text)) == network
    except ValueError:
        return False
