"""What checks of a playbook share: the file that is read, the faults found, the texts inside values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from playbooks.expressions import ExpressionError, Template, parse_template
from playbooks.faults import PlaybookFault
from playbooks.marked_yaml import MarkedYaml, Path
from playbooks.scope import Scope, World
from playbooks.steps import Playbook, Step


class Reading(Protocol):
    """What the parser knows of the file."""

    marked: MarkedYaml
    places: dict[int, Path]
    broken: set[str]
    broken_releases: set[str]
    unnamed: set[str]


class Findings:
    """What is wrong so far, and the means to say where."""

    def __init__(self, playbook: Playbook, world: World, reading: Reading) -> None:
        self.playbook = playbook
        self.catalogue = world.actions
        self.playbooks = world.playbooks
        self.marked = reading.marked
        self.places = reading.places
        self.broken = reading.broken
        self.broken_releases = reading.broken_releases
        self.faults: list[PlaybookFault] = []
        self.steps = {step.id: step for step in playbook.every_step if step.id not in reading.unnamed}

    def fault(
        self, place: Path, message: str, hint: str = "", *, within: str = "", at_key: bool = False
    ) -> None:
        self.faults.append(self.marked.fault(place, message, hint, within=within, at_key=at_key))

    def place(self, step: Step, *inner: str | int) -> Path:
        return (*self.places[id(step)], *inner)

    def template(self, place: Path, text: str, scope: Scope) -> Template | None:
        """Parse a text and note what it may not refer to; None where it is no template."""
        try:
            template = parse_template(text)
        except ExpressionError as error:
            self.fault(place, str(error), within="{{")
            return None
        for reference in template.references:
            if doubt := scope.doubt(reference):
                self.fault(place, *doubt, within=str(reference))
        return template


def texts_of(value: Any, place: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the texts inside a value of YAML, each with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts_of(inner, (*place, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from texts_of(inner, (*place, index))
