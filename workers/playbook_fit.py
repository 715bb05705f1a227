"""Whether a playbook fits its site: it may name only what siem.yaml, the rules and the connections have.

What is not there would show in the night it is needed: a question that nobody may answer, a rule whose name
is misspelt and that therefore never starts anything. The language alone can't see it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playbooks.actions import ActionSpec
from playbooks.faults import PlaybookFault, did_you_mean
from playbooks.marked_yaml import MarkedYaml, Path, parse_yaml
from playbooks.schema import Names
from rules.health.findings import HealthKind
from rules.intelligence.findings import KINDS
from workers.playbook_files import PlaybookFile
from workers.rule_files import compile_texts, site_texts
from workers.settings import Settings


@dataclass(frozen=True)
class Misfits:
    """What a file names that the site does not have."""

    faults: tuple[PlaybookFault, ...]
    """It can't work so."""
    notes: tuple[PlaybookFault, ...]
    """It works as soon as siem.yaml has it."""


@dataclass
class _Look:
    marked: MarkedYaml
    names: Names
    catalogue: Mapping[str, ActionSpec]
    webhooks: Collection[str]
    faults: list[PlaybookFault] = field(default_factory=list)
    notes: list[PlaybookFault] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    """Kinds of connection that were told of already."""


def names_of(settings: Settings, playbooks: Sequence[str] = ()) -> Names:
    """Return what a site calls its own."""
    site = settings.site
    connections: dict[str, tuple[str, ...]] = {}
    for name, connection in site.connections.items():
        connections[connection.kind] = (*connections.get(connection.kind, ()), name)
    return Names(
        groups=tuple(site.approvers),
        rules=tuple(sorted(_rules_of(settings))),
        playbooks=tuple(playbooks),
        connections=connections,
    )


def _rules_of(settings: Settings) -> Iterator[str]:
    loaded = compile_texts(
        site_texts(None, settings), settings.data, settings.site.detection.placeholders
    ).rules
    for rule in (*loaded.detections, *loaded.correlations, *loaded.queries):
        yield rule.name
    yield from (kind.rule for kind in HealthKind)
    yield from (kind.name for kind in KINDS.values())


def misfits(
    file: PlaybookFile, settings: Settings, names: Names, catalogue: Mapping[str, ActionSpec]
) -> Misfits:
    """Return what a playbook that is right in itself names and the site lacks, each with its place."""
    marked = parse_yaml(file.text, file.path)
    look = _Look(marked, names, catalogue, settings.site.webhooks.keys())
    if isinstance(marked.value, dict):
        _trigger(look, marked.value.get("on"))
        for place, step in _steps(marked.value, ()):
            _step(look, step, place)
    return Misfits(tuple(look.faults), tuple(look.notes))


def _trigger(look: _Look, on: Any) -> None:
    if not isinstance(on, dict):
        return
    for kind in ("incident", "alert"):
        trigger = on.get(kind)
        rules = trigger.get("rules") if isinstance(trigger, dict) else None
        for index, name in enumerate(rules if isinstance(rules, list) else ()):
            if name not in look.names.rules:
                near = did_you_mean(str(name), look.names.rules)
                hint = near if near.startswith("did you") else "`siem rules list` has them all"
                place = ("on", kind, "rules", index)
                look.faults.append(look.marked.fault(place, f"there is no rule {name!r} here", hint))
    hook = on.get("webhook")
    if hook is not None and hook not in look.webhooks:
        hint = f"write into siem.yaml: webhooks: {{{hook}: {{token_env: NAME_OF_A_VARIABLE}}}}"
        look.notes.append(look.marked.fault(("on", "webhook"), f"siem.yaml has no webhook {hook!r}", hint))


def _steps(value: Any, place: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every mapping with an ``id``, wherever steps may stand; tests hold none."""
    if isinstance(value, dict):
        if "id" in value:
            yield place, value
        for key, inner in value.items():
            if place or key != "tests":
                yield from _steps(inner, (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _steps(inner, (*place, index))


def _step(look: _Look, step: dict[str, Any], place: Path) -> None:
    for verb in ("approval", "ask"):
        asked = step.get(verb)
        if isinstance(asked, dict):
            _group(look, asked.get("from"), (*place, verb, "from"))
            otherwise = asked.get("on_expiry")
            if isinstance(otherwise, dict):
                _group(look, otherwise.get("escalate"), (*place, verb, "on_expiry", "escalate"))
    spec = look.catalogue.get(str(step.get("uses")))
    if spec is not None and spec.connection is not None and spec.connection not in look.names.connections:
        hint = f"`siem connections setup {spec.connection}` says what to write there"
        message = f"siem.yaml has no connection of kind {spec.connection}, so {spec.name} would fail"
        if spec.connection not in look.missing:
            look.notes.append(look.marked.fault((*place, "uses"), message, hint))
        look.missing.add(spec.connection)


def _group(look: _Look, name: Any, place: Path) -> None:
    if isinstance(name, str) and name not in look.names.groups:
        near = did_you_mean(name, look.names.groups)
        hint = near or "it has no groups at all"
        more = f"{' Or' if hint.endswith('?') else '; or'} write it there: approvers: {{{name}: [U0ALICE]}}"
        message = f"siem.yaml has no group {name!r} under approvers, so nobody could answer"
        look.faults.append(look.marked.fault(place, message, hint + more))
