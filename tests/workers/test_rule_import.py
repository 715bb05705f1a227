"""A release of rules is chosen from, kept whole, and never overwrites what somebody changed."""

from __future__ import annotations

import io
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rules.alerts import Severity
from workers.rule_import import (
    RuleImportError,
    Selection,
    Written,
    choose,
    read_manifest,
    read_release,
    write_rules,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def rule(number: int, level: str, status: str, source: str) -> str:
    return f"""title: Rule {number}
id: 00000000-0000-4000-8000-{number:012d}
status: {status}
level: {level}
logsource: {{{source}}}
detection: {{selection: {{field: {number}}}, condition: selection}}
"""


RELEASE = {
    "r-1/rules/windows/a.yml": rule(1, "high", "stable", "category: process_creation, product: windows"),
    "release-1/rules/linux/b.yml": rule(2, "low", "test", "product: linux, service: sshd"),
    "release-1/rules/linux/c.yml": rule(3, "high", "deprecated", "product: linux"),
    "release-1/rules/linux/broken.yml": "title: [",
    "release-1/tests/d.yml": "not: a rule",
    "release-1/rules/README.md": "words",
}  # fmt: skip


@pytest.fixture(params=["folder", "zip", "tar"])
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "folder":
        for name, text in RELEASE.items():
            path = tmp_path / "from" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "from"
    path = tmp_path / f"release.{request.param}"
    if request.param == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in RELEASE.items():
                archive.writestr(name, text)
        return path
    with tarfile.open(path, "w:gz") as tar:
        for name, text in RELEASE.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ["Rule 1", "Rule 2"]),
        (Selection(level=Severity.HIGH), ["Rule 1"]),
        (Selection(status=("deprecated",)), ["Rule 3"]),
        (Selection(product=("linux",)), ["Rule 2"]),
        (Selection(category=("process_creation",)), ["Rule 1"]),
        (Selection(product=("windows",), service=("sshd",)), []),
    ],
)
def test_what_is_wanted_is_chosen(release: Path, selection: Selection, expected: list[str]) -> None:
    chosen = choose(read_release(release), selection)
    assert sorted(one.title for one in chosen.rules) == expected
    assert chosen.seen == 3
    assert [fault.path.rpartition("/")[2] for fault in chosen.faults] == ["broken.yml"]


def test_the_next_release_replaces_what_the_last_one_wrote(release: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sigma"
    texts = choose(read_release(release), Selection()).texts

    def write(some: list, *, force: bool = False) -> Written:
        return write_rules(some, folder, origin=release, selection=Selection(), now=NOW, force=force)

    assert write(texts) == Written(added=2, changed=0, removed=0, same=0)
    assert write(texts[:1]) == Written(added=0, changed=0, removed=1, same=1)
    manifest = read_manifest(folder)
    assert manifest is not None
    assert list(manifest["files"]) == [texts[0].path]
    changed = folder / texts[0].path
    changed.write_text("title: mine")
    with pytest.raises(RuleImportError, match="changed by hand"):
        write(texts)
    assert changed.read_text() == "title: mine"
    assert write(texts, force=True) == Written(added=1, changed=1, removed=0, same=0)


def test_an_archive_can_write_nowhere_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("rules/../../evil.yml", "title: x")
    with pytest.raises(RuleImportError, match="outside itself"):
        read_release(tmp_path / "evil.zip")
