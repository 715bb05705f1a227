"""Threat intelligence: what others know to be bad, read from their formats and matched with events."""

from rules.intelligence.documents import read_document
from rules.intelligence.findings import KINDS, RETRO, Collector
from rules.intelligence.indicators import Claim, Indicator, Taken, defaults
from rules.intelligence.lists import ListError, read_list
from rules.intelligence.matcher import FIELDS, IndicatorTable, Match, Side, Word
from rules.intelligence.misp import read_attributes, read_event
from rules.intelligence.stix import read_objects
from rules.intelligence.values import IndicatorKind, IndicatorValueError, canonical_value, guess

__all__ = [
    "FIELDS",
    "KINDS",
    "RETRO",
    "Claim",
    "Collector",
    "Indicator",
    "IndicatorKind",
    "IndicatorTable",
    "IndicatorValueError",
    "ListError",
    "Match",
    "Side",
    "Taken",
    "Word",
    "canonical_value",
    "defaults",
    "guess",
    "read_attributes",
    "read_document",
    "read_event",
    "read_list",
    "read_objects",
]
