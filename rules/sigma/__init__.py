"""Sigma detections, matched in process and as OpenSearch queries."""

from rules.sigma.cache import LoadedRules, load_rules
from rules.sigma.matcher import Limits, Matcher, RuleCost, Trouble, compile_rules
from rules.sigma.query import QueryError, gate_query, query_of, to_query, wide_query_of
from rules.sigma.sources import gate_of, is_collected
from rules.sigma.stored import Kind, Kinds, kinds_of
from rules.sigma.translation import Placeholders, TranslationError, translate

__all__ = [
    "Kind",
    "Kinds",
    "Limits",
    "LoadedRules",
    "Matcher",
    "Placeholders",
    "QueryError",
    "RuleCost",
    "TranslationError",
    "Trouble",
    "compile_rules",
    "gate_of",
    "gate_query",
    "is_collected",
    "kinds_of",
    "load_rules",
    "query_of",
    "to_query",
    "translate",
    "wide_query_of",
]
