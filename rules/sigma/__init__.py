"""Sigma detections, matched in process and as OpenSearch queries."""

from rules.sigma.cache import LoadedRules, load_rules
from rules.sigma.matcher import Limits, Matcher, RuleCost, Trouble, compile_rules
from rules.sigma.translation import Placeholders, TranslationError, translate

__all__ = [
    "Limits",
    "LoadedRules",
    "Matcher",
    "Placeholders",
    "RuleCost",
    "TranslationError",
    "Trouble",
    "compile_rules",
    "load_rules",
    "translate",
]
