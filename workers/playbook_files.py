"""The playbooks of this installation: the library's and the site's own, read when they are needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from playbooks.actions import ActionSpec
from playbooks.collection import in_order, inside
from playbooks.model import Playbook, PlaybookError, load_playbook


@dataclass(frozen=True)
class PlaybookFile:
    path: str
    text: str


@dataclass(frozen=True)
class PlaybookSet:
    playbooks: tuple[tuple[PlaybookFile, Playbook], ...]
    faults: tuple[str, ...]
    """Everything wrong with the files that could not be read as playbooks."""

    def inside(self, playbook: Playbook) -> list[tuple[PlaybookFile, Playbook]]:
        """Return the playbooks that a run of this one may come to, itself not among them."""
        names = inside(playbook, {known.name: known for _, known in self.playbooks})
        return [pair for pair in self.playbooks if pair[1].name in names]

    @property
    def alert_rules(self) -> frozenset[str]:
        """Rules whose alerts start a playbook: they open an incident whatever their severity."""
        return frozenset(
            rule for _, playbook in self.playbooks if playbook.on.alert for rule in playbook.on.alert.rules
        )

    def started_by(self, webhook: str) -> list[str]:
        """Return the names of the playbooks that a webhook starts."""
        return [playbook.name for _, playbook in self.playbooks if playbook.on.webhook == webhook]

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
        PlaybookFile(path=str(path), text=path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")])
    ]


def read_playbooks(
    folders: Sequence[Path],
    catalogue: Mapping[str, ActionSpec],
    *,
    library: bool | Sequence[str] = True,
) -> PlaybookSet:
    """Read all playbooks; a site's playbook replaces the library's of the same name.

    `library` is True for all of the library, or the names of those wanted. Faults of one file
    never hide another file.
    """
    good: dict[str, tuple[PlaybookFile, Playbook]] = {}
    faults: list[str] = []
    wanted = None if library is True else set(library or ())
    of_the_library = [(file.path, file.text) for file in library_files()]
    of_the_site = [(file.path, file.text) for file in site_files(folders)]
    for path, text in in_order([*of_the_library, *of_the_site]):
        file, of_library = PlaybookFile(path, text), (path, text) in of_the_library
        known_by_name = {name: playbook for name, (_, playbook) in good.items()}
        try:
            playbook = load_playbook(path, text, catalogue, known_by_name)
        except PlaybookError as error:
            faults.append(str(error))
            continue
        if of_library and wanted is not None and playbook.name not in wanted:
            continue
        known = good.get(playbook.name)
        if known is not None and of_library:
            continue
        if known is not None and not of_library and not known[0].path.startswith("library/"):
            faults.append(f"{file.path}: the name {playbook.name!r} is taken by {known[0].path}")
            continue
        good[playbook.name] = (file, playbook)
    return PlaybookSet(playbooks=tuple(good.values()), faults=tuple(faults))
