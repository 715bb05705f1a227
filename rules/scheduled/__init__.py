"""Rules as queries that are asked of the store on a schedule: counts, measures, what is new or unusual."""

from rules.scheduled.definition import Definition, Group, Measure, New, QueryPlan, Usual
from rules.scheduled.findings import Fired, Firings, alert_of_group, more_than_usual
from rules.scheduled.planning import plan_queries

__all__ = [
    "Definition",
    "Fired",
    "Firings",
    "Group",
    "Measure",
    "New",
    "QueryPlan",
    "Usual",
    "alert_of_group",
    "more_than_usual",
    "plan_queries",
]
