"""The system's own health: what is wrong with it, since when, and when that is over. Pure."""

from __future__ import annotations

from rules.health.cadence import HOURS_KEPT, History, Unseen, overdue
from rules.health.collection import EntrySight, SourceSight, judge_entries, judge_silence, judge_sources
from rules.health.episodes import Close, Episode, Note, Open, Step, advance
from rules.health.findings import Finding, HealthKind, alert_of_finding, is_health, stamp
from rules.health.judgement import (
    CanarySight,
    RuleCount,
    Trouble,
    judge_canary,
    judge_exceptions,
    judge_noise,
    judge_sweep,
    judge_troubles,
    past_grace,
)

__all__ = [
    "HOURS_KEPT",
    "CanarySight",
    "Close",
    "EntrySight",
    "Episode",
    "Finding",
    "HealthKind",
    "History",
    "Note",
    "Open",
    "RuleCount",
    "SourceSight",
    "Step",
    "Trouble",
    "Unseen",
    "advance",
    "alert_of_finding",
    "is_health",
    "judge_canary",
    "judge_entries",
    "judge_exceptions",
    "judge_noise",
    "judge_silence",
    "judge_sources",
    "judge_sweep",
    "judge_troubles",
    "overdue",
    "past_grace",
    "stamp",
]
