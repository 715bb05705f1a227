"""The guard beyond addresses: patterns, groups, hours, quiet times, criticality, lifelines, overrides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from playbooks.guard import Weighed, check_guard
from playbooks.policy import GuardPolicy, QuietTime
from tests.playbooks.test_policy import BLOCK

NOW = datetime(2026, 3, 30, 23, 30, tzinfo=UTC)  # a Monday
NIGHT = QuietTime(reason="database upgrade", days=("mon",), start="22:00", end="02:00")
GUARD = GuardPolicy(
    networks=("10.0.0.0/8", "192.0.2.53"), hosts=("dc-*", "db-1.example.com"),
    users=("svc-*", "EXAMPLE\\root"), groups=("Domain Admins",), max_per_hour_of={"wall.block": 2},
)  # fmt: skip


def rule(guard: GuardPolicy = GUARD, **more: Any) -> str | None:
    params = {name: more.pop(name) for name in ("ip", "host", "user") if name in more}
    refusal = check_guard(guard, BLOCK, params, seconds=60, applied_last_hour=0, **more)
    return refusal.rule if refusal else None


@pytest.mark.parametrize(
    "host", ["dc-1", "DC-7.example.com", "db-1", "db-1.example.com", "DB-1", "192.0.2.53", "127.0.0.1"]
)
def test_protected_hosts_under_all_their_names(host: str) -> None:
    assert rule(host=host) in {"hosts", "never"}


@pytest.mark.parametrize("host", ["web-1", "mydc-1", "10.1.2.3", "db-10.example.com"])
def test_other_hosts_pass(host: str) -> None:
    assert rule(host=host) is None


@pytest.mark.parametrize(
    "user",
    [
        "svc-backup",
        "SVC-x@example.com",
        "EXAMPLE\\svc-x",
        "root",
        "root@example.com",
        "example\\ROOT",
        " root ",
    ],
)
def test_protected_users_under_all_their_names(user: str) -> None:
    assert rule(user=user) == "users"


def test_other_users_pass() -> None:
    assert rule(user="alice") is None


def test_members_of_protected_groups_are_protected() -> None:
    assert rule(user="alice", weighed=Weighed(groups=("domain admins",))) == "groups"
    assert rule(user="alice", weighed=Weighed(groups=("staff",))) is None


def test_an_action_has_its_own_most_an_hour_and_can_be_switched_off() -> None:
    assert rule(ip="203.0.113.7", of_this_action=1) is None
    assert rule(ip="203.0.113.7", of_this_action=2) == "max_per_hour"
    off = GuardPolicy(hosts=("x",), max_per_hour_of={"wall.block": 0})
    assert rule(off, ip="203.0.113.7") == "max_per_hour"


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        (NOW, True),
        (NOW.replace(day=31, hour=1), True),  # after midnight it is still Monday's window
        (NOW.replace(day=31, hour=2), False),
        (NOW.replace(day=31), False),
        (NOW.replace(hour=21, minute=59), False),
    ],
)
def test_quiet_times_over_midnight(moment: datetime, quiet: bool) -> None:
    guard = GUARD.model_copy(update={"quiet": (NIGHT,)})
    assert (rule(guard, ip="203.0.113.7", now=moment) == "quiet") is quiet


def test_quiet_times_of_other_actions_do_not_count() -> None:
    guard = GUARD.model_copy(
        update={"quiet": (NIGHT.model_copy(update={"actions": ("okta.suspend_user",)}),)}
    )
    assert rule(guard, ip="203.0.113.7", now=NOW) is None


@pytest.mark.parametrize(
    "wrong", [{"start": "25:00"}, {"end": "2:00"}, {"timezone": "Mars"}, {"days": ("noday",)}]
)
def test_a_quiet_time_is_read_strictly(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QuietTime(**{"reason": "why not", "start": "22:00", "end": "02:00"} | wrong)


def test_a_critical_asset_needs_two_people() -> None:
    critical = Weighed(criticality="critical")
    assert rule(host="web-1", weighed=critical) == "criticality"
    assert rule(host="web-1", weighed=critical, approvers=2) is None
    assert rule(host="web-1", weighed=Weighed(criticality="high")) is None
    strict = GUARD.model_copy(update={"second_approver_at": "medium"})
    assert rule(strict, host="web-1", weighed=Weighed(criticality="high")) == "criticality"
    none = GUARD.model_copy(update={"second_approver_at": None})
    assert rule(none, host="web-1", weighed=critical) is None


def test_an_override_passes_lists_where_two_people_agreed() -> None:
    assert rule(ip="10.1.2.3", override="it attacks us from inside", approvers=2) is None
    assert rule(ip="10.1.2.3", override="it attacks us from inside", approvers=1) == "networks"
    assert rule(user="svc-x", override="it attacks us from inside", approvers=2) is None


@pytest.mark.parametrize(
    "params",
    [
        {"ip": "0.0.0.0/0"},
        {"ip": "127.0.0.1"},
        {"ip": "::ffff:127.0.0.1"},
        {"ip": "no address"},
        {"ip": "203.0.113.0/24"},
    ],
)
def test_no_override_passes_a_hard_rule(params: dict[str, str]) -> None:
    assert rule(**params, override="it attacks us from inside", approvers=9) in {
        "address",
        "widest_prefix",
        "never",
    }


def test_no_override_cuts_this_system_off() -> None:
    lifeline = Weighed(own="203.0.113.7 is a name server that this system asks")
    assert (
        rule(ip="203.0.113.7", weighed=lifeline, override="it attacks us from inside", approvers=9) == "own"
    )


def test_nobody_overrides_by_himself() -> None:
    guard = GUARD.model_copy(update={"automatic": ("wall.block",)})
    assert rule(guard, ip="10.1.2.3", automatic=True, override="x" * 20, approvers=0) == "networks"


def test_hosts_may_be_named_by_their_network() -> None:
    guard = GuardPolicy(hosts=("192.0.2.0/28", "::ffff:198.51.100.7"))
    for host in ("192.0.2.3", "::ffff:192.0.2.3", "198.51.100.7"):
        assert rule(guard, host=host) == "hosts"
        assert rule(guard, ip=host) == "hosts"
    assert rule(guard, host="192.0.2.16") is None
    assert rule(guard, host="web-1", weighed=Weighed(aliases=("192.0.2.3",))) == "hosts"


@pytest.mark.parametrize(
    "wrong",
    [
        {"hosts": ("",)},
        {"users": (" ",)},
        {"groups": ("\t",)},
        {"users": ("svc-\u200b*",)},
        {"hosts": ("dс-1",)},
    ],
)
def test_a_guard_that_would_protect_nobody_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="guard: "):
        GuardPolicy(**wrong)
