# ruff: noqa: E501  lists of cases
"""Targets in disguise: each is refused with a reason, as a playbook would ask for it and by the guard alone, and
what only looks like them passes."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.guard import Refusal, Weighed, check_guard
from playbooks.policy import GuardPolicy
from playbooks.spellings import networks_of, user_names
from playbooks.values import parse_parameters

WALL = ActionSpec(
    name="wall.cut_off",
    kind=ActionKind.CONTAINMENT,
    summary="Cut something off.",
    parameters=(
        Parameter(name="ip", type=ValueType.IP, description="An address.", required=False),
        Parameter(name="host", type=ValueType.HOST, description="A host.", required=False),
        Parameter(name="user", type=ValueType.USER, description="A user.", required=False),
        Parameter(name="group", type=ValueType.TEXT, description="A group.", required=False),
        Parameter(
            name="ips", type=ValueType.LIST, items=ValueType.IP, description="Several.", required=False
        ),
    ),
    target="ip",
)
GUARD = GuardPolicy(
    networks=("10.0.0.0/8", "192.0.2.53", "2001:db8:5::/48", "::ffff:198.51.100.0/120"),
    hosts=("dc-*", "db-1.example.com", "192.0.2.60"),
    users=("svc-*", "EXAMPLE\\root", "ops@example.com", "S-1-5-21-*-500", "jürgen"),
    groups=("Domain Admins",),
)
ADDRESSES = (
    # the address itself, in other spellings
    "10.0.0.1", " 10.0.0.1", "10.0.0.1\n", "10.0.0.1/32", "10.0.0.0/24", "2001:0DB8:0005:0000::1", "2001:db8:5:0:0:0:0:1",
    # carried in an IPv6 address
    "::ffff:10.0.0.1", "::ffff:a00:1", "::FFFF:0A00:0001", "::10.0.0.1", "::a00:1", "::ffff:0:10.0.0.1",
    "64:ff9b::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "64:ff9b:1:a00:0:100::", "64:ff9b:1:fe0a:0:1::",
    "2002:a00:1::", "2002:a00:1:2:3:4:5:6", "2001:0:a00:1::1", "2001:0:53aa:64c:0:1234:f5ff:fffe",
    "2001:db8::5efe:10.0.0.1", "2001:db8::200:5efe:a00:1", "::ffff:10.0.0.0/104", "2002:a00:1::/64",
    "::ffff:198.51.100.9", "198.51.100.9", "198.51.100.0/25",
    # loopback, link-local, multicast, broadcast and nothing
    "127.0.0.1", "127.1.2.3", "::1", "::", "0.0.0.0", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1",
    "2002:7f00:1::1", "169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "ff02::1", "224.0.0.1", "255.255.255.255",
    "64:ff9b::169.254.169.254", "0.0.0.1",
    # no addresses, to a strict eye
    "010.0.0.1", "012.0.0.1", "0xa.0.0.1", "0x0a000001", "167772161", "10.1", "10.0.1", "10.0.0.1.", "10.0.0.256", "1e1.0.0.1",
    "１０.0.0.1", "١٠.0.0.1", "10。0。0。1", "10．0．0．1", "10.0.0.¹", "fe80::1%eth0", "10.0.0.1%lo", "::ffff:10.0.0.1%1",
    "10.0.0.1\x00", "10.0.0.1,203.0.113.1", "10.0.0.1 203.0.113.1", "10.0.0.1;id", "$(id)", "[::1]", "::1]", "10.0.0.1:22",
    "localhost", "evil.example.com", "", "-", "0", "1::2::3", ":::", "10.0.0.0-10.0.0.9", "10.0.0.*", "1" * 5000,
    # networks that hold more than they say
    "0.0.0.0/0", "::/0", "10.0.0.0/255.0.0.0", "203.0.113.0/24", "203.0.113.7/31", "203.0.113.7/0", "203.0.113.7/-1",
    "203.0.113.7/33", "203.0.113.7/٣٢", "203.0.113.7/32/32", "2001:db8::/32", "2002::/16", "64:ff9b::/96", "::ffff:0:0/96",
    "64:ff9b::/64", "2001::/64", "::/64",
)  # fmt: skip
HOSTS = (
    "dc-1", "DC-1", "Dc-1.", "dc-1.example.com", "dc-1.EXAMPLE.com..", " dc-1", "dc-1\t", "db-1", "DB-1.example.COM", "db-1.",
    "192.0.2.60", "192.0.2.60.", "::ffff:192.0.2.60", "64:ff9b::c000:23c", "2002:c000:23c::1", "192.0.2.53",
    "127.0.0.1", "::1", "0.0.0.0", "3221226044", "0xc000023c", "0xc0.0.2.60", "0300.0.02.074", "192.0.572", "10.1",
    "dc‑1", "ｄｃ-1", "dс-1", "dc-1。example.com", "dc-1．example.com", "dc-1%00", "dc-1/..", "dc-1:22", "[192.0.2.60]",
    "dc-1;id", "$(dc-1)", "`dc-1`", "dc-1\n", "-dc-1", "dc-1 web-1", "dc_1..x", "a" * 254, f"{'a' * 64}.example.com", "",
)  # fmt: skip
USERS = (
    "svc-x", "SVC-X", " svc-x ", "EXAMPLE\\svc-x", "EXAMPLE\\\\svc-x", ".\\svc-x", "EXAMPLE/svc-x", "svc-x@example.com",
    "svc-x@EXAMPLE.com", "EXAMPLE\\svc-x@example.com", "svc-x+1@example.com", "svc-x%40example.com", "svc-x/admin@EXAMPLE.COM",
    "CN=svc-x,OU=Services,DC=example,DC=com", "cn=svc\\2dx,dc=example", "CN=\\73vc-x,DC=example", "uid=svc-x+mail=a,dc=example",
    "UID = svc-x , dc=example", "example.com/Services/svc-x", "arn:aws:iam::111122223333:user/svc-x",
    "arn:aws:iam::111122223333:user/ops/svc-x", "arn:aws:sts::111122223333:assumed-role/a/svc-x",
    "serviceAccount:svc-x@project.iam.gserviceaccount.com", "projects/-/serviceAccounts/svc-x@p.iam.gserviceaccount.com",
    "smtp:svc-x@example.com", "SMTP:svc-x@example.com", "mailto:svc-x@example.com", "<svc-x@example.com>",
    "Backup <svc-x@example.com>", "'svc-x'@'%'", "`svc-x`@`localhost`", '"svc-x"', "svc-x$", "svc-x.", "ｓｖｃ-x", "svc‑x",
    "svc–x", "ſvc-x", "s\u200bvc-x", "\u200bsvc-x", "svc-x\u00ad", "svc\u2060-x", "\u202exc-cvs", "\ufeffsvc-x",
    "svc-х", "ѕvc-x", "root", "ROOT", "root@example.com", "example\\Root", "ops", "OPS@example.com", "ops@other.example",
    "S-1-5-21-1-2-3-500", "s-1-5-21-1-2-3-500", "krbtgt", "EXAMPLE\\krbtgt", "krbtgt@example.com", "svc-x\n", "", " ", "\x00svc-x",
    "arn:aws:iam::111122223333:root", "smtp:" * 1000, "x" * 5000, "jurgen", "JÜRGEN", "ju\u0308rgen", "svc-x\\", "svc-x,", "svc-x;", "svc-x:", "svc-x?",
    "2.5.4.3=svc-x,dc=example", "OID.2.5.4.3=svc-x", "0.9.2342.19200300.100.1.1=svc-x,dc=example", "\\\\pc-7\\svc-x",
)  # fmt: skip
GROUPS = (
    "Domain Admins", "domain admins", "DOMAIN  ADMINS", "EXAMPLE\\Domain Admins", "CN=Domain Admins,CN=Users,DC=example,DC=com",
    "Domain\u00a0Admins", "Ｄomain Admins", "Domain Admins ",
)  # fmt: skip
HOSTILE = [
    (name, value)
    for name, values in (("ip", ADDRESSES), ("host", HOSTS), ("user", USERS), ("group", GROUPS))
    for value in values
]


def refusal(guard: GuardPolicy = GUARD, weighed: Weighed | None = None, **params: Any) -> Refusal | None:
    return check_guard(guard, WALL, params, seconds=60, applied_last_hour=0, weighed=weighed)


def parsed(name: str, value: str) -> dict[str, Any] | None:
    """Return a playbook's parameters, None where they are refused in words that name the parameter."""
    try:
        return parse_parameters(WALL.parameters, {name: value})
    except ValueError as error:
        if name not in str(error):
            raise
        return None


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) > 200


