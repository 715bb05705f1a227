"""What rules cost is added up over matchers and restarts."""

from __future__ import annotations

from pathlib import Path

from rules.rule import RuleText, parse_rules
from rules.sigma import compile_rules
from workers.rule_costs import FILE, CostKeeper, read_costs

RULE = RuleText(
    "one.yml",
    "title: One\nid: r-1\nlogsource: {product: linux}\n"
    "detection: {selection: {process.name: a}, more: {process.pid|gt: 5}, condition: selection and more}\n",
)


def test_costs_add_up(tmp_path: Path) -> None:
    for turn in (1, 2):
        matcher = compile_rules(parse_rules([RULE]).detections)
        keeper = CostKeeper(tmp_path)
        for pid in (1, 9):
            matcher.match({"event.module": "linux", "process.name": "a", "process.pid": pid})
            keeper.keep(matcher.costs())
        matcher.match({"event.module": "linux", "process.name": "b"})
        keeper.keep(matcher.costs())
        found = read_costs(tmp_path)["r-1"]
        assert (found.runs, found.hits) == (2 * turn, turn)
        assert found.seconds > 0
    (tmp_path / FILE).write_text("[1]")
    assert read_costs(tmp_path) == {}
