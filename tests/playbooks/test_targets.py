"""What a containment hits, as its identity has it, and where a later request wants it besides."""

from __future__ import annotations

from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.rendering import differences, target_of, widened

KILL = ActionSpec(
    name="linux.kill_process",
    kind=ActionKind.CONTAINMENT,
    summary="End a process.",
    parameters=(
        Parameter(name="pid", type=ValueType.INTEGER, description="Its number."),
        Parameter(name="host", type=ValueType.HOST, description="Where."),
    ),
    target="pid",
    place="host",
)
BLOCK = ActionSpec(
    name="linux.block_ip",
    kind=ActionKind.CONTAINMENT,
    summary="Block an address.",
    parameters=(Parameter(name="ip", type=ValueType.IP, description="Which."),),
    target="ip",
    widens="hosts",
)


def test_the_same_number_on_two_hosts_is_two_targets() -> None:
    found = [target_of(KILL, {"pid": 4711, "host": host}) for host in ("web-1", "db-1")]
    assert found == ["4711 on web-1", "4711 on db-1"]
    assert target_of(KILL, {"host": "web-1"}) is None
    assert target_of(BLOCK, {"ip": "203.0.113.7", "hosts": ["web-1"]}) == "203.0.113.7"


def test_more_places_are_joined_and_none_means_everywhere() -> None:
    here = {"ip": "203.0.113.7", "hosts": ["web-1"]}
    assert widened(BLOCK, here, {"hosts": ["db-1", "web-1"]})["hosts"] == ["web-1", "db-1"]
    assert widened(BLOCK, here, {"hosts": ["web-1"]}) == here
    assert widened(BLOCK, here, {})["hosts"] is None
    assert widened(BLOCK, {"ip": "203.0.113.7"}, {"hosts": ["db-1"]}) == {"ip": "203.0.113.7"}
    assert widened(KILL, {"pid": 1, "host": "a"}, {"pid": 1, "host": "b"}) == {"pid": 1, "host": "a"}


def test_a_group_and_a_list_are_places_too_and_the_usual_one_is_not_said() -> None:
    leave = KILL.model_copy(
        update={
            "name": "ldap.remove_from_group",
            "parameters": (
                Parameter(name="user", type=ValueType.USER, description="Who."),
                Parameter(name="group", type=ValueType.TEXT, description="Where.", default="staff"),
            ),
            "target": "user",
            "place": "group",
        }
    )
    assert target_of(leave, {"user": "alice", "group": "admins"}) == "alice in admins"
    assert target_of(leave, {"user": "alice", "group": "staff"}) == "alice"


def test_what_another_request_wants_otherwise_is_said() -> None:
    spec = BLOCK.model_copy(
        update={
            "parameters": (
                *BLOCK.parameters,
                Parameter(name="side", type=ValueType.TEXT, description="Which packets."),
                Parameter(name="need", type=ValueType.TEXT, description="How.", manner=True),
                Parameter(name="connection", type=ValueType.TEXT, description="By what."),
            )
        }
    )
    here = {"ip": "203.0.113.7", "hosts": ["web-1"], "side": "in", "need": "all", "connection": "a"}
    assert differences(spec, here, {**here, "hosts": ["db-1"], "need": "reachable"}) == ()
    assert differences(spec, here, {**here, "side": "out"}) == ("side is in, not out",)
    assert differences(spec, here, {**here, "connection": "b"}) == ("connection is a, not b",)
    one = spec.model_copy(update={"widens": None})
    assert differences(one, here, {**here, "connection": "b"}) == (), "its identity has it"
