"""What follows from the ends of a connection. The ids are of the specification's own baseline."""

from __future__ import annotations

from typing import Any

import pytest
from communityid import CommunityID, FlowTuple
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.flows import community_id, put_flow, put_transport


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ((6, "128.232.110.120", "66.35.250.204", 34855, 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        ((6, "66.35.250.204", "128.232.110.120", 80, 34855), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        ((17, "192.168.1.52", "8.8.8.8", 54585, 53), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        ((1, "192.168.0.89", "192.168.0.1", 8, 0), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
        ((6, "192.0.2.1", "192.0.2.2", 0, 80), None),
        ((1, "192.0.2.1", "192.0.2.2", None, 0), None),
    ],
)
def test_a_flow_has_one_id_in_both_directions(flow: Any, expected: str | None) -> None:
    assert community_id(*flow) == expected


@settings(deadline=None)
@given(
    st.sampled_from([6, 17, 132]),
    st.one_of(st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)), st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6))),
    st.integers(1, 65_535),
    st.integers(1, 65_535),
)  # fmt: skip
def test_ids_of_flows_with_ports_are_those_of_the_reference(
    protocol: int, ends: tuple[Any, Any], port: int, other: int
) -> None:
    source, destination = map(str, ends)
    reference = CommunityID().calc(FlowTuple(protocol, source, destination, port, other))
    assert community_id(protocol, source, destination, port, other) == reference
    assert community_id(protocol, destination, source, other, port) == reference


def test_sums_are_of_both_ends_and_a_stated_sum_stays() -> None:
    document: dict[str, Any] = {
        "source": {"ip": "192.0.2.1", "port": 40000, "bytes": 10, "packets": 1},
        "destination": {"ip": "192.0.2.2", "port": 80, "bytes": 90},
        "network": {"packets": 7},
    }
    put_transport(document, "TCP")
    put_flow(document)
    assert document["network"] == {
        "bytes": 100, "packets": 7, "type": "ipv4", "transport": "tcp", "iana_number": "6",
        "community_id": community_id(6, "192.0.2.2", "192.0.2.1", 80, 40000),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "transport", "number"),
    [(17, "udp", "17"), ("58", "ipv6-icmp", "58"), ("icmp6", "ipv6-icmp", "58"), ("201", None, "201")],
)
def test_a_protocol_is_a_number_or_a_name(value: Any, transport: str | None, number: str) -> None:
    document: dict[str, Any] = {}
    put_transport(document, value)
    assert document["network"].get("transport") == transport
    assert document["network"]["iana_number"] == number


@pytest.mark.parametrize("value", [None, "", "nonsense", "-1", "999", [], True])
def test_what_is_no_protocol_is_left_out(value: Any) -> None:
    document: dict[str, Any] = {}
    put_transport(document, value)
    put_flow(document)
    assert document == {}


def test_ends_of_two_families_have_no_id() -> None:
    assert community_id(6, "192.0.2.1", "2001:db8::1", 1, 2) is None
