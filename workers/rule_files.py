"""The rules of this installation: the library's and the site's own, compiled, with a cache on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from rules.attack import Attack, parse_attack
from rules.rule import RuleText
from rules.sigma import LoadedRules, Placeholders, load_rules
from workers.marked_yaml import read_yaml
from workers.settings import Settings

CACHE = "rules.cache"


def library_texts() -> list[RuleText]:
    """Return the rule files that come with the program."""
    return list(_texts(resources.files("rules") / "library", "library"))


def canary_texts() -> list[RuleText]:
    """Return the rules that canaries must fire: see `rules.health.canaries`."""
    return list(_texts(resources.files("rules") / "health" / "canary", "canary"))


def _texts(folder: Traversable, name: str) -> list[RuleText]:
    found: list[RuleText] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _texts(entry, f"{name}/{entry.name}")
        elif entry.name.endswith((".yml", ".yaml")):
            found.append(RuleText(f"{name}/{entry.name}", entry.read_text(encoding="utf-8")))
    return found


def attack_list() -> Attack:
    """Return MITRE ATT&CK as it comes with the program."""
    return parse_attack((resources.files("rules") / "attack.json").read_text(encoding="utf-8"))


def folder_texts(folders: Sequence[Path]) -> list[RuleText]:
    """Return the rule files below folders, or files themselves; a missing folder holds none."""
    paths = [
        path
        for folder in folders
        for path in (
            [folder] if folder.is_file() else sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")])
        )
    ]
    return [RuleText(str(path), read_yaml(path)) for path in dict.fromkeys(paths)]


def site_texts(
    paths: Sequence[Path] | None, settings: Settings | None, *, library: bool = True
) -> list[RuleText]:
    """Return the rule files at `paths`, else those of the site, else those in ``./rules``; with the
    library's, unless that is not wanted or the site does without."""
    folders = paths or (settings.rule_folders if settings else [Path("rules")])
    wanted = library and (settings.site.detection.library if settings else True)
    named = folder_texts(folders)
    return [*_without(library_texts(), named), *named] if wanted else named


def _without(library: Sequence[RuleText], named: Sequence[RuleText]) -> list[RuleText]:
    """Return the library's files without those that are named themselves: a path inside the library, or in
    a checkout of it."""
    places = {Path(one.path).resolve().as_posix() for one in named}
    texts = {one.text for one in named}
    return [
        one
        for one in library
        if one.text not in texts and not any(place.endswith(f"/rules/{one.path}") for place in places)
    ]


def compile_texts(
    texts: Sequence[RuleText], data: Path | None = None, placeholders: Placeholders | None = None
) -> LoadedRules:
    """Parse and compile rule files; unchanged ones come from the cache in folder `data`."""
    path = data / CACHE if data is not None else None
    cached = path.read_bytes() if path is not None and path.exists() else b""
    loaded = load_rules(texts, cached, placeholders)
    if path is not None and loaded.cache != cached:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_bytes(loaded.cache)
        draft.replace(path)
    return loaded
