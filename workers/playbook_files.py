"""The playbooks of this installation: the library's and the site's own, read when they are needed.

The library names one vendor where there are many. A site says once what it has `instead`, and all of the
library uses that. What the site has no connection for stays idle: people and other playbooks may run it,
but nothing starts it and nobody is asked for what could not be done.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from playbooks.actions import ActionKind, ActionSpec
from playbooks.collection import in_order, inside
from playbooks.faults import did_you_mean
from playbooks.model import Playbook, PlaybookError, load_playbook
from playbooks.steps import ActionStep
from workers.marked_yaml import read_yaml

if TYPE_CHECKING:
    from workers.settings import Settings


@dataclass(frozen=True)
class PlaybookFile:
    path: str
    text: str


@dataclass(frozen=True)
class PlaybookSet:
    playbooks: tuple[tuple[PlaybookFile, Playbook], ...]
    faults: tuple[str, ...]
    """Everything wrong with the files that could not be read as playbooks."""
    idle: Mapping[str, str] = field(default_factory=dict)
    """Playbooks of the library that nothing starts here, and why in words."""

    def inside(self, playbook: Playbook) -> list[tuple[PlaybookFile, Playbook]]:
        """Return the playbooks that a run of this one may come to, itself not among them."""
        names = inside(playbook, {known.name: known for _, known in self.playbooks})
        return [pair for pair in self.playbooks if pair[1].name in names]

    @property
    def starting(self) -> list[tuple[PlaybookFile, Playbook]]:
        """Those that start by themselves when their trigger says so."""
        return [pair for pair in self.playbooks if pair[1].name not in self.idle]

    @property
    def alert_rules(self) -> frozenset[str]:
        """Rules whose alerts start a playbook: they open an incident whatever their severity."""
        return frozenset(
            rule for _, playbook in self.starting if playbook.on.alert for rule in playbook.on.alert.rules
        )

    def started_by(self, webhook: str) -> list[str]:
        """Return the names of the playbooks that a webhook starts."""
        return [playbook.name for _, playbook in self.starting if playbook.on.webhook == webhook]

    def named(self, name: str) -> tuple[PlaybookFile, Playbook] | None:
        return next((pair for pair in self.playbooks if pair[1].name == name), None)


def library_files() -> list[PlaybookFile]:
    """Return the playbooks that come with the program."""
    folder = resources.files("playbooks") / "library"
    return [
        PlaybookFile(path=f"library/{entry.name}", text=entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith((".yaml", ".yml"))
    ]


def site_files(folders: Sequence[Path]) -> list[PlaybookFile]:
    return [
        PlaybookFile(path=str(path), text=read_yaml(path))
        for folder in folders
        for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")])
    ]


class PlaybookShelf:
    """The playbooks of a site for whoever asks often: parsed anew only when a file is another."""

    def __init__(self, settings: Settings, catalogue: Mapping[str, ActionSpec]) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._known: tuple[list[PlaybookFile], PlaybookSet] | None = None

    def __call__(self) -> PlaybookSet:
        files = site_files(self._settings.playbook_folders)
        if self._known is None or self._known[0] != files:
            self._known = files, playbooks_of(self._settings, self._catalogue)
        return self._known[1]


def playbooks_of(settings: Settings, catalogue: Mapping[str, ActionSpec]) -> PlaybookSet:
    """Read the playbooks of a site, as its siem.yaml says."""
    section = settings.site.playbooks
    return read_playbooks(
        settings.playbook_folders,
        catalogue,
        library=section.library,
        instead=section.instead,
        connections={connection.kind for connection in settings.site.connections.values()},
    )


def read_playbooks(
    folders: Sequence[Path],
    catalogue: Mapping[str, ActionSpec],
    *,
    library: bool | Sequence[str] = True,
    instead: Mapping[str, str] | None = None,
    connections: Collection[str] | None = None,
) -> PlaybookSet:
    """Read all playbooks; a site's playbook replaces the library's of the same name.

    `library` is True for all of the library, or the names of those wanted. `instead` says which actions
    the library's playbooks use in place of which; `connections` are the kinds that the site has, None
    where that does not matter. Faults of one file never hide another file.
    """
    good: dict[str, tuple[PlaybookFile, Playbook]] = {}
    faults = _wrong_names(instead or {}, catalogue)
    of_the_library = [(file.path, _adapted(file.text, instead or {})) for file in library_files()]
    of_the_site = [(file.path, file.text) for file in site_files(folders)]
    for path, text in in_order([*of_the_library, *of_the_site]):
        file = PlaybookFile(path, text)
        known_by_name = {name: playbook for name, (_, playbook) in good.items()}
        try:
            playbook = load_playbook(path, text, catalogue, known_by_name)
        except PlaybookError as error:
            faults.append(str(error))
            continue
        known = good.get(playbook.name)
        if known is not None and _of_library(file):
            continue
        if known is not None and not _of_library(known[0]):
            faults.append(f"{file.path}: the name {playbook.name!r} is taken by {known[0].path}")
            continue
        good[playbook.name] = (file, playbook)
    idle: dict[str, str] = {}
    if library is not True:
        faults += _unknown_playbooks(library or (), [path for path, _ in of_the_library])
        idle = _choose(good, set(library or ()))
    read = PlaybookSet(playbooks=tuple(good.values()), faults=tuple(faults))
    if connections is not None:
        idle |= _unconnected(read, catalogue, connections)
    return replace(read, idle=idle)


def _of_library(file: PlaybookFile) -> bool:
    return file.path.startswith("library/")


def _choose(good: dict[str, tuple[PlaybookFile, Playbook]], wanted: set[str]) -> dict[str, str]:
    """Leave of the library what is wanted, and what that or the site's own run inside: idle by itself."""
    everything = PlaybookSet(playbooks=tuple(good.values()), faults=())
    listed = {name for name, (file, _) in good.items() if name in wanted or not _of_library(file)}
    within = {one.name for name in listed for one in _inner(everything, good[name][1])} - listed
    for name in good.keys() - listed - within:
        del good[name]
    return dict.fromkeys(within, "is run by others only: siem.yaml does not name it (playbooks: library)")


