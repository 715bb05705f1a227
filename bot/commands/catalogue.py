"""The actions that playbooks can use, and the playbooks that commands are about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.failures import MISUSED, CommandError
from bot.commands.site import settings_or_none

if TYPE_CHECKING:
    from playbooks.actions import ActionSpec
    from workers.playbook_files import PlaybookSet


Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files or folders; none: those of siem.yaml, else ./playbooks.", exists=True),
]
Library = Annotated[bool, typer.Option(help="Also the playbooks that come with the program.")]


def is_own(path: str) -> bool:
    return not path.startswith("library/")


def know_own_actions() -> None:
    """Make the actions of the site in this folder known, where there is one."""
    if (chosen := settings_or_none()) is not None:
        from workers.own_vendors import register_actions

        register_actions(chosen)


def catalogue() -> dict[str, ActionSpec]:
    from integrations.catalogue import actions

    know_own_actions()
    return {action.spec.name: action.spec for action in actions()}


def unknown_playbook(name: str, known: PlaybookSet) -> CommandError:
    """Return what to say where no playbook has a name; its own file may be the one that can't be read."""
    from playbooks.faults import did_you_mean

    if known.faults:
        told = "\n".join(known.faults)
        return CommandError(f"{told}\nthere is no playbook {name!r} that is right; mend these first", MISUSED)
    near = did_you_mean(name, [one.name for _, one in known.playbooks])
    hint = near if near.startswith("did") else "see `siem playbooks list`"
    return CommandError(f"there is no playbook {name!r}: {hint}", MISUSED)


def read_playbooks(paths: list[Path] | None, *, library: bool) -> PlaybookSet:
    from workers.playbook_files import playbooks_of
    from workers.playbook_files import read_playbooks as read

    chosen = None if paths else settings_or_none()
    folders = paths or (list(chosen.playbook_folders) if chosen else [Path("playbooks")])
    if missing := [str(folder) for folder in folders if not folder.exists()]:
        raise CommandError(f"{', '.join(missing)}: no such file or folder", MISUSED)
    if chosen is not None and library:
        return playbooks_of(chosen, catalogue())
    known = read([one for one in folders if one.is_dir()], catalogue(), library=library)
    return with_files(known, [one for one in folders if not one.is_dir()])


def with_files(known: PlaybookSet, files: list[Path]) -> PlaybookSet:
    from playbooks.model import PlaybookError, load_playbook
    from workers.marked_yaml import read_yaml
    from workers.playbook_files import PlaybookFile, PlaybookSet

    by_name = {one.name: one for _, one in known.playbooks}
    found = {one.name: (file, one) for file, one in known.playbooks}
    faults = list(known.faults)
    for path in files:
        file = PlaybookFile(str(path), read_yaml(path))
        try:
            playbook = load_playbook(file.path, file.text, catalogue(), by_name)
        except PlaybookError as error:
            faults.append(str(error))
        else:
            found[playbook.name] = (file, playbook)
    return PlaybookSet(tuple(found.values()), tuple(faults), known.idle)
