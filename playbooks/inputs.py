"""A playbook's inputs: given by a person, or taken from the incident that started it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from playbooks.actions import ValueType
from playbooks.facts import describe, entities_by_kind
from playbooks.faults import did_you_mean
from playbooks.steps import AlertTrigger, Input, Playbook
from playbooks.values import parse_value
from rules.alerts import Alert
from rules.evidence import canonical
from rules.health import is_health
from rules.incidents import IncidentFacts


def inputs_of(
    playbook: Playbook,
    facts: IncidentFacts,
    given: Mapping[str, Any],
    alerts: Sequence[Alert] = (),
    payload: Any = None,
) -> tuple[dict[str, Any], list[str]]:
    """Return (typed inputs, what is wrong in words); the inputs are whole where nothing is wrong.
    `payload` is the body of the webhook that starts it.

    `given` beats ``from``, ``from`` beats ``default``; a text given for a list is split at commas.
    ``alert.entities.KIND`` are those of the alerts whose rule the trigger names, so that an address
    of another alert of the same incident is not taken for the one that is meant; where `alerts`
    holds none of them, it is the incident's. Several values for an input that takes one are a fault:
    nothing is picked silently.
    """
    inputs: dict[str, Any] = {}
    faults: list[str] = []
    for name in given:
        if name not in playbook.inputs:
            hint = did_you_mean(name, playbook.inputs) or "it takes none"
            faults.append(f"there is no input {name!r}: {hint}")
    for name, declared in playbook.inputs.items():
        try:
            value = _value(playbook, declared, given.get(name), facts, alerts, payload)
            inputs[name] = value
        except ValueError as error:
            faults.append(f"input {name}: {error}")
    return inputs, faults


def runs_of(
    playbook: Playbook, facts: IncidentFacts, alerts: Sequence[Alert]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return (the inputs of each run that an incident calls for, what is wrong in words).

    A playbook whose inputs come from the alert (``alert.entities.KIND``) runs once for each
    different set of them: two addresses that broke in are two questions, whether they came together
    or a day apart. Any other runs once. `run_key` tells runs apart.
    """
    started_by = [alert for alert in alerts if _starts(playbook, alert)]
    by_alert = playbook.on.alert is not None or any(
        (declared.from_ or "").startswith("alert.") for declared in playbook.inputs.values()
    )
    runs: dict[str, dict[str, Any]] = {}
    faults: dict[str, None] = {}
    for some in [[alert] for alert in started_by] if by_alert and started_by else [started_by]:
        inputs, wrong = inputs_of(playbook, facts, {}, some)
        faults |= dict.fromkeys(wrong)
        if not wrong:
            runs.setdefault(run_key(inputs), inputs)
    return list(runs.values()), list(faults)


def run_key(inputs: Mapping[str, Any]) -> str:
    """Return 8 hex digits that are the same for the same inputs."""
    return hashlib.sha256(canonical(dict(inputs))).hexdigest()[:8]


def _starts(playbook: Playbook, alert: Alert) -> bool:
    """Whether an alert is one of those that the trigger is about; all are where it names no rule."""
    if (single := playbook.on.alert) is not None and takes_alert(single, alert):
        return True
    on = playbook.on.incident
    return (on is None and single is None) or (on is not None and (not on.rules or alert.rule in on.rules))


def _value(
    playbook: Playbook,
    declared: Input,
    given: Any,
    facts: IncidentFacts,
    alerts: Sequence[Alert],
    payload: Any,
) -> Any:
    if given is not None:
        return _parse(declared, _from_text(declared, given))
    if declared.from_ is not None:
        found = _found(playbook, declared.from_, facts, alerts, payload)
        if declared.type is ValueType.LIST:
            found = found if isinstance(found, list) else [found]
            if found:
                return _parse(declared, found)
        elif isinstance(found, list):
            if len(found) > 1:
                raise ValueError(
                    f"{declared.from_} holds {len(found)} values ({_some(found)}), and it takes one: "
                    "say which, or make it a list and go through it with foreach"
                )
            if found:
                return _parse(declared, found[0])
        elif found != "":
            return _parse(declared, found)
    if declared.default is not None:
        return _parse(declared, declared.default)
    if not declared.required:
        return [] if declared.type is ValueType.LIST else None
    if declared.from_ is not None:
        raise ValueError(
            f"{declared.from_} holds nothing, and it has no default: give it by hand (/siem run), or write "
            "required: false where the playbook can do without"
        )
    raise ValueError("it must be given")


def _parse(declared: Input, value: Any) -> Any:
    return parse_value(declared.type, value, choices=declared.choices, items=declared.items)


def _from_text(declared: Input, given: Any) -> Any:
    """Read what a person typed as ``key=value`` by the input's type."""
    if not isinstance(given, str):
        return given
    text = given.strip()
    match declared.type:
        case ValueType.LIST:
            return [part.strip() for part in text.split(",") if part.strip()]
        case ValueType.BOOLEAN if text.lower() in {"true", "false", "yes", "no"}:
            return text.lower() in {"true", "yes"}
        case ValueType.INTEGER if text.lstrip("-").isdecimal() and len(text) < 20:
            return int(text)
        case ValueType.NUMBER:
            try:
                return float(text)
            except ValueError:
                return text
    return given


def _found(
    playbook: Playbook, source: str, facts: IncidentFacts, alerts: Iterable[Alert], payload: Any
) -> Any:
    root, name, *kind = source.split(".")
    if root == "payload":
        for part in (name, *kind):
            payload = payload.get(part) if isinstance(payload, Mapping) else None
        return "" if payload is None else payload
    if root == "alert":
        entities = [entity for alert in alerts if _starts(playbook, alert) for entity in alert.entities]
        return entities_by_kind(entities or facts.entities)[kind[0]]
    found = describe(facts)[name]
    return found[kind[0]] if kind else found


def _some(found: Sequence[str]) -> str:
    shown = ", ".join(found[:5])
    return shown if len(found) <= 5 else f"{shown} …"


def takes_alert(trigger: AlertTrigger, alert: Alert) -> bool:
    """Return whether an alert trigger takes an alert."""
    severe = trigger.severity is None or alert.severity.rank >= trigger.severity.rank
    return severe and alert.rule in trigger.rules


def matches(playbook: Playbook, facts: IncidentFacts) -> bool:
    """Return whether the playbook's trigger takes an incident: everything it names holds, or one of its
    alerts is of a rule that an alert trigger names."""
    single = playbook.on.alert
    if single is not None and set(single.rules) & set(facts.rules):
        return single.severity is None or facts.severity.rank >= single.severity.rank
    wanted = playbook.on.incident
    if wanted is None:
        return False
    if is_health(facts) and not (wanted.rules or wanted.tags):
        return False  # the system's own troubles: only for playbooks that ask for them
    kinds = {entity.kind for entity in facts.entities}
    return (
        (not wanted.rules or bool(set(wanted.rules) & set(facts.rules)))
        and (not wanted.tags or bool(set(wanted.tags) & set(facts.tags)))
        and (not wanted.attack or any(_is_part(found, wanted.attack) for found in facts.attack))
        and set(wanted.entities) <= kinds
        and (wanted.severity is None or facts.severity.rank >= wanted.severity.rank)
    )


def _is_part(found: str, wanted: Sequence[str]) -> bool:
    name = found.lower()
    return any(name == one.lower() or name.startswith(f"{one.lower()}.") for one in wanted)
