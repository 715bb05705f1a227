"""A path is drawn from what events say by their ECS categorisation, whoever sent them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.alerts import Alert, EventRef, Severity
from rules.attack_path import MOST_EDGES, AttackPath, rebuild
from rules.ecs import nest, timestamp
from rules.entities import Entity
from rules.grouping import facts_of
from rules.path_drawing import to_mermaid, to_svg

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


class Story:
    """Events in the order they are told."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, seconds: float, category: str, kind: str, outcome: str = "success", **fields: Any) -> None:
        named = {name.replace("__", "."): value for name, value in fields.items()}
        flat = {
            "event.id": f"e{len(self.events):03d}",
            "@timestamp": timestamp(START + timedelta(seconds=seconds)),
            "event.category": category.split(),
            "event.type": kind.split(),
            "event.outcome": outcome,
            **named,
        }
        self.events.append(nest(flat))

    def path(self, *, count: int | None = None, named: int | None = None) -> AttackPath:
        ids = [each["event"]["id"] for each in self.events]
        shown = ids if named is None else ids[:named]
        alert = Alert(
            id="alr-1",
            rule="r",
            rule_id="r",
            title="T",
            severity=Severity.HIGH,
            risk=70,
            entities=(Entity.parse("ip:198.51.100.7"), Entity.parse("host:web-1")),
            evidence=tuple(EventRef(id=name) for name in shown),
            evidence_count=count or len(shown),
            first=START,
            last=START + timedelta(hours=1),
            detected=START,
            attack=("T1110",),
            summary="S.",
        )
        return rebuild(facts_of([alert]), [alert], self.events)


def guess(story: Story, times: int) -> None:
    for turn in range(times):
        user = ("root", "alice", "bob")[turn % 3]
        story.add(
            turn, "authentication", "info", "failure",
            source__ip="198.51.100.7", user__name=user, host__name="web-1",
            host__ip=["127.0.0.1", "10.0.0.5"],
        )  # fmt: skip


def break_in(times: int = 9) -> Story:
    story = Story()
    guess(story, times)
    story.add(
        60, "authentication session", "start",
        source__ip="198.51.100.7", user__name="alice", host__name="web-1",
    )  # fmt: skip
    return story


def edges(path: AttackPath) -> list[tuple[str, str, str]]:
    return [(str(edge.source), edge.label, str(edge.target)) for edge in path.edges]


def roles(path: AttackPath) -> dict[str, str]:
    return {str(node.entity): node.role for node in path.nodes}


def test_failed_logins_are_one_edge_with_a_count() -> None:
    path = break_in().path()
    assert edges(path) == [
        ("ip:198.51.100.7", "9 failed logins as root and 2 other users", "host:web-1"),
        ("ip:198.51.100.7", "logged in as alice", "host:web-1"),
        ("host:web-1", "session as", "user:alice"),
    ]
    assert path.edges[0].count == 9
    assert len(path.edges[0].events) == 9
    assert path.edges[0].attack == ("T1110",)
    assert roles(path) == {"ip:198.51.100.7": "entry", "host:web-1": "foothold", "user:alice": "foothold"}
    assert path.summary == "198.51.100.7 logged in as alice on web-1 after 9 failed logins within 60 seconds."
    times = [edge.first for edge in path.edges]
    assert times == sorted(times)


def test_what_an_alert_counts_and_does_not_name_is_counted() -> None:
    story = Story()
    guess(story, 99)
    story.add(
        200, "authentication", "start", source__ip="198.51.100.7", user__name="alice", host__name="web-1"
    )
    path = story.path(count=148)
    assert path.edges[0].count == 147
    assert path.edges[0].label.startswith("147 failed logins")
    assert len(path.edges[0].events) == 10
    assert path.edges[1].count == 1


