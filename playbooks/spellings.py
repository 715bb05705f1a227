"""The ways in which one address, host or user may be written: what the guard protects under one of its names
it protects under all.

Pure: what only a directory or the inventory knows of names, `workers.weighing` asks them.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from playbooks.actions import ValueType
from playbooks.values import parse_value

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
CARRIERS = tuple(
    (ipaddress.IPv6Network(prefix), offset)
    for prefix, offset in (
        ("::ffff:0:0/96", 96),  # mapped: RFC 4291, 2.5.5.2
        ("::/96", 96),  # compatible: RFC 4291, 2.5.5.1
        ("::ffff:0:0:0/96", 96),  # translated: RFC 2765
        ("64:ff9b::/96", 96),  # NAT64: RFC 6052
        ("64:ff9b:1::/48", 96),  # NAT64 of a site's own: RFC 8215
        ("2002::/16", 16),  # 6to4: RFC 3056
        ("2001::/32", 32),  # Teredo, its server: RFC 4380
    )
)
"""IPv6 networks whose addresses only carry an IPv4 one, and at which bit that begins."""
TEREDO = ipaddress.IPv6Network("2001::/32")
OWN_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""Bits 64 to 96 of an address that carries an IPv4 one at its end: RFC 5214."""
LONGEST = 1024
"""Characters of a user's name, a distinguished one too."""
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
"""The last part of a host that a resolver takes for an address: ``0x0a.0.0.1``, ``10.1``, ``167772161``."""
_MAILBOX = re.compile(r"[^<]*<([^<>]+)>")
_SCHEME = re.compile(r"(?:smtp|mailto|sips?|xmpp|acct|user|serviceaccount|group|principal):", re.IGNORECASE)
_NAMING = frozenset(
    {"cn", "uid", "samaccountname", "userprincipalname", "mail", "name", "userid", "2.5.4.3",
     "0.9.2342.19200300.100.1.1", "0.9.2342.19200300.100.1.3"}
)  # fmt: skip
"""Attributes of a distinguished name's parts that may be what the guard calls a user: RFC 4519."""
_RDN = re.compile(r"\s*((?:oid\.)?[0-9.]+|[A-Za-z][A-Za-z0-9-]*)\s*=\s*((?:[^,+\\]|\\.)*)[,+]?")
_ESCAPED = re.compile(r"\\([0-9a-fA-F]{2}|.)")


def networks_of(network: Network) -> Iterator[Network]:
    """Yield a network, and the IPv4 networks that its addresses carry where it is an IPv6 one."""
    yield network
    if isinstance(network, ipaddress.IPv4Network):
        return
    first = int(network.network_address)
    for carrier, offset in CARRIERS:
        if network.overlaps(carrier):
            bits = max(0, min(32, network.prefixlen - offset))
            yield _at(first, offset, bits)
    if network.overlaps(TEREDO):  # its client, every bit turned
        yield _at(first ^ 0xFFFFFFFF, 96, max(0, network.prefixlen - 96))
    if network.prefixlen == 128 and network.subnet_of(OWN_NAT64):
        for offset in (48, 56, 64):  # around the bits 64 to 71, which are zero: RFC 6052, 2.2
            before = 64 - offset
            high = (first >> 64) & ((1 << before) - 1)
            low = (first >> (24 + before)) & ((1 << (32 - before)) - 1)
            yield ipaddress.IPv4Network(high << (32 - before) | low)
    if network.prefixlen >= 96 and (first >> 32) & 0xFFFFFFFF in ISATAP:
        yield _at(first, 96, network.prefixlen - 96)


def _at(number: int, offset: int, bits: int) -> ipaddress.IPv4Network:
    """Return the IPv4 network of so many bits at a place in an IPv6 address."""
    address = (number >> (96 - offset)) & 0xFFFFFFFF
    return ipaddress.IPv4Network((address >> (32 - bits) << (32 - bits) if bits else 0, bits))


