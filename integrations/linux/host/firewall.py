"""Blocks of addresses in nftables: a table of our own, ``inet siem``, with timed sets and one rule a direction.

The kernel itself ends an element when its time is over, and counts what it drops, element by element. Each
element's comment is our mark: ``siem:<key>``. The table is there only while something is blocked, so that after
the last release the ruleset is what it was. https://wiki.nftables.org/wiki-nftables/index.php/Sets
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from integrations.linux.host.surroundings import needed
from integrations.linux.host.system import FailedError, RefusedError, command, key_of, need, tool

TABLE = "siem"
MARK = "siem:"
PRIORITY = -10
"""Before the usual filters (0): what is dropped here can't be accepted there."""
SETS = {
    "blocked4": ("ipv4_addr", "timeout", "ip"),
    "blocked6": ("ipv6_addr", "timeout", "ip6"),
    "networks4": ("ipv4_addr", "interval,timeout", "ip"),
    "networks6": ("ipv6_addr", "interval,timeout", "ip6"),
}
"""Networks have sets of their own, since only sets without intervals find an element at once."""
CHAINS = {"input": ("saddr",), "forward": ("saddr", "daddr"), "output": ("daddr",)}
SOON = 2
"""Seconds by which an end may differ from the wanted one."""


def block(request: dict[str, Any]) -> dict[str, Any]:
    """Put the address into its set, replacing an older element of ours, and end what it has open."""
    key, network = key_of(request), network_of(request)
    seconds = _seconds(request)
    for address, what in needed().items():
        if ipaddress.ip_address(address) in network:
            raise RefusedError(f"{network} holds {address}, {what}")
    table = _table()
    name, value = _place(network)
    there = _element(table, network)
    lines = [] if _whole(table) else _table_text()
    if there is None or not _same(there, key, seconds):
        timed = "" if seconds is None else f" timeout {seconds}s"
        element = f'{value}{timed} comment "{MARK}{key}"'
        lines += [
            f"add element inet {TABLE} {name} {{ {value} }}",
            f"delete element inet {TABLE} {name} {{ {value} }}",
            f"add element inet {TABLE} {name} {{ {element} }}",
        ]
    if lines:
        nft(lines)
    _end_connections(network)
    return {"changed": bool(lines)}


def unblock(request: dict[str, Any]) -> dict[str, Any]:
    """Take our element out; what somebody else put there stays. The last one takes the table with it."""
    key, network = key_of(request), network_of(request)
    table = _table()
    there = _element(table, network)
    ours = there is not None and there["comment"] == MARK + key
    if ours:
        name, value = _place(network)
        nft([f"delete element inet {TABLE} {name} {{ {value} }}"])
        table = _table()
        if (left := _element(table, network)) is not None and left["comment"] == MARK + key:
            raise FailedError(f"nft said nothing, but {network} is still in the set")
    if table is not None and not any(table["sets"].values()):
        nft([f"delete table inet {TABLE}"])
    return {"changed": ours}


def look(request: dict[str, Any]) -> dict[str, Any]:
    """Ask the kernel: is the element there with our mark, do all rules stand, how much was dropped?"""
    key, network = key_of(request), network_of(request)
    table = _table()
    there = _element(table, network)
    if there is None:
        return {"in_force": False, "why": "it is not in the set"}
    if there["comment"] != MARK + key:
        return {"in_force": False, "why": f"it is there under another mark ({there['comment'][:80]})"}
    if not _whole(table):
        return {"in_force": False, "why": "the rules that drop it are not whole"}
    return {"in_force": True, "why": "", "packets": there["packets"], "expires": there["expires"]}


def marks(request: dict[str, Any]) -> dict[str, Any]:
    del request
    table = _table()
    elements = [one for found in (table or {"sets": {}})["sets"].values() for one in found]
    return {
        "marks": [
            {"key": one["comment"][len(MARK) :], "ip": one["value"]}
            for one in elements
            if one["comment"].startswith(MARK)
        ]
    }


def sessions(request: dict[str, Any]) -> dict[str, Any]:
    """Return how many connections the address has open now."""
    network = network_of(request)
    return {"open": len(_sockets(network).splitlines())}


def network_of(request: dict[str, Any]) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    text = request.get("ip")
    try:
        if not isinstance(text, str) or len(text) > 64 or "%" in text:
            raise ValueError(text)
        network = ipaddress.ip_network(text)
    except ValueError:
        raise RefusedError(f"{str(text)[:64]!r} is no address or network") from None
    mapped = isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped
    if mapped or network.is_loopback or network.prefixlen < 8:
        raise RefusedError(f"{network} can't be blocked here")
    return network


def nft(lines: list[str]) -> None:
    """Apply lines in one transaction: all of them or none."""
    command(need("nft", "nftables"), "-f", "-", given="\n".join(lines) + "\n")


def list_table(name: str) -> list[dict[str, Any]] | None:
    """Return the objects of a table of ours, None where there is none."""
    program = need("nft", "nftables")
    try:
        text = command(program, "-j", "list", "table", "inet", name)
    except FailedError as error:
        if "No such file or directory" in str(error):
            return None
        raise
    objects: list[dict[str, Any]] = json.loads(text)["nftables"]
    return objects


