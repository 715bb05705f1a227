"""What the records of endpoint products have in common: ATT&CK, checksums, command lines, accounts.

ATT&CK's tactics: https://attack.mitre.org/tactics/enterprise/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from integrations.fields import add, put, put_new, text
from integrations.windows.command_lines import arguments
from rules.ecs import Document

TACTICS: Mapping[str, str] = {
    "reconnaissance": "TA0043",
    "resourcedevelopment": "TA0042",
    "initialaccess": "TA0001",
    "execution": "TA0002",
    "persistence": "TA0003",
    "privilegeescalation": "TA0004",
    "defenseevasion": "TA0005",
    "credentialaccess": "TA0006",
    "discovery": "TA0007",
    "lateralmovement": "TA0008",
    "collection": "TA0009",
    "commandandcontrol": "TA0011",
    "exfiltration": "TA0010",
    "impact": "TA0040",
}
_TACTIC = re.compile(r"TA\d{4}", re.ASCII)
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_SUMS = {32: "md5", 40: "sha1", 64: "sha256"}
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+", re.ASCII)
_SYSTEMS = (
    ("windows", "windows"),
    ("win", "windows"),
    ("mac", "macos"),
    ("osx", "macos"),
    ("darwin", "macos"),
    ("ios", "ios"),
    ("android", "android"),
    ("lin", "linux"),
    ("ubuntu", "linux"),
    ("debian", "linux"),
    ("red hat", "linux"),
    ("centos", "linux"),
)


def put_threat(document: Document, tactics: Iterable[Any] = (), techniques: Iterable[Any] = ()) -> None:
    """Add ATT&CK's tactics and techniques, by id (``T1059.001``) or by name; tactics get both."""
    for each in tactics:
        name = text(each)
        if name is None or len(name) > 256:
            continue
        if _TACTIC.fullmatch(name):
            add(document, "threat.tactic.id", name)
        else:
            add(document, "threat.tactic.name", name)
            known = TACTICS.get(re.sub(r"[^a-z]", "", name.lower()))
            add(document, "threat.tactic.id", known or [])
    for each in techniques:
        name = text(each)
        if name is None or len(name) > 256:
            continue
        if not _TECHNIQUE.fullmatch(name):
            add(document, "threat.technique.name", name)
        elif "." in name:
            add(document, "threat.technique.id", name.partition(".")[0])
            add(document, "threat.technique.subtechnique.id", name)
        else:
            add(document, "threat.technique.id", name)
    if "threat" in document and document["threat"].keys() & {"tactic", "technique"}:
        document["threat"]["framework"] = "MITRE ATT&CK"


def put_sums(document: Document, place: str, *sums: Any) -> None:
    """Set ``<place>.hash.*`` of checksums, each told by its length."""
    for each in sums:
        sum = text(each)
        if sum and (kind := _SUMS.get(len(sum))) and _HEXADECIMAL.fullmatch(sum) and sum.strip("0"):
            put(document, f"{place}.hash.{kind}", sum.lower())


def put_command(document: Document, place: str, line: Any) -> None:
    """Set ``<place>.command_line``, ``.args`` and ``.args_count``."""
    if not isinstance(line, str) or not line.strip():
        return
    found = list(arguments(line))
    put(document, f"{place}.command_line", line)
    put(document, f"{place}.args", found)
    put(document, f"{place}.args_count", len(found))


def put_account(document: Document, place: str, value: Any) -> None:
    """Set name and domain of ``DOMAIN\\name``, or e-mail, name and domain of ``name@domain``."""
    name = text(value)
    if name is None:
        return
    domain, separator, plain = name.partition("\\")
    if separator and plain:
        put(document, f"{place}.name", plain)
        put_new(document, f"{place}.domain", domain)
        return
    plain, separator, domain = name.partition("@")
    if separator and plain and "." in domain:
        put(document, f"{place}.email", name)
        put(document, f"{place}.name", plain)
        put_new(document, f"{place}.domain", domain)
    else:
        put(document, f"{place}.name", name)


def system_type(value: Any) -> str | None:
    """Return ECS's ``host.os.type`` of an operating system's name."""
    name = text(value)
    if name is None:
        return None
    lower = name.lower()
    return next((kind for start, kind in _SYSTEMS if lower.startswith(start) or f" {start}" in lower), None)
