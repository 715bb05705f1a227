"""The README says what is so: its commands exist, its links lead somewhere, CI runs its test command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bot.cli import app

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"^\s{4,}(?:\.venv/bin/)?(siem [^#\n&|]+)", README, re.MULTILINE)))
INLINE = sorted(set(re.findall(r"`(siem [^`]+)`", README)))


@pytest.mark.parametrize("line", COMMANDS + INLINE)
def test_each_command_exists_with_its_options(line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = shlex.split(line.replace("…", ""))[1:]
    path: list[str] = []
    while (commands := getattr(command, "commands", None)) and words and not words[0].startswith("-"):
        found = commands.get(words[0])
        if found is None and words[0].isupper() and getattr(command, "takes_words", False):
            words.insert(0, "show")  # siem actions WORD
            continue
        assert found is not None, f"{' '.join(['siem', *path])} has no {words[0]!r}"
        path.append(words.pop(0))
        command = found
    known = {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}
    for option in (word for word in words if word.startswith("--")):
        assert option in known, f"{' '.join(['siem', *path])} has no {option}"


def test_ci_runs_the_test_command_that_the_readme_gives() -> None:
    assert "'.[test]'" in README
    assert "-m pytest -n 2" in README
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "--editable '.[test]'" in script
    assert "-m pytest -n 2" in script


def test_both_commands_are_on_the_first_screen() -> None:
    first = "\n".join(README.splitlines()[:25])
    assert "siem demo" in first
    assert "-m pytest -n 2" in first


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)", README))))
def test_each_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
