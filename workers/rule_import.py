"""Rules from a release of others, such as SigmaHQ's: read, chosen, and kept in a managed folder.

A release is a folder, a zip or a tar archive. What is kept is what the release says, file by file; a
manifest beside it says where it came from and what it looked like, so that the next release replaces
exactly these files, and one that somebody changed by hand since is never overwritten in silence.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from rules.alerts import Severity
from rules.rule import Detection, Rule, RuleFault, RuleText, parse_text

MANIFEST = "manifest.json"
MOST_FILES = 50_000
MOST_BYTES = 2_000_000
"""Of one rule file; SigmaHQ's largest has 100 kB."""
MOST_UNPACKED = 500_000_000
_SUFFIXES = (".yml", ".yaml")
RETIRED = ("deprecated", "unsupported")


class RuleImportError(Exception):
    """A release can't be read or written; the text says what to do."""


@dataclass(frozen=True)
class Selection:
    """Which rules are wanted; an empty part asks nothing."""

    status: tuple[str, ...] = ()
    """Empty: all but deprecated and unsupported ones."""
    level: Severity | None = None
    """This level and above."""
    product: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    service: tuple[str, ...] = ()

    def takes(self, rule: Rule) -> bool:
        if rule.status not in self.status if self.status else rule.status in RETIRED:
            return False
        if self.level is not None and rule.severity.rank < self.level.rank:
            return False
        source = getattr(rule, "logsource", None)
        for wanted, part in (
            (self.product, "product"),
            (self.category, "category"),
            (self.service, "service"),
        ):
            if wanted and isinstance(rule, Detection) and getattr(source, part) not in wanted:
                return False
        return True


@dataclass
class Chosen:
    """What a selection takes of a release."""

    texts: list[RuleText] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    seen: int = 0
    """Rules in the release."""
    faults: list[RuleFault] = field(default_factory=list)
    """Of files that are no sound rules; these are not taken."""


@dataclass(frozen=True)
class Written:
    added: int
    changed: int
    removed: int
    same: int


def read_release(path: Path) -> list[RuleText]:
    """Return the rule files of a release, with their paths inside it. Raises `RuleImportError`.

    Of an archive that has folders named ``rules…``, as SigmaHQ's releases do, only what is in these.
    """
    try:
        found = sorted(_files(path))
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, ValueError) as error:
        raise RuleImportError(f"{path} can't be read: {error}") from error
    inside = [
        one for one in found if any(part.startswith("rules") for part in PurePosixPath(one[0]).parts[:-1])
    ]
    texts: list[RuleText] = []
    for name, content in inside or found:
        try:
            texts.append(RuleText(name, content.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            raise RuleImportError(f"{path}: {name} is no UTF-8: {error}") from error
    if not texts:
        raise RuleImportError(f"{path} holds no .yml files")
    return texts


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file() and file.suffix in _SUFFIXES:
                yield file.relative_to(path).as_posix(), file.read_bytes()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            entries = [
                entry for entry in archive.infolist() if _wanted(entry.filename) and not entry.is_dir()
            ]
            _check(path, [entry.file_size for entry in entries])
            for entry in entries:
                yield _inside(entry.filename), archive.read(entry)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as tar:
            members = [member for member in tar if member.isfile() and _wanted(member.name)]
            _check(path, [member.size for member in members])
            for member in members:
                stream = tar.extractfile(member) or io.BytesIO()
                yield _inside(member.name), stream.read()
    else:
        raise RuleImportError(f"{path} is no folder, zip or tar archive")


def _wanted(name: str) -> bool:
    return name.endswith(_SUFFIXES)


def _inside(name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise RuleImportError(f"the archive has a file outside itself: {name!r}")
    return str(path)


def _check(path: Path, sizes: list[int]) -> None:
    if len(sizes) > MOST_FILES or sum(sizes) > MOST_UNPACKED or any(size > MOST_BYTES for size in sizes):
        raise RuleImportError(f"{path} is no release of rules: {len(sizes)} files, {sum(sizes)} bytes")


def choose(texts: Iterable[RuleText], selection: Selection) -> Chosen:
    """Take the files of which a rule is wanted; filters and correlations go by level and status alone."""
    chosen = Chosen()
    for text in texts:
        rules, faults = parse_text(text)
        chosen.seen += len(rules)
        chosen.faults += faults
        wanted = [rule for rule in rules if selection.takes(rule)]
        if wanted and not faults:
            chosen.texts.append(text)
            chosen.rules += rules
    return chosen


def write_rules(
    texts: Iterable[RuleText], folder: Path, *, origin: Path, selection: Selection, now: datetime, force: bool
) -> Written:
    """Make `folder` hold exactly these files. Raises `RuleImportError` where a file there was changed
    by hand, or is not ours, unless `force`."""
    before = read_manifest(folder)
    new = {text.path: text.text.encode() for text in texts}
    old: dict[str, str] = dict(before["files"]) if before else {}
    touched = []
    for name in old.keys() | new.keys():
        path = folder / name
        if path.exists() and _digest(path.read_bytes()) not in (old.get(name), _digest(new.get(name, b""))):
            touched.append(name)
    if touched and not force:
        raise RuleImportError(
            f"{len(touched)} files in {folder} were changed by hand, first {sorted(touched)[0]}\n"
            "Move them to a folder of your own (a Sigma filter narrows a rule without changing it), "
            "or say --force to lose the changes."
        )
    counts = {"added": 0, "changed": 0, "removed": 0, "same": 0}
    for name, content in new.items():
        path = folder / name
        kind = "added" if not path.exists() else "same" if path.read_bytes() == content else "changed"
        counts[kind] += 1
        if kind != "same":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for name in old.keys() - new.keys():
        (folder / name).unlink(missing_ok=True)
        counts["removed"] += 1
    manifest = {
        "origin": origin.name,
        "sha256": _digest(origin.read_bytes()) if origin.is_file() else "",
        "imported": now.isoformat(timespec="seconds"),
        "selection": {key: value for key, value in vars(selection).items() if value},
        "files": {name: _digest(content) for name, content in sorted(new.items())},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return Written(**counts)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return what an earlier import wrote down, None where there was none. Raises `RuleImportError`."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        dict(found["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise RuleImportError(f"{path} is no manifest ({error}): remove it and import again") from error
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
