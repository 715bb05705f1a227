"""The house keeps its shape: import direction, styles and types, checked in the one test command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ROOMS = ("rules", "playbooks", "integrations", "workers", "bot")


@pytest.mark.parametrize(
    "command",
    [
        ("lint-imports",),
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
    ],
    ids=lambda command: " ".join(command),
)
def test_the_check_finds_nothing(command: tuple[str, ...]) -> None:
    program, *arguments = command
    done = subprocess.run(
        [str(BIN / program), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_no_other_top_level_package() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == {*ROOMS, "tests"}


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "helpers", "common", "base", "manager"}
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if path.stem in vague]
    assert found == []