@pytest.mark.parametrize(("name", "value"), HOSTILE, ids=lambda value: ascii(value)[:40])
def test_a_target_in_disguise_is_refused_with_the_reason(name: str, value: str) -> None:
    asked = parsed(name, value)
    if asked is not None:
        found = refusal(**asked)
        assert found is not None
        assert found.reason
    if name != "user" or value.strip():  # the guard alone, with a value that nobody parsed
        assert refusal(**{name: value}) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ip", "203.0.113.7"), ("ip", "2001:db8::7"), ("ip", "2001:db8:6::/64"), ("ip", "64:ff9b::203.0.113.7"),
        ("ip", "2002:cb00:7107::1"), ("ip", "11.0.0.1"), ("ip", "203.0.113.7/32"), ("ip", "fc00::1"),
        ("host", "web-1"), ("host", "mydc-1"), ("host", "db-1.example.org"), ("host", "db-10.example.com"), ("host", "i-0123abc"),
        ("host", "10.1.2.3"), ("host", "2001:db8::7"), ("host", "pc_7"), ("host", "win-2019"), ("host", "7zip.example.com"),
        ("user", "alice"), ("user", "EXAMPLE\\alice"), ("user", "alice@svc-portal.example.com"), ("user", "rooty"),
        ("user", "CN=alice,OU=svc-x,DC=ops"), ("user", "arn:aws:iam::111122223333:user/alice"), ("user", "иван"),
        ("user", "josé.garcía@example.com"), ("user", "'alice'@'%'"), ("user", "S-1-5-21-1-2-3-1105"), ("user", "développeur-01"),
        ("group", "Sales"), ("group", "CN=Sales,OU=Domain Admins,DC=example"), ("ips", ["203.0.113.7", "203.0.113.8"]),
    ],
)  # fmt: skip
def test_what_only_looks_like_it_passes(name: str, value: Any) -> None:
    assert refusal(**parse_parameters(WALL.parameters, {name: value})) is None


