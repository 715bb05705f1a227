"""Sigma detections, matched in process and as OpenSearch queries."""

from rules.sigma.matcher import Limits, Matcher, RuleCost, Trouble, compile_rules
from rules.sigma.translation import Placeholders, TranslationError, translate

__all__ = [
    "Limits",
    "Matcher",
    "Placeholders",
    "RuleCost",
    "TranslationError",
    "Trouble",
    "compile_rules",
    "translate",
]
