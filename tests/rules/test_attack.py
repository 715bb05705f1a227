"""ATT&CK tags are held against the list, and the matrix counts each technique where it belongs."""

from __future__ import annotations

from rules.attack import cover
from rules.coverage_drawing import to_chart
from rules.rule import RuleText, parse_rules
from workers.rule_files import attack_list, library_texts

ATTACK = attack_list()
HEAD = "title: One\nlogsource: {product: linux}\ndetection: {a: {b: c}, condition: a}\n"


def faults(*tags: str) -> list[str]:
    text = HEAD + "tags:\n" + "".join(f"  - {tag}\n" for tag in tags)
    rules = parse_rules([RuleText("one.yml", text)])
    return [str(fault) for rule in rules.detections for fault in ATTACK.faults_of(rule)]


def test_tags_are_checked_with_their_place() -> None:
    assert (
        faults("attack.t1110.001", "attack.lateral-movement", "attack.lateral_movement", "cve.2020-1") == []
    )
    assert faults("attack.defense-evasion", "attack.t1562.001", "attack.g0016", "attack.s0002") == []
    first, second, third = faults("attack.t9999", "attack.credential-acess", "attack.t1110.999")
    assert first.startswith("one.yml:5:5: ATT&CK has no technique T9999")
    assert "did you mean attack.credential-access?" in second
    assert "did you mean attack.t1110?" in third


def test_the_library_uses_known_tags() -> None:
    rules = parse_rules(library_texts())
    every = [*rules.detections, *rules.correlations]
    assert [str(fault) for rule in every for fault in ATTACK.faults_of(rule)] == []


def test_a_technique_counts_under_each_of_its_tactics() -> None:
    texts = [
        RuleText("a.yml", HEAD.replace("One", "A") + "tags: [attack.t1078.004, attack.t1078]\n"),
        RuleText("b.yml", HEAD.replace("One", "B") + "tags: [attack.persistence]\n"),
        RuleText("c.yml", HEAD.replace("One", "C") + "tags: [attack.t1562]\n"),
    ]
    found = cover(parse_rules(texts).detections, ATTACK)
    cells = {(cell.tactic, cell.technique): cell.rules for cell in found.cells}
    tactics = [tactic for tactic, technique in cells if technique == "T1078"]
    assert tactics == list(ATTACK.techniques["T1078"].tactics)
    assert len(tactics) > 1
    assert all(cells[tactic, "T1078"] == ("a",) for tactic in tactics)
    assert found.covered == 1
    assert found.untagged == ("b",)
    assert found.unknown == {"T1562": 1}
    chart = to_chart(found, ATTACK, "title")
    assert sum(value["count"] == "1" for value in chart["data"]["values"]) == len(tactics)
