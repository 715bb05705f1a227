"""Accounts and groups that are made, changed and removed: shadow's tools, as src/*.c of shadow log.

A change that several lines tell of is one event with the change's action; the others name the file
that was written.
"""

from __future__ import annotations

import re

from integrations.linux.lines import Line, Table
from rules.ecs import Document

_IAM = ("iam",)
_NAME = r"['`](?P<target>[^'`]{1,256})'"
_GROUP = r"['`](?P<group>[^'`]{1,256})'"


def _subject(document: Document, match: re.Match[str]) -> None:
    """Nobody is named as the one who did it: as Elastic does, the account itself is the user too."""
    user = {"name": match["target"]}
    if match["target_id"]:
        user["id"] = match["target_id"]
    document.setdefault("user", {}).update(user)


def _of(
    pattern: str, action: str, kind: str, change: str, outcome: str = "success", words: tuple[str, ...] = ()
) -> Line:
    return Line(pattern, action, _IAM, (kind, change), outcome, words)


ACCOUNTS = Table(
    [
        Line(r"new user: name=(?P<target>[^,]{1,256}), UID=(?P<target_id>\d{1,10}), GID=(?P<gid>\d{1,10}), home=(?P<home>[^,]{0,4096}), "
             r"shell=(?P<shell>[^,]{0,4096})(?:, .*)?", "user_created", _IAM, ("user", "creation"), "success", more=_subject),
        _of(r"failed adding user '(?P<target>[^']{1,256})', (?P<reason>.*)", "user_creation_failed", "user", "creation", "failure"),
        _of(r"delete user '(?P<target>[^']{1,256})'", "user_deleted", "user", "deletion"),
        _of(r"new group: name=(?P<group>[^,]{1,256}), GID=(?P<gid>\d{1,10})", "group_created", "group", "creation"),
        _of(r"group added to (?P<file>/etc/g?(?:shadow|group)): name=(?P<group>[^,]{1,256})(?:, GID=(?P<gid>\d{1,10}))?", "group_file_changed",
            "group", "change"),
        _of(rf"removed group {_GROUP}(?: owned by ['`](?P<target>[^']{{1,256}})')?", "group_deleted", "group", "deletion"),
        _of(rf"removed shadow group {_GROUP}(?: owned by ['`](?P<target>[^']{{1,256}})')?", "group_file_changed", "group", "change"),
        _of(rf"group {_GROUP} removed", "group_deleted", "group", "deletion"),
        _of(rf"group {_GROUP} removed from (?P<file>/\S{{1,255}})", "group_file_changed", "group", "change"),
        _of(r"group changed in (?P<file>/\S{1,255}) \(group (?P<group>[^\s/,]{1,256}).*\)", "group_changed", "group", "change"),
        _of(rf"add {_NAME} to group {_GROUP}", "user_added_to_group", "group", "change"),
        _of(rf"add {_NAME} to shadow group {_GROUP}", "group_file_changed", "group", "change"),
        _of(rf"delete {_NAME} from group {_GROUP}", "user_removed_from_group", "group", "change"),
        _of(rf"delete {_NAME} from shadow group {_GROUP}", "group_file_changed", "group", "change"),
        _of(r"user (?P<target>\S{1,256}) added by (?P<user>\S{1,256}) to group (?P<group>\S{1,256})", "user_added_to_group", "group", "change"),
        _of(r"user (?P<target>\S{1,256}) removed by (?P<user>\S{1,256}) from group (?P<group>\S{1,256})", "user_removed_from_group", "group",
            "change"),
        _of(r"add member (?P<target>\S{1,256}) to group (?P<group>\S{1,256}) by (?P<user>\S{1,256})", "user_added_to_group", "group", "change"),
        _of(r"remove member (?P<target>\S{1,256}) from group (?P<group>\S{1,256}) by (?P<user>\S{1,256})", "user_removed_from_group", "group",
            "change"),
        _of(r"set members of (?P<group>\S{1,256}) to .*", "group_members_set", "group", "change"),
        _of(r"password of group (?P<group>\S{1,256}) (?:changed|removed) by (?P<user>\S{1,256})", "group_password_changed", "group", "change"),
        _of(rf"change user name {_NAME} to '(?P<new_name>[^']{{1,256}})'", "user_renamed", "user", "change"),
        _of(rf"change user {_NAME} password", "password_changed", "user", "change"),
        _of(rf"change user {_NAME} (?P<reason>UID from '\d{{1,10}}' to '\d{{1,10}}')", "user_id_changed", "user", "change"),
        _of(rf"change user {_NAME} (?P<reason>.*)", "user_changed", "user", "change"),
        _of(rf"changed user {_NAME} (?P<reason>.*)", "user_changed", "user", "change"),
        _of(r"changed password expiry for (?P<target>\S{1,256})", "user_changed", "user", "change"),
        _of(rf"lock user {_NAME} password", "user_locked", "user", "change"),
        _of(rf"unlock user {_NAME} password", "user_unlocked", "user", "change"),
        _of(rf"password for {_NAME} changed by ['`](?P<user>[^']{{1,256}})'", "password_changed", "user", "change"),
    ]
)  # fmt: skip
