"""The check of a playbook against the catalogue and itself: whatever would go wrong for sure, and all
that would be dangerous if it went right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from playbooks.actions import ActionKind, Parameter, ValueType
from playbooks.asking import AnswerError, read_answers
from playbooks.commands import AskedField
from playbooks.expressions import ExpressionError, Template, is_template, parse_template
from playbooks.facts import INCIDENT_FIELDS
from playbooks.faults import PlaybookFault, did_you_mean
from playbooks.findings import Findings, Reading, texts_of
from playbooks.flow import Visit, walk
from playbooks.marked_yaml import Path
from playbooks.releases import check_releases
from playbooks.schedules import cron_fault
from playbooks.scope import Scope, World, entity_type, fits
from playbooks.steps import (
    ActionStep,
    ApprovalStep,
    AskStep,
    ForeachStep,
    Input,
    NotifyStep,
    Playbook,
    RunStep,
    Schedule,
    Step,
    SwitchStep,
    UndoStep,
    WaitStep,
)
from playbooks.values import parse_value
from playbooks.waiting import read_moment
from rules.entities import EntityKind

_RESERVED = frozenset("incident inputs steps playbook index true false none not and or in is if else".split())


def check_playbook(playbook: Playbook, world: World, reading: Reading) -> list[PlaybookFault]:
    """Return everything that is wrong, in no particular order."""
    check = _Check(playbook, world, reading)
    check.trigger()
    check.inputs()
    check.ids()
    visits = list(walk(playbook, world, frozenset(reading.broken), frozenset(reading.unnamed)))
    for visit in visits:
        if isinstance(visit.step, ApprovalStep):
            asked = visit.scope.asked_inputs
            check.asked_for |= dict.fromkeys(visit.step.approval.releases, asked)
    for visit in visits:
        check.step(visit)
    check_releases(check, visits)
    check.outputs([visit.after for visit in visits if not visit.block])
    check.cases()
    return check.faults


class _Check(Findings):
    def __init__(self, playbook: Playbook, world: World, reading: Reading) -> None:
        super().__init__(playbook, world, reading)
        self.asked_for: dict[str, frozenset[str]] = {}
        """Containment to the inputs that the ``if`` of its approval asks about: unasked, it does not run."""

    # --- around the steps -------------------------------------------------------------------------

    def trigger(self) -> None:
        on = self.playbook.on
        others = [
            name for name in ("incident", "alert", "webhook", "schedule") if getattr(on, name) is not None
        ]
        if not others and not on.command:
            hint = "write on: {incident: {rules: [NAME]}}, or on: {command: true} for by hand only"
            self.fault(("on",), "nothing starts this playbook", hint)
        if others and on.command:
            self.fault(("on", "command"), "a person may start any playbook", "leave command out")
        if on.incident is not None and not any(value for _, value in on.incident):
            hint = "name rules, tags, attack, entities or a severity"
            self.fault(("on", "incident"), "this would start for every incident", hint)
        if on.schedule is not None:
            self._schedule(on.schedule)

    def _schedule(self, schedule: Schedule) -> None:
        place: Path = ("on", "schedule")
        if (schedule.every is None) == (schedule.cron is None):
            self.fault(place, "a schedule has every or cron, one of the two", "write schedule: {every: 1h}")
        if schedule.every is not None and schedule.every < 60:
            self.fault((*place, "every"), "a playbook starts once a minute at the most", "write every: 1m")
        if schedule.cron is not None and (why := cron_fault(schedule.cron)):
            self.fault((*place, "cron"), why, "write minute hour day month weekday: 0 8 * * 1-5")
        try:
            ZoneInfo(schedule.timezone)
        except (KeyError, ValueError, OSError):
            hint = "write one like UTC or Europe/Berlin"
            self.fault((*place, "timezone"), f"{schedule.timezone!r} is no IANA time zone", hint)

    def inputs(self) -> None:
        for name, given in self.playbook.inputs.items():
            place: Path = ("inputs", name)
            if given.type is ValueType.ENUM and not given.choices:
                self.fault(place, "an enum needs its choices", "write choices: [low, high]")
            if given.choices and given.type is not ValueType.ENUM:
                self.fault((*place, "choices"), "only an enum has choices", "write type: enum", at_key=True)
            if given.type is ValueType.LIST and given.items in (None, ValueType.LIST, ValueType.ENUM):
                self.fault(place, "a list needs the type of its items", "write items: ip")
            if given.items is not None and given.type is not ValueType.LIST:
                self.fault((*place, "items"), "only a list has items", "write type: list", at_key=True)
            if given.default is not None:
                try:
                    parse_value(given.type, given.default, choices=given.choices, items=given.items)
                except ValueError as error:
                    self.fault((*place, "default"), str(error))
            if given.from_ is not None:
                self._from(given, (*place, "from"))

    def _from(self, given: Input, place: Path) -> None:
        match (given.from_ or "").split("."):
            case ["incident" | "alert", "entities", kind]:
                found = entity_type(kind)
                if found is None:
                    known = [kind.value for kind in EntityKind]
                    self.fault(place, f"there is no entity kind {kind!r}", did_you_mean(kind, known))
                elif not fits(found, given.items or given.type):
                    wanted = (given.items or given.type).value
                    self.fault(place, f"{given.from_} holds {found.value} values, the input takes {wanted}")
            case ["payload", _, *_]:
                if self.playbook.on.webhook is None:
                    hint = "write on: {webhook: NAME}, or take it from the incident"
                    self.fault(place, "only a webhook has a payload", hint)
            case ["incident", field] if field in INCIDENT_FIELDS and field != "entities":
                if not fits(INCIDENT_FIELDS[field], given.type):
                    kind = INCIDENT_FIELDS[field].value
                    self.fault(place, f"{given.from_} is a {kind}, the input a {given.type.value}")
            case _:
                hint = "write incident.entities.ip, alert.entities.user, incident.title or the like"
                self.fault(place, f"{given.from_!r} is nothing that an input can come from", hint)

    def ids(self) -> None:
        first: dict[str, Step] = {}
        for step in self.playbook.every_step:
            if step.id in first:
                line = self.marked.values[self.place(first[step.id], "id")][0] + 1
                message = f"the id {step.id!r} is taken by the step in line {line}"
                self.fault(self.place(step, "id"), message, "give one of the two another id")
            first.setdefault(step.id, step)

    def outputs(self, scopes: list[Scope]) -> None:
        """Outputs may read what is known after the last step of the playbook itself."""
        for name, value in self.playbook.outputs.items():
            for path, text in texts_of(value):
                if scopes:
                    self.template(("outputs", name, *path), text, scopes[-1])

    def cases(self) -> None:
        names: set[str] = set()
        for index, case in enumerate(self.playbook.tests):
            place: Path = ("tests", index)
            if case.name in names:
                self.fault((*place, "name"), f"there are two tests named {case.name!r}")
            names.add(case.name)
            for key in case.inputs:
                if key not in self.playbook.inputs:
                    hint = did_you_mean(key, self.playbook.inputs)
                    self.fault((*place, "inputs", key), f"there is no input {key!r}", hint, at_key=True)
            mentioned = [("given", name) for name in case.given]
            mentioned += [("expect", name) for name in (*case.expect.actions, *case.expect.says)]
            mentioned += [
                ("expect", name) for name in (*(case.expect.path or ()), *(case.expect.lifted or ()))
            ]
            for key, name in mentioned:
                step = name.partition(".")[0].partition("[")[0].partition("#")[0]
                if step not in self.steps and step not in self.broken:
                    hint = did_you_mean(step, self.steps)
                    self.fault((*place, key), f"the test names a step {name!r} that is not there", hint)

    # --- one step ---------------------------------------------------------------------------------

    def step(self, visit: Visit) -> None:
        step, scope = visit.step, visit.scope
        if step.if_ is not None:
            self._condition(step, scope)
        match step:
            case ActionStep():
                self._action(step, scope)
            case RunStep():
                self._run(step, scope)
            case ApprovalStep():
                self.template(self.place(step, "approval", "question"), step.approval.question, scope)
            case AskStep():
                self._ask(step, scope)
            case WaitStep():
                self._wait(step, scope)
            case UndoStep():
                self._undo(step, scope)
            case NotifyStep():
                self.template(self.place(step, "notify", "text"), step.notify.text, scope)
            case SwitchStep():
                place = self.place(step, "switch", "value")
                template = self.template(place, step.switch.value, scope)
                if template is not None and not template.references:
                    self.fault(place, "this is always the same case", "write the steps without a switch")
            case ForeachStep():
                self._loop(step, scope)

    def _ask(self, step: AskStep, scope: Scope) -> None:
        self.template(self.place(step, "ask", "question"), step.ask.question, scope)
        for name, field in step.ask.answers.items():
            place = self.place(step, "ask", "answers", name)
            if name in {"by", "answered", "outcome", "error"}:
                self.fault(
                    place, f"{name!r} is given by the step itself", "call the answer otherwise", at_key=True
                )
            if (field.type == "choice") != bool(field.choices):
                hint = "write choices: [the account's owner, somebody else]"
                self.fault(place, "choices go with type: choice, and that needs them", hint)
            if field.default is not None:
                try:
                    read_answers(
                        (AskedField(name=name, type=field.type, label=field.label, choices=field.choices),),
                        {name: field.default},
                    )
                except AnswerError as error:
                    self.fault((*place, "default"), error.text)

    def _wait(self, step: WaitStep, scope: Scope) -> None:
        wanted, place = step.wait, self.place(step, "wait")
        given = [name for name in ("time", "until", "event", "webhook") if getattr(wanted, name) is not None]
        if len(given) != 1:
            hint = "write wait: 15m, or {until: …}, {event: QUERY, within: 1h}, {webhook: NAME, within: 1h}"
            self.fault(place, "a wait is for one thing", hint)
        named = bool({"event", "webhook"} & set(given))
        if named and wanted.within is None:
            self.fault(place, "it may never happen, so the wait needs an end", "write within: 1h")
        if not named and wanted.within is not None:
            self.fault((*place, "within"), "within is for an event or a webhook", "leave it out", at_key=True)
        if wanted.where and wanted.webhook is None:
            self.fault(
                (*place, "where"), "where is for a webhook's body", "put it into the query", at_key=True
            )
        for name in ("until", "event"):
            if (text := getattr(wanted, name)) is None:
                continue
            self.template((*place, name), text, scope)
            if name == "until" and not is_template(text):
                try:
                    read_moment(text)
                except ExpressionError as error:
                    self.fault((*place, name), str(error))
        for path, text in texts_of(wanted.where):
            self.template((*place, "where", *path), text, scope)

    def _undo(self, step: UndoStep, scope: Scope) -> None:
        place, target = self.place(step, "undo"), self.steps.get(step.undo)
        if step.undo in self.broken:
            return
        if target is None:
            self.fault(place, f"there is no step {step.undo!r}", did_you_mean(step.undo, self.steps))
        elif not isinstance(target, ActionStep) or (
            target.uses in self.catalogue and self.catalogue[target.uses].kind is not ActionKind.CONTAINMENT
        ):
            self.fault(place, f"step {step.undo!r} is no containment: there is nothing to undo", "name one")
        elif step.undo not in scope.steps:
            self.fault(place, f"step {step.undo!r} has not run yet here", "undo it after it was applied")

    def _condition(self, step: Step, scope: Scope) -> None:
        place = self.place(step, "if")
        if not isinstance(step.if_, str) or not is_template(step.if_):
            inner = step.if_.strip() if isinstance(step.if_, str) else "incident.severity == 'critical'"
            mark = "'" if '"' in inner else '"'
            hint = f"write an expression: if: {mark}{{{{ {inner} }}}}{mark}"
            self.fault(place, "this is always the same, so the if decides nothing", hint)
            return
        template = self.template(place, step.if_, scope)
        if template is None:
            return
        if not template.lone:
            self.fault(place, "an if is one expression, nothing before or after it", 'if: "{{ … }}"')
        elif not template.references:
            self.fault(place, "this is always the same, so the if decides nothing", "leave the if out")
        elif (kind := self._type(template, scope)) not in (None, ValueType.BOOLEAN, ValueType.ANY):
            self.fault(
                place, f"a {kind.value} is neither true nor false", "compare it, or ask for its | length > 0"
            )

    def _loop(self, step: ForeachStep, scope: Scope) -> None:
        if step.foreach.as_ in _RESERVED:
            message = f"{step.foreach.as_!r} is a word of the language, no name for an item"
            self.fault(self.place(step, "foreach", "as"), message, "write as: address or the like")
        place = self.place(step, "foreach", "in")
        if isinstance(step.foreach.in_, list):
            if not step.foreach.in_:
                self.fault(place, "the list is empty, so these steps never run")
            for path, text in texts_of(step.foreach.in_):
                self.template((*place, *path), text, scope)
            return
        template = self.template(place, step.foreach.in_, scope)
        if template is None:
            return
        kind = self._type(template, scope)
        if not template.lone or kind not in (None, ValueType.LIST, ValueType.ANY):
            self.fault(place, "foreach needs a list", 'write in: "{{ incident.entities.ip }}"')

    def _action(self, step: ActionStep, scope: Scope) -> None:
        spec = self.catalogue.get(step.uses)
        if spec is None:
            hint = did_you_mean(step.uses, self.catalogue)
            self.fault(self.place(step, "uses"), f"there is no action {step.uses!r}", hint)
            for path, text in texts_of(step.with_):
                self.template(self.place(step, "with", *path), text, scope)
            return
        asked = self.asked_for.get(step.id, frozenset())
        scope = replace(scope, asked_inputs=scope.asked_inputs | asked)
        names = [parameter.name for parameter in spec.parameters]
        for name, value in step.with_.items():
            place = self.place(step, "with", name)
            parameter = spec.parameter(name)
            if parameter is None:
                message = f"{step.uses} has no parameter {name!r}"
                self.fault(place, message, did_you_mean(name, names), at_key=True)
            for path, text in texts_of(value):
                self.template((*place, *path), text, scope)
            if parameter is not None:
                self._argument(place, parameter, value, scope)
        for parameter in spec.parameters:
            if parameter.required and parameter.default is None and parameter.name not in step.with_:
                hint = f"write with: {{{parameter.name}: …}} — {parameter.description}"
                self.fault(self.place(step, "uses"), f"{step.uses} needs {parameter.name}", hint)
        if step.for_ is not None and is_template(step.for_):
            self.template(self.place(step, "for"), step.for_, scope)

    def _run(self, step: RunStep, scope: Scope) -> None:
        inner = self.playbooks.get(step.run)
        if inner is None:
            hint = did_you_mean(step.run, self.playbooks)
            self.fault(self.place(step, "run"), f"there is no playbook {step.run!r} to run", hint)
        wanted = inner.inputs if inner is not None else {}
        for name, value in step.with_.items():
            place = self.place(step, "with", name)
            if inner is not None and name not in wanted:
                hint = did_you_mean(name, wanted) or "it takes none"
                self.fault(place, f"{step.run} has no input {name!r}", hint, at_key=True)
            for path, text in texts_of(value):
                self.template((*place, *path), text, scope)
            if (given := wanted.get(name)) is not None:
                parameter = Parameter(
                    name=name, type=given.type, description="", choices=given.choices, items=given.items
                )
                self._argument(place, parameter, value, scope)
        for name, given in wanted.items():
            if given.required and given.default is None and given.from_ is None and name not in step.with_:
                self.fault(self.place(step, "run"), f"{step.run} needs {name}", f"write with: {{{name}: …}}")

    def _argument(self, place: Path, parameter: Parameter, value: Any, scope: Scope) -> None:
        if isinstance(value, str) and is_template(value):
            try:
                template = parse_template(value)
            except ExpressionError:
                return
            kind = self._type(template, scope) if template.lone else ValueType.TEXT
            if kind is not None and not fits(kind, parameter.type):
                hint = (
                    "take one with an input (from:), or go through them with foreach"
                    if kind is ValueType.LIST
                    else ""
                )
                message = f"{parameter.name} takes {parameter.type.value}, this is {kind.value}"
                self.fault(place, message, hint)
            self._left_out(place, parameter, template, scope)
            return
        if value is None or any(is_template(text) for _, text in texts_of(value)):
            if parameter.type is ValueType.LIST and not isinstance(value, list):
                self.fault(place, f"{parameter.name} takes a list")
            elif value is None and parameter.required:
                self.fault(place, f"{parameter.name} is empty")
            return
        try:
            parse_value(parameter.type, value, choices=parameter.choices, items=parameter.items)
        except ValueError as error:
            self.fault(place, f"{parameter.name}: {error}")

    def _left_out(self, place: Path, parameter: Parameter, template: Template, scope: Scope) -> None:
        """An input that may be left out is nothing for a parameter that may not."""
        if not template.lone or len(template.references) != 1 or not parameter.required:
            return
        reference = template.references[0]
        if scope.may_be_none(reference):
            hint = (
                f'ask first, if: "{{{{ {reference} is defined }}}}", '
                f"or give a stand-in: {reference} | default('…')"
            )
            message = f"{reference} may be left out (required: false), and {parameter.name} is needed"
            self.fault(place, message, hint, within=str(reference))

    def _type(self, template: Template, scope: Scope) -> ValueType | None:
        """The type of a text that is nothing but one reference, None where only a run can tell."""
        if not template.lone or len(template.references) != 1:
            return None
        reference = template.references[0]
        inner = template.source.strip()[2:-2].strip().strip("-+").strip()
        return scope.type_of(reference) if inner == str(reference) else None