def test_ten_thousand_at_once_are_refused() -> None:
    many = [str(ipaddress.ip_address("203.0.112.0") + number) for number in range(10_000)]
    with pytest.raises(ValueError, match="at most 1,000"):
        parse_parameters(WALL.parameters, {"ips": many})
    found = refusal(ips=many)
    assert found is not None
    assert found.rule == "targets"
    hidden = refusal(ips=["203.0.113.7", "::ffff:10.0.0.1"])
    assert hidden is not None
    assert hidden.rule == "networks"


def test_a_target_is_protected_under_the_names_that_others_know() -> None:
    for weighed, rule in (
        (Weighed(aliases=("web-1", "DC-7.example.com")), "hosts"),
        (Weighed(aliases=("::ffff:192.0.2.60",)), "hosts"),
        (Weighed(users=("alice@example.com", "EXAMPLE\\svc-x")), "users"),
        (Weighed(users=("S-1-5-21-4-5-6-500",)), "users"),
        (Weighed(account="connection 'ldap' comes in as cn=siem"), "users"),
        (Weighed(groups=("CN=Domain Admins,CN=Users,DC=example,DC=com",)), "groups"),
        (Weighed(aliases_unknown="the directory is away"), "hosts"),
    ):
        found = refusal(weighed=weighed, user="alice", host="web-1")
        assert found is not None, weighed
        assert found.rule == rule


def test_networks_that_carry_others_name_them() -> None:
    carried = {str(one) for one in networks_of(ipaddress.ip_network("2001:0:c000:235:0:0:f5ff:fffe"))}
    assert carried >= {"192.0.2.53/32", "10.0.0.1/32"}
    assert list(networks_of(ipaddress.ip_network("203.0.113.7"))) == [ipaddress.ip_network("203.0.113.7")]


def test_a_user_s_names_leave_out_where_it_is() -> None:
    assert "example" not in user_names("EXAMPLE\\alice") | user_names("alice@example")
    assert "services" not in user_names("CN=alice,OU=Services,DC=example")
