"""Sigma correlations, judged in process for the groups that new events touch."""

from rules.correlation.definition import Condition, Definition, Kind, Plan, plan_correlations
from rules.correlation.engine import Crowd, Engine, HistoryRequest
from rules.correlation.findings import alert_of
from rules.correlation.hits import Hit

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
