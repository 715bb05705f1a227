"""What MongoDB's commands do: the statement class, the collection, the database.

The classes are those of `integrations.sql`. Reference: MongoDB manual, "Database Commands"; a command is a
document whose first key names it and whose value is the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from integrations.fields import put, put_new
from rules.ecs import Document

LONGEST = 8192
"""Characters of a command that are kept as ``database.statement``."""

CLASSES: Mapping[str, str] = {
    **dict.fromkeys("find aggregate count distinct getMore mapReduce dbStats collStats listCollections listIndexes".split(), "read"),
    **dict.fromkeys("insert update delete findAndModify findandmodify bulkWrite remove".split(), "write"),
    **dict.fromkeys(
        """
        create createCollection createIndexes createIndex createDatabase drop dropCollection dropDatabase dropIndexes dropIndex
        renameCollection collMod shardCollection reIndex convertToCapped cloneCollectionAsCapped importCollection
        """.split(),
        "ddl",
    ),
    **dict.fromkeys(
        """
        createUser updateUser dropUser dropAllUsersFromDatabase createRole updateRole dropRole dropAllRolesFromDatabase
        grantRolesToUser revokeRolesFromUser grantRolesToRole revokeRolesFromRole grantPrivilegesToRole revokePrivilegesFromRole
        """.split(),
        "role",
    ),
    **dict.fromkeys("eval $eval".split(), "function"),
}  # fmt: skip


def statement_class(command: str) -> str:
    """Return the class of a command by its name; ``misc`` for what is none of the others."""
    return CLASSES.get(command, "misc")


def put_command(
    document: Document, arguments: Any, name: str | None = None, namespace: str | None = None
) -> None:
    """Set ``database.*`` of a command; `name` is its first key unless given, `namespace` ``db.collection``."""
    command = arguments if isinstance(arguments, dict) else {}
    if name is None:
        name = next(iter(command), None)
    database, _, collection = (namespace or "").partition(".")
    named = command.get("$db")
    if isinstance(named, str):
        database = named
    value = command.get(name) if name else None
    if name == "getMore":
        value = command.get("collection")
    if isinstance(value, str) and (name in CLASSES):
        collection = value
    put_new(document, "database.name", database)
    if collection and collection != "$cmd" and not collection.startswith("$cmd."):
        put_new(document, "database.table", collection)
    if name:
        put_new(document, "database.statement_class", statement_class(name))
    if command:
        put(document, "database.statement", orjson.dumps(command).decode()[:LONGEST])


def text_class(command: str) -> tuple[list[str], list[str]]:
    """Return ``event.category`` and ``event.type`` of a command."""
    kind = statement_class(command)
    lower = command.lower()
    change = "change"
    if lower.startswith(("create", "import")):
        change = "creation"
    elif lower.startswith(("drop", "delete", "remove")):
        change = "deletion"
    if kind == "role":
        return ["database", "iam"], [change, "user" if "User" in command else "admin"]
    if kind == "read":
        return ["database"], ["access"]
    if kind in {"write", "ddl"}:
        return ["database"], [change]
    return ["database"], ["info"]
