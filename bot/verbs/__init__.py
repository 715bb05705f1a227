"""The verbs that people ask with, the same behind ``/siem`` and on the command line."""

from bot.verbs.answer import Answer, Caller, Cell, Code, Person, Section, Table, UsageError, Words
from bot.verbs.registry import VERBS, Verb, answer

__all__ = [
    "VERBS",
    "Answer",
    "Caller",
    "Cell",
    "Code",
    "Person",
    "Section",
    "Table",
    "UsageError",
    "Verb",
    "Words",
    "answer",
]
