"""Several playbooks at once: those that are run by others are read before them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from playbooks.actions import ActionSpec
from playbooks.faults import PlaybookError, PlaybookFault
from playbooks.marked_yaml import parse_yaml
from playbooks.model import load_playbook
from playbooks.steps import Playbook


def load_playbooks(
    files: Iterable[tuple[str, str]], catalogue: Mapping[str, ActionSpec]
) -> tuple[dict[str, Playbook], list[PlaybookFault]]:
    """Read files of (path, text); return the good playbooks by name, and what is wrong with the rest.

    Of two with one name the later counts. Playbooks that run each other in a circle are faults.
    """
    good: dict[str, Playbook] = {}
    faults: list[PlaybookFault] = []
    for path, text in in_order(files):
        try:
            playbook = load_playbook(path, text, catalogue, good)
        except PlaybookError as error:
            faults += error.faults
        else:
            good[playbook.name] = playbook
    return good, faults


def inside(playbook: Playbook, playbooks: Mapping[str, Playbook]) -> dict[str, Playbook]:
    """Return the playbooks that a run of this one may come to, itself not among them: what a run's
    input must carry besides its own text."""
    found: dict[str, Playbook] = {}
    waiting = list(playbook.runs)
    while waiting:
        name = waiting.pop()
        if name not in found and name in playbooks:
            found[name] = playbooks[name]
            waiting += playbooks[name].runs
    return found


def in_order(files: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return files of (path, text) so that each comes after those it runs, where there is no circle."""
    listed = list(files)
    named: dict[str, list[tuple[str, str]]] = {}
    runs: dict[tuple[str, str], list[str]] = {}
    for file in listed:
        value = parse_yaml(file[1], file[0]).value
        named.setdefault(str(value.get("name")) if isinstance(value, dict) else "", []).append(file)
        runs[file] = list(dict.fromkeys(_runs(value)))
    ordered: dict[tuple[str, str], None] = {}
    begun: set[tuple[str, str]] = set()
    for first in listed:
        waiting = [first]
        while waiting:
            file = waiting[-1]
            before = [other for name in runs[file] for other in named.get(name, ()) if other not in begun]
            begun.add(file)
            if before:
                waiting += reversed(before)
                continue
            ordered.setdefault(waiting.pop())
    return list(ordered)


def _runs(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        if isinstance(value.get("run"), str):
            yield value["run"]
        for inner in value.values():
            yield from _runs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _runs(inner)