def host_fault(text: str) -> str:
    """Return why a text is neither a host's name nor its address, in words; empty where it is one."""
    try:
        name = str(parse_value(ValueType.HOST, text))
    except ValueError as error:
        return str(error)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if _NUMBER.match(name.rpartition(".")[2]):
            return f"{text!r:.80} is an address in disguise: write it in four decimal numbers"
    return ""


def same_host(one: str, other: str) -> bool:
    """Whether two names, in lower case, may be one host: a short name is any host of that first part."""
    if one == other:
        return True
    return ("." not in one or "." not in other) and one.partition(".")[0] == other.partition(".")[0]


def user_fault(text: str) -> str:
    """Return why nobody can be sure whom a text names, empty where it is clear: signs that are not seen, or
    letters of two alphabets in one word (``раypal`` with a Cyrillic р)."""
    if len(text) > LONGEST:
        return f"a name of {len(text):,} characters; at most {LONGEST} are taken"
    if any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn") for one in text):
        return f"{ascii(text.strip())[:80]} holds characters that are not seen"
    for word in re.split(r"[\W\d_]+", unicodedata.normalize("NFKC", text)):
        scripts = {_script(one) for one in word} & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}
        if len(scripts) > 1:
            return f"{ascii(text.strip())[:80]} mixes letters of {' and '.join(sorted(scripts)).title()}"
    return ""


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def user_names(text: str) -> frozenset[str]:
    """Return the names that a text may give a user, in one spelling: as written, and without what goes around
    it. ``EXAMPLE\\alice``, ``alice@example.com``, ``CN=alice,OU=Staff,DC=example,DC=com``, ``'alice'@'%'``,
    ``arn:aws:iam::111122223333:user/ops/alice`` and ``smtp:alice@example.com`` all name alice.
    """
    whole = _plain(text)
    found = {whole}
    for name in (whole, _plain(unquote(whole))):
        found |= _parts(name)
    found |= {_without_accents(one) for one in found}
    return frozenset(one for one in found if one)


def _without_accents(name: str) -> str:
    """Active Directory takes ``jurgen`` for ``jürgen``: MS-UCODEREF, NORM_IGNORENONSPACE."""
    apart = unicodedata.normalize("NFKD", name)
    return "".join(one for one in apart if unicodedata.category(one) != "Mn")


def _parts(name: str) -> set[str]:
    found = {name}
    if inner := _MAILBOX.match(name):
        name = inner[1].strip()
    while scheme := _SCHEME.match(name):
        name = name[scheme.end() :]
    found.add(name)
    if "=" in name:
        for attribute, value in _RDN.findall(name):
            if attribute.casefold().removeprefix("oid.") in _NAMING:
                found |= _around(_plain(_ESCAPED.sub(_unescaped, value)))
    return found | _around(name)


def _unescaped(found: re.Match[str]) -> str:
    return bytes.fromhex(found[1]).decode("latin-1") if len(found[1]) == 2 else found[1]


def _around(name: str) -> set[str]:
    """Return a name without its domain, its realm and its quotes."""
    last = re.split(r"[\\/]", name)[-1]
    found = {name, last, name.partition("@")[0], last.partition("@")[0]}
    if name.startswith("arn:"):
        found.add(last.rpartition(":")[2])
    else:
        found |= {re.split(r"[\\/]", name.partition("@")[0])[-1], name.partition("@")[0].partition("/")[0]}
    found |= {one.strip("'\"` \\/,;:?#&").rstrip(".$") for one in found}
    return found | {one.partition("+")[0] for one in found}


def _plain(text: str) -> str:
    """Return a text as directories compare it: one width, one dash, no accents of composition, one case."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(
        "-" if unicodedata.category(one) == "Pd" else one for one in text if unicodedata.category(one) != "Cf"
    )
    return " ".join(text.split()).casefold()


def group_names(text: str) -> frozenset[str]:
    """Return the names that a text may give a group: as written, without its domain, and the ``cn`` of a
    distinguished name."""
    return user_names(text)
