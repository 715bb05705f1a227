"""What each rule costs and finds, measured by the sweep and kept for `siem rules list --cost`.

The matcher counts runs, hits and nanoseconds of each rule as it works. The sweep adds what is new to a
file in the data folder now and then and when it ends, so the sums outlive it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rules.rule import Rule, RuleText
from rules.rule_header import new_id
from rules.sigma import RuleCost

INDICATORS = Rule(
    name="threat-intelligence",
    id=new_id("threat-intelligence"),
    title="All indicators of compromise",
    source=RuleText("intelligence: in siem.yaml", ""),
)
"""Stands for all indicators where rules' costs are counted."""
FILE = "rules.costs.json"


@dataclass(frozen=True)
class Cost:
    runs: int = 0
    """How often a part of the rule was found in an event, so that the rule was looked at."""
    hits: int = 0
    seconds: float = 0.0
    """In the rule itself; the search that all rules share is in none."""


def read_costs(data: Path) -> dict[str, Cost]:
    """Return what has been measured, by rule id; nothing where there is no file, or a broken one."""
    try:
        found = json.loads((data / FILE).read_text(encoding="utf-8"))
        return {
            str(rule): Cost(int(runs), int(hits), float(spent)) for rule, (runs, hits, spent) in found.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


class CostKeeper:
    """Adds up what one matcher costs."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._counted: dict[str, Cost] = {}

    def keep(self, costs: Iterable[RuleCost]) -> None:
        """Add what came since the last call. Raises OSError where the folder can't be written."""
        known = read_costs(self._data)
        for each in costs:
            rule = each.rule.id
            now = Cost(each.runs, each.hits, each.seconds)
            before, total = self._counted.get(rule, Cost()), known.get(rule, Cost())
            if now.runs < before.runs:  # the rules were loaded anew, and counted from nothing
                before = Cost()
            self._counted[rule] = now
            known[rule] = Cost(
                total.runs + now.runs - before.runs,
                total.hits + now.hits - before.hits,
                total.seconds + now.seconds - before.seconds,
            )
        path = self._data / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        rows = {rule: [one.runs, one.hits, round(one.seconds, 9)] for rule, one in known.items()}
        draft.write_text(json.dumps(rows), encoding="utf-8")
        draft.replace(path)
