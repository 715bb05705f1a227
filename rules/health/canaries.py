"""Canaries: harmless events planted on schedule, which must come out as alerts.

They are told by their dataset, `DATASET`, and by ``labels.canary``; their alerts by the rule. Only their
absence is ever shown to people.
"""

from __future__ import annotations

from collections.abc import Mapping

from rules.alerts import Alert

DATASET = "siem.canary"
EVENT_RULE = "siem-canary-event"
BURST_RULE = "siem-canary-burst"
PATHS: Mapping[str, str] = {EVENT_RULE: "single-event rules", BURST_RULE: "correlations"}
"""Rule to the path of detection that it stands for."""
EVENT_ACTION = "canary-event"
BURST_ACTION = "canary-step"
BURST = 3
"""How many events the correlation needs."""
RULES = frozenset({*PATHS, "siem-canary-step"})
"""The names of all rules about canaries."""


def is_canary(alert: Alert) -> bool:
    """Whether an alert is one of a canary."""
    return alert.rule in PATHS


def may_match(rule: str, dataset: object) -> bool:
    """Whether a rule may speak of an event: the canaries' rules of canaries alone, and no other of them."""
    return (rule in RULES) is (dataset == DATASET)