def test_privileges_accounts_files_and_the_next_host() -> None:
    story = break_in()
    story.add(
        90, "authentication process", "start", user__name="alice", user__effective__name="root",
        host__name="web-1", process__command_line="/bin/su -",
    )  # fmt: skip
    story.add(
        100, "iam", "user creation", user__name="root", user__target__name="mallory", host__name="web-1"
    )
    story.add(
        101, "iam", "group change", user__name="root", user__target__name="mallory", group__name="sudo",
        host__name="web-1",
    )  # fmt: skip
    story.add(110, "file", "change", user__name="root", file__path="/etc/passwd", host__name="web-1")
    story.add(120, "authentication", "start", user__name="deploy", source__ip="10.0.0.5", host__name="db-1")
    story.add(
        130, "network", "connection start", host__name="db-1", destination__ip="203.0.113.99",
        destination__port=443,
    )  # fmt: skip
    path = story.path()
    assert edges(path)[3:] == [
        ("user:alice", "became root: /bin/su -", "user:root"),
        ("user:root", "created the account", "user:mallory"),
        ("user:root", "added to sudo", "user:mallory"),
        ("user:root", "changed the file", "file:/etc/passwd"),
        ("host:web-1", "logged in as deploy", "host:db-1"),
        ("host:db-1", "session as", "user:deploy"),
        ("host:db-1", "connected to port 443", "ip:203.0.113.99"),
    ]
    assert roles(path)["host:db-1"] == "pivot"
    assert roles(path)["file:/etc/passwd"] == "target"
    assert "alice became root by running /bin/su -." in path.summary
    assert "The account mallory was created by root." in path.summary
    assert "web-1 logged in as deploy on db-1." in path.summary


def test_a_cloud_login_has_no_host() -> None:
    story = Story()
    story.add(0, "authentication", "start", source__ip="198.51.100.7", user__name="alice")
    assert edges(story.path()) == [("ip:198.51.100.7", "logged in as alice", "user:alice")]


def test_an_attack_that_failed_is_told_too() -> None:
    story = Story()
    guess(story, 6)
    path = story.path()
    assert path.summary == "198.51.100.7 failed to log in 6 times as root and 2 other users on web-1."
    assert roles(path) == {"ip:198.51.100.7": "entry", "host:web-1": "target"}


def test_nothing_to_draw_still_names_whom_it_is_about() -> None:
    path = Story().path()
    assert path.edges == ()
    assert roles(path) == {"ip:198.51.100.7": "seen", "host:web-1": "seen"}
    assert path.summary == "S."
    ElementTree.fromstring(to_svg(path))


def test_too_many_edges_are_cut_and_said() -> None:
    story = Story()
    for number in range(MOST_EDGES + 5):
        story.add(number, "file", "deletion", user__name="alice", file__path=f"/srv/{number}")
    path = story.path()
    assert len(path.edges) == MOST_EDGES
    assert path.summary.endswith(f"{MOST_EDGES + 5 - 8} more steps follow.")


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    root = ElementTree.fromstring(svg)
    found = []
    for rect in root.iter(f"{SVG}rect"):
        x, y, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        found.append((x, y, x + width, y + height))
        assert x >= 0
        assert x + width <= float(root.attrib["width"])
        assert y + height <= float(root.attrib["height"])
    return found


def overlap(svg: str) -> bool:
    found = boxes(svg)
    return any(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
        for i, a in enumerate(found)
        for b in found[i + 1 :]
    )


NAMES = st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip()))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["198.51.100.7", "203.0.113.9", "10.0.0.5", ""]),
            NAMES,
            st.one_of(st.just("web-1"), NAMES),
            st.sampled_from(
                ["authentication start", "iam user", "file change", "network connection", "process start"]
            ),
            NAMES,
        ),
        max_size=12,
    )
)
def test_any_path_is_drawn_without_overlap_and_without_markup_of_others(drawn: list[tuple[str, ...]]) -> None:
    story = Story()
    for place, (address, user, host, what, detail) in enumerate(drawn):
        category, kind = what.split()
        story.add(
            place, category, kind, source__ip=address, user__name=user, host__name=host,
            user__target__name=detail, file__path=detail, destination__ip="192.0.2.1",
            process__command_line=detail,
        )  # fmt: skip
    path = story.path()
    svg = to_svg(path)
    assert not overlap(svg)
    lines = to_mermaid(path).splitlines()
    assert lines[0] == "flowchart TD"
    assert all(line.startswith("    ") for line in lines[1:])
    assert all(line.count('"') in (0, 2) for line in lines)


def test_hostile_names_stay_text() -> None:
    story = Story()
    story.add(
        0, "authentication", "start", source__ip="198.51.100.7",
        user__name='<script>alert("x")</script>', host__name='web"]-->x\n\x00',
    )  # fmt: skip
    path = story.path()
    root = ElementTree.fromstring(to_svg(path))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "defs", "marker", "path", "rect", "text", "g",
    }  # fmt: skip
    assert "<script" not in to_mermaid(path)
