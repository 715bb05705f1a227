"""What is wrong with an expression.

ExpressionError          it can't be read, or has no value
├── UndefinedError       it names something that is not there
└── KeptError            it looks into a value that is kept elsewhere
"""

from __future__ import annotations


class ExpressionError(Exception):
    """It can't be read, or has no value."""


class UndefinedError(ExpressionError):
    """It names something that is not there."""


class KeptError(ExpressionError):
    """It looks into a value of which the run has only a reference: half an answer is none."""

    def __init__(self, message: str, source: str = "") -> None:
        super().__init__(message)
        self.source = source
        """The text that looked, as the playbook has it; empty where that isn't known."""

    def in_(self, source: str) -> KeptError:
        """Return the same, about a text of the playbook."""
        return KeptError(str(self), self.source or source)
