"""What may be told to a vendor who is asked about it: the one check of all lookups that leave the site.

A lookup tells its vendor what we look at. So addresses and names that mean something inside only, and
values that hold a secret, are refused before anything is sent. A connection that says ``private: true``
leads to a server of the site's own: it may be told of addresses and names inside, of secrets never.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from integrations.connections import Named
from integrations.contract import ActionRefusedError
from integrations.ports import Site
from playbooks.actions import ValueType
from playbooks.spellings import networks_of

INSIDE_NAMES = (
    "local", "localhost", "localdomain", "internal", "intranet", "private", "corp", "home", "lan",
    "home.arpa", "in-addr.arpa", "ip6.arpa", "onion", "test", "invalid",
)  # fmt: skip
"""Zones that no public name is in (RFC 6761, 6762, 8375; ICANN's reserved and colliding names)."""
DOCUMENTATION = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
)
"""Of nobody, so nobody is told of by them (RFC 5737, 3849, 9637)."""
SECRET_NAMES = re.compile(
    r"(?:^|[_.-])(?:pass(?:wd|word|phrase)?|pwd|secret|token|jwt|otp|auth|authorization|credentials?|session(?:_?id)?|"
    r"sid|sig|signature|(?:api|access|private|client)?_?key|code|assertion|saml(?:request|response))$",
    re.IGNORECASE,
)
"""Names of a URL's parameters whose values open something."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z", re.IGNORECASE
)
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
"""The last part of a host that is an address in disguise (WHATWG URL, ends in a number): ``0x0a.0.0x1``."""
_HEX = re.compile(r"[0-9a-fA-F]{32,128}\Z")


def check_disclosure(kind: ValueType, value: str, site: Site, *, private: bool = False) -> None:
    """Raise `ActionRefusedError` with the reason where a value may not be told to a vendor.

    `kind` is IP, DOMAIN, URL or HASH, and `value` must be one; `private` says that the vendor's server is
    the site's own.
    """
    if why := _inside(kind, value, private=private) or _own_name(kind, value, site, private=private):
        raise ActionRefusedError(f"{value!r:.80} is not sent out: {why}")
    plain = unquote(value)
    for name, given in site.connections.items():
        secrets = Named(name, str(given.get("kind")), given).secrets
        if any(secret in value or secret in plain for secret in secrets):
            raise ActionRefusedError(
                f"the value is not sent out: it holds a secret of the connection {name!r}"
            )


def _inside(kind: ValueType, value: str, *, private: bool) -> str:
    if kind is ValueType.IP:
        return _address(value, private=private)
    if kind is ValueType.HASH:
        return "" if _HEX.match(value) else "it is no hash in hex"
    if kind is ValueType.DOMAIN:
        return _name(value, private=private)
    return _url(value, private=private)


def _address(value: str, *, private: bool) -> str:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return "it is no single address"
    if getattr(address, "scope_id", None):
        return "it names an interface"
    mapped = getattr(address, "ipv4_mapped", None)
    forms = (
        [mapped] if mapped else [form.network_address for form in networks_of(ipaddress.ip_network(value))]
    )
    for form in forms:  # what an IPv6 address only carries is what is told
        if any(form in network for network in DOCUMENTATION if network.version == form.version):
            continue
        if form.is_multicast or form.is_unspecified or form.is_loopback:
            return "it is no address of a machine"
        if not (private or form.is_global):
            return "it is an address inside"
    return ""


def _name(value: str, *, private: bool) -> str:
    name = value.rstrip(".").lower()
    try:
        ascii_name = name.encode("ascii").decode() if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return "it is no domain name"
    if private and re.fullmatch(r"[a-z0-9-]{1,63}", ascii_name):
        return ""
    if not _NAME.match(ascii_name) or _NUMBER.match(ascii_name.rpartition(".")[2]):
        return "it is no domain name of the Internet"
    inside = any(ascii_name == zone or ascii_name.endswith(f".{zone}") for zone in INSIDE_NAMES)
    return "it is a name inside" if inside and not private else ""


def _own_name(kind: ValueType, value: str, site: Site, *, private: bool) -> str:
    """Say where a name, or a URL's host, is that of one of the site's own machines, or below it."""
    if private or kind not in (ValueType.DOMAIN, ValueType.URL):
        return ""
    name = (urlsplit(value).hostname or "") if kind is ValueType.URL else value
    name = name.rstrip(".").casefold()
    own = any(name == one or name.endswith(f".{one}") for one in site.inside_names if "." in one)
    return "the inventory has it as a machine inside" if own else ""


def _url(value: str, *, private: bool) -> str:
    if len(value) > 4096 or any(ord(one) < 33 or ord(one) == 127 for one in value):
        return "it is no URL"
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme not in {"http", "https"} or not host:
        return "it is no http or https URL"
    if parts.username is not None or parts.password is not None:
        return "it carries a user name or a password"
    for part in (parts.query, parts.fragment):
        for name, held in parse_qsl(part):
            if held and SECRET_NAMES.search(_CAMEL.sub("_", name)):
                return f"its parameter {name!r:.40} looks like a secret"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _name(host, private=private)
    return _address(host, private=private)
