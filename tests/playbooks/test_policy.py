"""The guard against hostile targets: none passes."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.guard import check_guard
from playbooks.policy import ApproversPolicy, GuardPolicy

GUARD = GuardPolicy(
    networks=("10.0.0.0/8", "192.0.2.53", "2001:db8:1::/48"),
    hosts=("DC-1.example.org",),
    users=("svc-backup",),
)
BLOCK = ActionSpec(
    name="wall.block",
    kind=ActionKind.CONTAINMENT,
    summary="Block.",
    parameters=(
        Parameter(name="ip", type=ValueType.IP, description="", required=False),
        Parameter(name="ips", type=ValueType.LIST, items=ValueType.IP, description="", required=False),
        Parameter(name="host", type=ValueType.HOST, description="", required=False),
        Parameter(name="user", type=ValueType.USER, description="", required=False),
    ),
    target="ip",
)


def refused_by(
    guard: GuardPolicy = GUARD, seconds: int | None = 60, recent: int = 0, **params: object
) -> str | None:
    refusal = check_guard(guard, BLOCK, params, seconds=seconds, applied_last_hour=recent)
    return refusal.rule if refusal else None


@pytest.mark.parametrize(
    "ip",
    [
        "10.1.2.3", "10.0.0.0/8", "192.0.2.53", "::ffff:10.1.2.3", "::ffff:a01:203",
        "2001:db8:1::7", "0.0.0.0/0", "::/0", "203.0.113.0/24", "203.0.113.7/0", "127.0.0.1", "::1",
        "169.254.169.254", "0", "167772161", "0x0a000001", "012.0.0.1", "10.1", "10.1.2.3 ",
        " 10.1.2.3", "10.1.2.3\n", "10.1.2.3/32/32", "１０.1.2.3", "10。1。2。3", "localhost",
        "evil.example", "xn--e1afmkfd.example", "$(reboot)", "203.0.113.7; reboot",
        "203.0.113.7\n10.1.2.3", "203.0.113.7,10.1.2.3", "", "*", "any", "fe80::1%eth0", "ff02::1",
        "224.0.0.1", "255.255.255.255", "203.0.113.7-203.0.113.9", "[2001:db8::1]",
        "203.0.113.7:22", "null", "-203.0.113.7", "+203.0.113.7", "203.0.113.07", "203.0.113.256",
        "::ffff:0:0/96", "::ffff:203.0.113.0/120",
    ],
)  # fmt: skip
def test_hostile_addresses_are_refused(ip: str) -> None:
    assert refused_by(ip=ip) is not None


@pytest.mark.parametrize(
    "value", [3405803783, 1.5, True, b"203.0.113.7", ["203.0.113.7", "10.0.0.1"], {"a": 1}]
)
def test_what_is_no_text_is_no_address(value: object) -> None:
    assert refused_by(ip=value) is not None


def test_a_stranger_passes() -> None:
    assert refused_by(ip="203.0.113.7") is None
    assert refused_by(ip="2001:db8:2::7") is None
    assert refused_by(ip="::ffff:203.0.113.7") is None


@pytest.mark.parametrize("host", ["dc-1.example.org", "DC-1.EXAMPLE.ORG.", " dc-1.example.org "])
def test_a_protected_host_in_any_spelling(host: str) -> None:
    assert refused_by(host=host) == "hosts"


@pytest.mark.parametrize("user", ["svc-backup", "SVC-Backup", " svc-backup"])
def test_a_protected_user_in_any_spelling(user: str) -> None:
    assert refused_by(user=user) == "users"


def test_limits() -> None:
    assert refused_by(ip="203.0.113.7", recent=20) == "max_per_hour"
    assert refused_by(ip="203.0.113.7", seconds=8 * 86_400) == "max_seconds"
    assert refused_by(ip="203.0.113.7", seconds=0) == "max_seconds"
    many = [str(ipaddress.ip_address("203.0.113.0") + number) for number in range(101)]
    assert refused_by(ips=many) == "targets"
    assert refused_by(ips=["203.0.113.7", "10.0.0.1"]) == "networks"


def test_an_empty_guard_lets_nothing_pass() -> None:
    assert refused_by(GuardPolicy(), ip="203.0.113.7") == "empty"


def test_exempt_opens_loopback_for_a_site_that_says_so() -> None:
    guard = GuardPolicy(networks=("127.0.0.1/32",), exempt=("127.0.0.0/8",))
    assert refused_by(guard, ip="127.66.6.6") is None
    assert refused_by(guard, ip="127.0.0.1") == "networks"


@given(st.ip_addresses(v=4, network="10.0.0.0/8"))
def test_no_spelling_of_a_protected_address_passes(address: ipaddress.IPv4Address) -> None:
    for text in (
        str(address),
        f"{address}/32",
        f"::ffff:{address}",
        f"::{address}",
        str(int(address)),
        hex(int(address)),
    ):
        if text.startswith("::") and not text.startswith("::ffff"):
            continue
        assert refused_by(ip=text) is not None, text


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    rule = refused_by(ip=text)
    if rule is None:
        ipaddress.ip_network(text)


def test_a_guard_with_nonsense_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"300\.1\.1\.1"):
        GuardPolicy(networks=("300.1.1.1",))


def test_an_empty_approver_group_is_refused() -> None:
    with pytest.raises(ValidationError, match="empty"):
        ApproversPolicy(groups={"responders": ()})


def test_an_unknown_group_has_no_members() -> None:
    assert ApproversPolicy(groups={"responders": ("U1",)}).members("leads") == frozenset()


def test_no_action_is_automatic_unless_the_site_says_so() -> None:
    def refusal(guard: GuardPolicy) -> str | None:
        found = check_guard(
            guard, BLOCK, {"ip": "203.0.113.7"}, seconds=60, applied_last_hour=0, automatic=True
        )
        return found.rule if found else None

    assert refusal(GUARD) == "automatic"
    assert refusal(GUARD.model_copy(update={"automatic": ("wall.other",)})) == "automatic"
    assert refusal(GUARD.model_copy(update={"automatic": ("wall.block",)})) is None
    assert refused_by(ip="203.0.113.7") is None
