"""The entries of ``intelligence:`` in ``siem.yaml``: who tells us what is bad, and what we make of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from rules.alerts import Severity
from rules.intelligence import IndicatorKind
from workers.site_values import Duration, Name, Section

_NEEDS = {"taxii": ("collection",), "misp": (), "list": (), "file": ("path",)}
_TAKES = {
    "taxii": {"connection", "collection"},
    "misp": {"connection", "tags"},
    "list": {"connection", "path", "column", "separator", "type"},
    "file": {"path", "column", "separator", "type"},
}


class IntelligenceSection(Section):
    """One source of indicators."""

    name: Name
    kind: Literal["taxii", "misp", "list", "file"]
    connection: Name | None = None
    """Of that kind under ``connections:``; none: the only one there is."""
    path: Path | None = None
    """Of a file here, or of a list behind its connection's address."""
    collection: str | None = Field(default=None, min_length=1, max_length=200)
    """The id of a TAXII collection."""
    tags: tuple[str, ...] = ()
    """Only attributes of MISP with one of these; ``!tag`` leaves one out."""
    column: int | str | None = None
    """Of CSV: its number from 1, or its name in the first line."""
    separator: str = Field(default=",", min_length=1, max_length=1)
    type: IndicatorKind | None = None
    """What all lines of a list are; none: told apart by their form."""
    every: Duration = timedelta(hours=1)
    confidence: int = Field(default=50, ge=0, le=100)
    """Where the source states none."""
    expires: Duration = timedelta(days=30)
    """How long it counts after the source last said so, where the source states no end."""
    severity: Severity | None = None
    """Of an outgoing contact; none: by confidence."""
    subdomains: bool = True
    """Whether a domain stands for what is below it too."""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        for key in _NEEDS[self.kind]:
            if getattr(self, key) is None:
                raise ValueError(f"a source of kind {self.kind} needs {key}")
        takes = _TAKES[self.kind]
        given = {"connection", "path", "collection", "tags", "column", "separator", "type"}
        if extra := sorted((self.model_fields_set & given) - takes):
            raise ValueError(
                f"a source of kind {self.kind} has no {extra[0]}: it takes {', '.join(sorted(takes))}"
            )
        if isinstance(self.column, int) and self.column < 1:
            raise ValueError("column counts from 1")
        if self.every < timedelta(minutes=1):
            raise ValueError("a source is asked once a minute at most: every: 1m")
        return self


def check_names(sections: tuple[IntelligenceSection, ...]) -> tuple[IntelligenceSection, ...]:
    names = [section.name for section in sections]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two sources of intelligence are named {twice[0]!r}")
    return sections
