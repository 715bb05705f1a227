"""From marked YAML to the language's values, with a fault at its place for all that does not fit."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from playbooks.actions import ValueType
from playbooks.cases import Case
from playbooks.expressions import is_template
from playbooks.findings import texts_of
from playbooks.marked_yaml import MarkedYaml, Path
from playbooks.shape import complaint_of, did_you_mean_key, nearest_key
from playbooks.stand_ins import mend
from playbooks.steps import VERBS, Input, Playbook, Step

MAX_STEPS = 500
MENDS = 3
"""Rounds of mending a step: what is wrong below something wrong shows in the next."""

N = TypeVar("N", bound=BaseModel)

_BLOCKS: Mapping[str, tuple[str | None, ...]] = {
    "parallel": (None,),
    "foreach": ("steps",),
    "switch": ("cases", "default"),
}
"""Where lists of steps stand in a verb's value; None: each key holds one."""


class Parser:
    """Reads one file; `faults` go to `marked`, `places` says where each step stands."""

    def __init__(self, marked: MarkedYaml) -> None:
        self.marked = marked
        self.places: dict[int, Path] = {}
        """Place of each step, by its identity."""
        self.broken: set[str] = set()
        """Ids of steps that could not be read: what refers to them may be right."""
        self.broken_releases: set[str] = set()
        """What approvals among them would have released."""
        self.unnamed: set[str] = set()
        """Stand-ins for ids that are missing or wrong: nobody is told of them."""
        self._count = 0

    def playbook(self) -> Playbook | None:
        value = self.marked.value
        if not isinstance(value, dict):
            if not self.marked.faults:
                self._fault((), "a playbook is a mapping with name, description, on and steps")
            return None
        raw = dict(value)
        for key in ("steps", "finally"):
            if key in raw:
                raw[key] = self._steps(raw[key], (key,))
        if isinstance(raw.get("inputs"), dict):
            raw["inputs"] = {
                name: self._node(Input, given, ("inputs", name)) or Input(type=ValueType.ANY)
                for name, given in raw["inputs"].items()
            }
        if isinstance(raw.get("tests"), list):
            read = [self._node(Case, case, ("tests", index)) for index, case in enumerate(raw["tests"])]
            raw["tests"] = [case for case in read if case is not None]
        return self._node(Playbook, raw, ())

    # --- steps ----------------------------------------------------------------------------------

    def _steps(self, value: Any, place: Path) -> tuple[Step, ...]:
        if not isinstance(value, list):
            if place not in self.marked.faulty:
                self._fault(place, "expected a list of steps", 'write each step as "- id: …" on its own line')
            return ()
        steps = [self._step(item, (*place, index)) for index, item in enumerate(value)]
        return tuple(step for step in steps if step is not None)

    def _step(self, value: Any, place: Path) -> Step | None:
        self._count += 1
        if self._count == MAX_STEPS + 1:
            self._fault(place, f"more than {MAX_STEPS} steps", "move some into a playbook of their own")
        if self._count > MAX_STEPS or place in self.marked.faulty:
            return None
        if not isinstance(value, dict):
            self._fault(place, "a step is a mapping", 'write "- id: NAME" and what it does below it')
            return None
        step = self._known_step(value, place)
        if step is not None and step.id != value.get(
            "id"
        ):  # it has a stand-in: what it is called is not known
            self.broken.add(str(value.get("id")))
            self.broken_releases.add(step.id)
            self.unnamed.add(step.id)
        if step is None:
            self.broken.add(str(value.get("id")))
            asked = value.get("approval")
            if isinstance(asked, dict) and isinstance(asked.get("releases"), list):
                self.broken_releases.update(str(name) for name in asked["releases"])
        else:
            self.places[id(step)] = place
            step.stands(self._standing(value, place))
        return step

    def _standing(self, value: dict[str, Any], place: Path) -> dict[str, str]:
        """Return where the step's texts with expressions stand; those of steps inside are theirs."""
        found: dict[str, str] = {}
        for at, text in texts_of({key: one for key, one in value.items() if key not in _BLOCKS}, place):
            if is_template(text):
                found.setdefault(text, self._mark(at))
        for key in ("in", "value"):  # of a foreach, of a switch
            for verb in _BLOCKS:
                inner = value.get(verb)
                if isinstance(inner, dict):
                    for at, text in texts_of(inner.get(key), (*place, verb, key)):
                        found.setdefault(text, self._mark(at))
        return found

    def _mark(self, place: Path) -> str:
        fault = self.marked.fault(place, "")
        return f"{fault.path}:{fault.line}:{fault.column}"

    def _known_step(self, value: dict[str, Any], place: Path) -> Step | None:
        verbs = [key for key in value if key in VERBS]
        raw = dict(value)
        if len(verbs) > 1:
            what = " and ".join(verbs)
            self._fault((*place, verbs[1]), f"a step does one thing, this has {what}", "make it two steps")
            known = {field.alias or name for name, field in VERBS[verbs[0]].model_fields.items()}
            raw = {key: one for key, one in raw.items() if key in known}
        if not verbs:
            if (meant := self._meant(value, place)) is None:
                return None
            verbs = [meant[1]]
            raw[meant[1]] = raw.pop(meant[0])
        verb = verbs[0]
        if verb in _BLOCKS:
            raw[verb] = self._inner(raw[verb], (*place, verb), _BLOCKS[verb])
        if isinstance(raw.get("on_error"), list):
            raw["on_error"] = self._steps(raw["on_error"], (*place, "on_error"))
        return self._node(VERBS[verb], raw, place)

    def _meant(self, value: dict[str, Any], place: Path) -> tuple[str, str] | None:
        """Report a step without a verb; return the key that is one misspelt, and that one, so that the rest
        can be read."""
        known = {field.alias or name for kind in VERBS.values() for name, field in kind.model_fields.items()}
        strange = [key for key in value if key not in known]
        if not strange:
            self._fault(place, "the step does nothing", f"give it one of {', '.join(VERBS)}")
        meant = [(key, verb) for key in strange if (verb := nearest_key(key, [*VERBS]))]
        one = meant[0] if len(meant) == 1 else None
        for key in strange if one is None else [one[0]]:
            hint = did_you_mean_key(key, [*VERBS])
            self._fault((*place, key), f"unknown key {key!r} in a step", hint, at_key=True)
        if one is not None:
            self.marked.rename((*place, one[0]), (*place, one[1]))
        return one

    def _inner(self, value: Any, place: Path, keys: tuple[str | None, ...]) -> Any:
        if not isinstance(value, dict):
            return value
        inner = dict(value)
        for key in keys:
            if key is None or key == "cases":
                within = inner if key is None else inner.get(key)
                if isinstance(within, dict):
                    at = place if key is None else (*place, key)
                    read = {name: self._steps(steps, (*at, name)) for name, steps in within.items()}
                    if key is None:
                        return read
                    inner[key] = read
            elif key in inner:
                inner[key] = self._steps(inner[key], (*place, key))
        return inner

    # --- faults ---------------------------------------------------------------------------------

    def _fault(self, place: Path, message: str, hint: str = "", *, at_key: bool = False) -> None:
        self.marked.faults.append(self.marked.fault(place, message, hint, at_key=at_key))

    def _node(self, model: type[N], raw: Any, place: Path) -> N | None:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            details = error.errors(include_url=False)
        self._explain(model, place, details)
        if issubclass(model, Step) and (mended := self._mended(model, raw, details)) is not None:
            return mended
        wrong = {detail["loc"][0] for detail in details if detail["loc"]}
        if not isinstance(raw, dict):
            return None
        rest = {key: value for key, value in raw.items() if key not in wrong}
        if model is Playbook:
            rest = {**_STAND_INS, **rest}
        with contextlib.suppress(ValidationError):  # its faults were told; go on with what is left
            return model.model_validate(rest)
        return None

    def _mended(self, model: type[N], raw: Any, details: list[ErrorDetails]) -> N | None:
        """Return a step with stand-ins for what is missing or wrong, so that the rest of it is checked in the
        same go; None where that can't be."""
        for _ in range(MENDS):
            raw = mend(raw, details, f"unnamed_{self._count}")
            if raw is None:
                return None
            try:
                return model.model_validate(raw)
            except ValidationError as error:  # what was wrong below what was mended; it was told
                details = error.errors(include_url=False)
        return None

    def _explain(self, model: type[BaseModel], place: Path, details: list[ErrorDetails]) -> None:
        said: set[Path] = set()
        for detail in details:
            complaint = complaint_of(model, detail)
            at = self._nearest((*place, *complaint.place))
            known = any(at[:length] in self.marked.faulty for length in range(len(at) + 1))
            there = complaint.only_if_empty and (at not in self.marked.values or self._holds_some(at))
            missing = detail["type"] == "missing"
            if known or there or (at in said and not missing):  # each member of a union complains
                continue
            said |= set() if missing else {at}
            self._fault(at, complaint.message, complaint.hint, at_key=complaint.at_key)

    def _holds_some(self, place: Path) -> bool:
        """Whether the file has something there, which was faulty itself."""
        return any(len(other) > len(place) and other[: len(place)] == place for other in self.marked.values)

    def _nearest(self, place: Path) -> Path:
        """Leave out what pydantic adds to a location (names of union members)."""
        found: Path = ()
        for part in place:
            if (*found, part) in self.marked.values:
                found = (*found, part)
        return found


_STAND_INS: Mapping[str, Any] = {"name": "unnamed", "description": "-", "on": {"command": True}}
"""Keys of a playbook whose own are faulty, so that the check can go on."""
