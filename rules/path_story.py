"""The story of an attack path: an edge's label, and the whole told in a few plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rules.entities import Entity, EntityKind
from rules.narrative import Deed, duration, listed, phrase
from rules.path_edges import Edge

MOST_SENTENCES = 8


def label_of(edge: Edge) -> str:
    """Return an edge in plain words: ``147 failed logins``, ``became root``."""
    names = list(edge.details)
    times = f" {edge.count:,} times" if edge.count > 1 else ""
    match edge.deed:
        case Deed.FAILED_LOGIN:
            return f"{phrase(edge.deed, edge.count)}{_as(names)}"
        case Deed.LOGIN:
            return f"logged in{_as(names)}{times}"
        case Deed.ELEVATION:
            ran = f": {names[0]}" if len(names) == 1 else f", {len(names)} commands" if names else ""
            return f"became {edge.target.value}{ran}"
        case Deed.FAILED_ELEVATION:
            return f"was refused to become {edge.target.value}{times}"
        case Deed.MEMBER_ADDED:
            return f"added to {listed(names) or 'a group'}"
        case Deed.ACCOUNT_CREATED | Deed.ACCOUNT_DELETED | Deed.ACCOUNT_CHANGED:
            return f"{edge.deed.value.split()[-1]} the account"
        case Deed.FILE_CREATED | Deed.FILE_DELETED | Deed.FILE_CHANGED | Deed.FILE_READ:
            return f"{edge.deed.value.split()[-1]} the file{times}"
        case Deed.CONNECTION:
            return f"connected to port {listed(names[:3])}{times}" if names else f"connected{times}"
        case Deed.COMMAND:
            return f"ran {names[0]}" if len(names) == 1 else f"ran {len(names)} commands"
        case Deed.FINDING:
            return f"{names[0]}{times}" if names else phrase(edge.deed, edge.count)
        case Deed.SESSION:
            return "session as"
        case _:
            return f"{names[0]}{times}" if names else phrase(edge.deed, edge.count)


def _as(names: Sequence[str]) -> str:
    if not names:
        return ""
    if len(names) <= 2:
        return f" as {listed(names)}"
    return f" as {names[0]} and {len(names) - 1} other users"


def story_of(edges: Sequence[Edge], left_out: int = 0) -> str:
    """Tell how it began, how far it went and what was done; empty where there are no edges.

    `left_out` counts edges that are not among `edges`.
    """
    failed = {(edge.source, edge.target): edge for edge in edges if edge.deed is Deed.FAILED_LOGIN}
    entered = {(edge.source, edge.target) for edge in edges if edge.deed is Deed.LOGIN}
    told: dict[str, None] = {}
    for edge in edges:
        if edge.deed is Deed.SESSION:
            continue
        if edge.deed is Deed.LOGIN:
            told[_login(edge, failed.get((edge.source, edge.target)))] = None
        elif edge.deed is not Deed.FAILED_LOGIN and (sentence := _sentence(edge)):
            told[sentence] = None
    for pair, edge in failed.items():
        if pair not in entered:
            names, times = _as(list(edge.details)), f"{edge.count:,} time{'s' if edge.count > 1 else ''}"
            told[f"{edge.source.value} failed to log in {times}{names} on {edge.target.value}."] = None
    shown = list(told)[:MOST_SENTENCES]
    more = len(told) - len(shown) + left_out
    if more:
        shown.append(f"{more} more step{'s follow' if more > 1 else ' follows'}.")
    return " ".join(shown)


def _login(edge: Edge, tries: Edge | None) -> str:
    who, whom = edge.source.value, edge.target.value
    where = f" on {whom}" if edge.target.kind is EntityKind.HOST else ""
    after = ""
    if tries is not None and tries.times[0] <= edge.times[0]:
        after = f" after {phrase(Deed.FAILED_LOGIN, tries.count)}"
        spent = edge.times[0] - tries.times[0]
        after += f" within {duration(spent)}" if spent >= timedelta(seconds=1) else ""
    return f"{who} logged in{_as(list(edge.details)) or f' as {whom}'}{where}{after}."


def _sentence(edge: Edge) -> str:
    who, whom, names = edge.source.value, edge.target.value, list(edge.details)
    verb = edge.deed.value.split()[-1]
    times = f" {edge.count:,} times" if edge.count > 1 else ""
    match edge.deed:
        case Deed.ELEVATION:
            how = f" by running {names[0]}" if len(names) == 1 else ""
            return f"{who} became {whom}{how or f' for {len(names)} commands' if names else ''}."
        case Deed.FAILED_ELEVATION:
            return f"{who} was refused to become {whom}{times}."
        case Deed.ACCOUNT_CREATED | Deed.ACCOUNT_DELETED | Deed.ACCOUNT_CHANGED:
            return f"The account {whom} was {verb}{_by(edge.source)}."
        case Deed.MEMBER_ADDED:
            return f"{whom} was added to the group {listed(names) or 'of somebody'}{_by(edge.source)}."
        case Deed.FILE_CREATED | Deed.FILE_CHANGED | Deed.FILE_DELETED | Deed.FILE_READ:
            return f"{who} {verb} {whom}{times}."
        case Deed.CONNECTION:
            port = f" port {listed(names[:3])}" if names else ""
            return f"{who} connected to {whom}{port}{times}."
        case Deed.COMMAND:
            return f"{who} {label_of(edge)} on {whom}."
        case Deed.FINDING:
            return f"{label_of(edge)}: {who}, {whom}."
        case _:
            return f"{who}: {listed(names[:3])}{times}, {whom}." if names else ""


def _by(source: Entity) -> str:
    return f" on {source.value}" if source.kind is EntityKind.HOST else f" by {source.value}"
