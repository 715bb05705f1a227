"""The matcher agrees with a slow reference, and its traps stay shut."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.intelligence import Claim, IndicatorKind, IndicatorTable, Side, Word
from rules.intelligence.networks import Networks
from tests.rules.intelligence import reference

OWN = ("203.0.113.128/25", "2001:db8:ffff::/48")
NOW = 1000.0

_octet = st.integers(0, 3)
_v4 = st.builds("203.0.{}.{}".format, st.sampled_from([112, 113]), st.sampled_from([0, 1, 7, 127, 128, 255]))
_v6 = st.builds("2001:db8:{}::{}".format, st.sampled_from(["0", "1", "ffff"]), st.sampled_from("17f"))
_inside = st.sampled_from(["10.0.0.7", "192.168.1.1", "127.0.0.1", "fe80::1", "::1"])
_label = st.sampled_from(["a", "b", "evil", "example", "co", "github"])
_name = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(_label, min_size=1, max_size=3),
    st.sampled_from(["com", "example", "co.uk", "github.io"]),
)
_hash = st.sampled_from([f"{digit}" * 64 for digit in "abc"] + ["d" * 32])
_email = st.builds("{}@{}".format, st.sampled_from(["eve", "mallory"]), _name)
_network = st.one_of(
    st.builds("203.0.{}.0/{}".format, st.sampled_from([112, 113]), st.sampled_from([24])),
    st.sampled_from(["203.0.112.0/23", "203.0.0.0/16", "203.0.113.0/30", "203.0.113.128/26", "192.0.0.0/9"]),
    st.sampled_from(["2001:db8::/32", "2001:db8:1::/48", "2001::/16", "2001:db8:ffff::/49"]),
)
_K = IndicatorKind
_value = st.one_of(
    st.tuples(st.just(_K.IP), st.one_of(_v4, _v6)),
    st.tuples(st.just(_K.NETWORK), _network),
    st.tuples(st.just(_K.DOMAIN), _name),
    st.tuples(st.just(_K.HASH), _hash),
    st.tuples(st.just(_K.EMAIL), _email),
)
_claim = st.builds(
    Claim,
    source=st.sampled_from(["one", "two"]),
    confidence=st.integers(0, 100),
    until=st.sampled_from([500, 2000]),
    since=st.sampled_from([0, 0, 1500]),
    subdomains=st.booleans(),
)
_known = st.lists(st.builds(lambda value, claim: (*value, claim), _value, _claim), max_size=12)


def _spelled(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda text, upper: text.upper() if upper else text, texts, st.booleans())


_address = st.one_of(_v4, _v6, _inside, st.builds("::ffff:{}".format, _v4), st.just("no address"))
_names = st.one_of(_spelled(_name), st.builds("{}.".format, _name), _v4)
_event = st.fixed_dictionaries(
    {},
    optional={
        "source.ip": _address,
        "destination.ip": st.one_of(_address, st.lists(_address, max_size=3)),
        "dns.answers.data": st.lists(st.one_of(_names, _address), max_size=3),
        "dns.question.name": _names,
        "url.domain": _names,
        "file.hash.sha256": _spelled(_hash),
        "process.hash.md5": _spelled(_hash),
        "email.from.address": st.lists(_spelled(_email), max_size=2),
        "host.ip": _v4,
        "related.ip": st.lists(_v4),
        "message": _v4,
        "server.ip": st.one_of(st.none(), st.integers(), _v4),
    },
)


@settings(max_examples=150, deadline=None)
@given(known=_known, events=st.lists(_event, min_size=1, max_size=4))
def test_agrees_with_the_reference(known: Any, events: list[dict[str, Any]]) -> None:
    table = IndicatorTable(OWN)
    for kind, value, claim in known:
        table.add(kind, value, claim)
    for event in [*events, *events]:  # the second time from memory
        found = {(one.field, one.kind.value, one.value) for one in table.match(event, NOW)}
        assert found == reference.found(known, event, NOW, OWN)


@settings(max_examples=50, deadline=None)
@given(known=_known, others=_known, event=_event)
def test_forgets_what_was_taken_back(known: Any, others: Any, event: dict[str, Any]) -> None:
    table = IndicatorTable(OWN)
    for kind, value, claim in known:
        table.add(kind, value, claim)
    table.match(event, NOW)
    for kind, value, _ in known:
        table.set(kind, value, ())
    assert len(table) == 0
    assert table.match(event, NOW) == []
    for kind, value, claim in others:
        table.add(kind, value, claim)
    found = {(one.field, one.kind.value, one.value) for one in table.match(event, NOW)}
    assert found == reference.found(others, event, NOW, OWN)


@pytest.mark.parametrize(
    ("listed", "event"),
    [
        ("evil.example/a?b=1", {"url.full": "https://EVIL.example:443/a?b=1#x"}),
        ("evil.example/a?b=1", {"url.original": "http://evil.example/%61?b=1"}),
        ("evil.example/a", {"url.domain": "evil.example", "url.path": "/a"}),
        ("evil.example:8080/a?q", {"url.domain": "evil.example", "url.path": "/a", "url.port": 8080,
                                   "url.query": "q"}),
    ],
)  # fmt: skip
def test_urls_are_compared_normalised(listed: str, event: dict[str, Any]) -> None:
    table = IndicatorTable()
    table.add(IndicatorKind.URL, listed, Claim("feed", 90, until=2000))
    assert [one.value for one in table.match(event, NOW)] == [listed]
    other = {name: "http://evil.example/b" if "/" in str(value) else value for name, value in event.items()}
    assert table.match(other, NOW) == []


def test_a_source_whose_word_has_ended_says_nothing() -> None:
    table = IndicatorTable()
    table.add(IndicatorKind.IP, "203.0.113.7", Claim("feed", 90))
    event = {"destination.ip": "203.0.113.7"}
    assert table.match(event, NOW) == []
    table.words["feed"] = Word(until=1500.0)
    assert [one.side for one in table.match(event, NOW)] == [Side.OUT]
    assert table.match(event, 1500.0) == []


def test_the_surest_source_comes_first() -> None:
    table = IndicatorTable()
    for name, confidence in (("b", 40), ("a", 90), ("c", 90)):
        table.add(IndicatorKind.IP, "203.0.113.7", Claim(name, confidence, until=2000))
    (match,) = table.match({"source.ip": "203.0.113.7"}, NOW)
    assert [claim.source for claim in match.claims] == ["a", "c", "b"]


def test_a_public_suffix_stands_for_itself_alone() -> None:
    table = IndicatorTable()
    table.add(IndicatorKind.DOMAIN, "github.io", Claim("feed", 90, until=2000))
    assert table.match({"dns.question.name": "alice.github.io"}, NOW) == []
    assert len(table.match({"dns.question.name": "github.io"}, NOW)) == 1


def test_cost_does_not_grow_with_the_number_of_indicators() -> None:
    """Counted in calls, not in seconds."""

    def calls(count: int) -> int:
        table = IndicatorTable()
        claim = Claim("feed", 90, until=2000)
        for number in range(count):
            table.set(IndicatorKind.DOMAIN, f"d{number}.example.org", (claim,))
            table.set(IndicatorKind.NETWORK, f"203.{number % 256}.{number // 256}.0/24", (claim,))
        made = 0

        def count_call(_frame: Any, kind: str, _argument: Any) -> None:
            nonlocal made
            made += kind in ("call", "c_call")

        gc.disable()  # it calls back whoever asked it to, at moments of its own
        sys.setprofile(count_call)
        try:
            for number in range(50):
                table.match(
                    {"dns.question.name": f"x{number}.example.net", "source.ip": f"198.51.0.{number}"}, 1
                )
        finally:
            sys.setprofile(None)
            gc.enable()
        return made

    assert calls(10_000) == calls(10)


def test_networks_of_any_length_are_found() -> None:
    networks: Networks[int] = Networks()
    for place, text in enumerate(("192.0.0.0/9", "192.0.2.0/24", "192.0.2.4/31", "2001:db8::/32")):
        networks.set(text, place)
    assert [name for name, _ in networks.holding("192.0.2.5")] == [
        "192.0.0.0/9",
        "192.0.2.0/24",
        "192.0.2.4/31",
    ]
    assert [name for name, _ in networks.holding("2001:db8::1")] == ["2001:db8::/32"]
    assert networks.holding("192.128.0.1") == []
    networks.remove("192.0.0.0/9")
    assert [name for name, _ in networks.holding("192.0.2.9")] == ["192.0.2.0/24"]
    assert networks.holding("192.1.1.1") == []
    assert len(networks) == 3