def _unconnected(
    known: PlaybookSet, catalogue: Mapping[str, ActionSpec], connections: Collection[str]
) -> dict[str, str]:
    """Say which playbooks of the library lack a connection, and of which kind."""
    idle = {}
    for file, playbook in known.playbooks:
        if _of_library(file):
            needed = {kind for one in (playbook, *_inner(known, playbook)) for kind in _needs(one, catalogue)}
            if missing := sorted(needed - set(connections)):
                idle[playbook.name] = f"needs a connection of kind {' and one of kind '.join(missing)}"
    return idle


def _inner(known: PlaybookSet, playbook: Playbook) -> list[Playbook]:
    return [one for _, one in known.inside(playbook)]


def _needs(playbook: Playbook, catalogue: Mapping[str, ActionSpec]) -> set[str]:
    """The kinds of connection without which a playbook can't do what it is for: not those of steps that
    it goes on without."""
    steps = [step for step in playbook.every_step if isinstance(step, ActionStep)]
    return {
        spec.connection
        for step in steps
        if (spec := catalogue[step.uses]).connection is not None
        and (step.on_error == "fail" or spec.kind is ActionKind.CONTAINMENT)
    }


def _adapted(text: str, instead: Mapping[str, str]) -> str:
    """The text of a playbook of the library with the actions that the site has."""
    return _USES.sub(lambda found: found[1] + instead.get(found[2], found[2]), text)


_USES = re.compile(r"(?m)^( *(?:- )?uses: )(\S+)")


def _unknown_playbooks(wanted: Collection[str], paths: Sequence[str]) -> list[str]:
    there = [path.removeprefix("library/").partition(".")[0] for path in paths]
    return [
        f"siem.yaml: playbooks: library: there is no playbook {name!r} in it; {did_you_mean(name, there)}"
        for name in wanted
        if name not in there
    ]


def _wrong_names(instead: Mapping[str, str], catalogue: Mapping[str, ActionSpec]) -> list[str]:
    return [
        f"siem.yaml: playbooks: instead: there is no action {name!r}; {did_you_mean(name, catalogue)}"
        for name in (*instead, *instead.values())
        if name not in catalogue
    ]
