"""Expected failures of commands, and the exit codes they end in: 0 done, 1 failed, 2 misused."""

from __future__ import annotations

import sys

FAILED = 1
MISUSED = 2


class CommandError(Exception):
    """A command can't go on; the text says why and what to do."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code


_EXPECTED = (
    ("bot.bench.figures", "BenchError", FAILED),
    ("bot.commands.failures", "CommandError", None),
    ("bot.demo.network", "NetworkError", FAILED),
    ("bot.verbs.answer", "UsageError", MISUSED),
    ("bot.verbs.picture", "PictureError", FAILED),
    ("bot.workspace.server", "WorkspaceError", FAILED),
    ("integrations.catalogue", "CatalogueError", MISUSED),
    ("integrations.definitions", "SourceFileError", MISUSED),
    ("integrations.yaml_actions", "ActionFileError", MISUSED),
    ("integrations.inventory", "InventoryError", MISUSED),
    ("integrations.contract", "ActionError", FAILED),
    ("integrations.opensearch.keyring", "KeyringError", FAILED),
    ("integrations.ports", "StoreError", FAILED),
    ("playbooks.faults", "PlaybookError", FAILED),
    ("workers.collect_section", "EntryError", MISUSED),
    ("workers.desk", "DeskError", FAILED),
    ("workers.engines.errors", "EngineError", FAILED),
    ("workers.settings", "SettingsError", MISUSED),
    ("workers.supervisor", "PartError", FAILED),
)
"""Modules, errors and exit codes. They are looked up where they are loaded: an error can only come from
a module that is."""


def exit_code(error: BaseException) -> int | None:
    """Return the exit code of an expected failure, None for a bug."""
    for module, name, code in _EXPECTED:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return error.code if isinstance(error, CommandError) else code
    return FAILED if isinstance(error, OSError | UnicodeDecodeError) else None


def words(error: BaseException) -> str:
    """Return what a person reads of it."""
    if isinstance(error, OSError) and error.strerror and type(error).__module__ == "builtins":
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    usage = getattr(error, "usage", "")
    return f"{error}\n{usage}" if usage else str(error) or type(error).__name__