def _table_text() -> list[str]:
    lines = [f"add table inet {TABLE}"]
    for name, (kind, flags, _) in SETS.items():
        lines.append(f"add set inet {TABLE} {name} {{ type {kind}; flags {flags}; counter; }}")
    for chain, directions in CHAINS.items():
        hook = f"type filter hook {chain} priority {PRIORITY}; policy accept;"
        lines += [f"add chain inet {TABLE} {chain} {{ {hook} }}", f"flush chain inet {TABLE} {chain}"]
        for name, (_, _, family) in SETS.items():
            for direction in directions:
                lines.append(f"add rule inet {TABLE} {chain} {family} {direction} @{name} counter drop")
    return lines


def _wanted_rules() -> set[tuple[str, str, str, str]]:
    return {
        (chain, family, direction, f"@{name}")
        for chain, directions in CHAINS.items()
        for direction in directions
        for name, (_, _, family) in SETS.items()
    }


def _table() -> dict[str, Any] | None:
    """Return what the kernel has of our table: elements by set, hooks, rules."""
    objects = list_table(TABLE)
    if objects is None:
        return None
    sets: dict[str, list[dict[str, Any]]] = {}
    hooks, rules, odd = set(), [], 0
    for one in objects:
        if "set" in one:
            sets[one["set"]["name"]] = [_read(element) for element in one["set"].get("elem", ())]
        elif "chain" in one and one["chain"].get("hook"):
            hooks.add((one["chain"]["name"], one["chain"]["hook"], one["chain"]["prio"]))
        elif "rule" in one:
            rule = _read_rule(one["rule"])
            odd += rule is None
            rules += [rule] if rule is not None else []
    return {"sets": sets, "hooks": hooks, "rules": rules, "odd": odd}


def _read_rule(rule: dict[str, Any]) -> tuple[str, str, str, str] | None:
    """Return (chain, family, direction, set) of a rule that drops, None for any other."""
    try:
        match, _, last = rule["expr"]
        payload = match["match"]["left"]["payload"]
        plain = match["match"]["op"] == "==" and "drop" in last
        found = (rule["chain"], payload["protocol"], payload["field"], match["match"]["right"])
    except (KeyError, TypeError, ValueError):
        return None
    return found if plain else None


def _read(element: Any) -> dict[str, Any]:
    inner = element["elem"] if isinstance(element, dict) and "elem" in element else {"val": element}
    value = inner["val"]
    if isinstance(value, dict) and "prefix" in value:
        value = f"{value['prefix']['addr']}/{value['prefix']['len']}"
    return {
        "value": str(value),
        "comment": str(inner.get("comment", "")),
        "expires": inner.get("expires"),
        "packets": inner.get("counter", {}).get("packets", 0),
    }


def _whole(table: dict[str, Any] | None) -> bool:
    """Whether every set, hook and rule stands as it should, and nothing else does."""
    if table is None or table["odd"]:
        return False
    hooks = {(chain, chain, PRIORITY) for chain in CHAINS}
    rules = table["rules"]
    wanted = _wanted_rules()
    return set(table["sets"]) >= set(SETS) and table["hooks"] >= hooks and set(rules) == wanted


def _place(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> tuple[str, str]:
    """Return the set that an address or a network belongs in, and how it is written there."""
    if network.prefixlen == network.max_prefixlen:
        return f"blocked{network.version}", str(network.network_address)
    return f"networks{network.version}", str(network)


def _element(
    table: dict[str, Any] | None, network: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> dict[str, Any] | None:
    name, value = _place(network)
    elements: list[dict[str, Any]] = (table or {"sets": {}})["sets"].get(name, [])
    return next((one for one in elements if one["value"] == value), None)


def _seconds(request: dict[str, Any]) -> int | None:
    seconds = request.get("seconds")
    if seconds is None:
        return None
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= 366 * 86400:
        raise RefusedError("the time to live is none")
    return seconds


def _same(there: dict[str, Any], key: str, seconds: int | None) -> bool:
    if there["comment"] != MARK + key:
        return False
    if seconds is None or there["expires"] is None:
        return seconds is None and there["expires"] is None
    return abs(int(there["expires"]) - seconds) <= SOON


def _sockets(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    program = tool("ss")
    if program is None:
        return ""
    return command(program, "-H", "-n", "-t", "-u", "state", "connected", *_peer(network))


def _peer(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> list[str]:
    """Return the filter of ss for a peer; a socket for both families sees IPv4 mapped into IPv6."""
    if network.version == 6:
        return ["dst", f"[{network.network_address}]/{network.prefixlen}"]
    return ["dst", f"{network.network_address}/{network.prefixlen}"]


def _end_connections(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
    """End what is open: its packets are dropped already, this frees what waits for it. Where the kernel or
    the host lack the means, it starves."""
    program = tool("ss")
    if program is not None:
        command(program, "-K", "-H", "-n", "-t", "-u", *_peer(network), accept=(0, 1, 255))
    program = tool("conntrack")
    if program is not None:
        family = "ipv6" if network.version == 6 else "ipv4"
        for side in ("--orig-src", "--orig-dst"):
            command(program, "-D", "-f", family, side, str(network), accept=(0, 1))
