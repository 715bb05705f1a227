"""Reading a playbook: text in; a checked `Playbook`, or every fault at once, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from playbooks.actions import ActionSpec
from playbooks.check import check_playbook
from playbooks.faults import PlaybookError, PlaybookFault
from playbooks.marked_yaml import parse_yaml
from playbooks.parser import Parser
from playbooks.scope import World
from playbooks.secrets import find_secrets
from playbooks.steps import Playbook

__all__ = ["Playbook", "PlaybookError", "PlaybookFault", "load_playbook"]


def load_playbook(
    path: str,
    text: str,
    catalogue: Mapping[str, ActionSpec],
    playbooks: Mapping[str, Playbook] | None = None,
) -> Playbook:
    """Parse and check a playbook. `path` is for messages only; `playbooks` are those it may run.

    Raises `PlaybookError` with all faults: of the YAML, of its shape, and against the catalogue of
    actions. What passes can be run: the engine meets only faults of the data.
    """
    marked = parse_yaml(text, path)
    parser = Parser(marked)
    playbook = parser.playbook()
    if playbook is not None:
        marked.faults += check_playbook(playbook, World(catalogue, playbooks or {}), parser)
    secrets = [
        marked.fault_at(
            (line, column), f"this looks like {kind}: secrets have no place in a playbook", _SECRET
        )
        for line, column, kind in find_secrets(marked.lines)
    ]
    if marked.faults or secrets or playbook is None:
        quiet = {fault.line for fault in secrets}
        raise PlaybookError(
            replace(fault, source="") if fault.line in quiet else fault
            for fault in [*marked.faults, *secrets]
        )
    return playbook


_SECRET = "take it out, change it where it is valid, and name a connection of siem.yaml instead"
