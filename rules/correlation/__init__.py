"""Sigma correlations, judged in process for the groups that new events touch."""

from rules.correlation.definition import Condition, Definition, Kind, Plan
from rules.correlation.engine import Crowd, Engine
from rules.correlation.findings import alert_of
from rules.correlation.history import HistoryRequest
from rules.correlation.hits import Hit
from rules.correlation.planning import plan_correlations

__all__ = [
    "Condition",
    "Crowd",
    "Definition",
    "Engine",
    "HistoryRequest",
    "Hit",
    "Kind",
    "Plan",
    "alert_of",
    "plan_correlations",
]
