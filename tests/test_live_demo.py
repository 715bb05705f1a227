"""`siem demo --live --exit`: a break-in on real hosts, contained by their kernels, undone rule by rule."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources

import pytest

from tests.real_hosts import lacking

SIEM = [sys.executable, "-m", "bot.cli"]


@pytest.mark.engine
def test_every_stage_comes_out_right() -> None:
    if missing := lacking():
        pytest.skip(f"real hosts need {missing}")
    done = subprocess.run(
        [*SIEM, "demo", "--live", "--exit", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    stages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    wrong = [f"{one['stage']}: {one['text']}" for one in stages if not one["ok"]]
    assert not wrong, "\n".join(wrong)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [one["stage"] for one in stages][-8:] == [
        "drop", "isolate", "tell", "release", "restore", "spare", "path", "prove",
    ]  # fmt: skip


def test_its_playbook_and_its_rule_pass_their_own_tests() -> None:
    live = resources.files("bot.demo") / "live"
    for words in (
        ("playbooks", "rehearse", str(live / "playbooks" / "contain-live-breach.yaml")),
        ("rules", "test", str(live / "rules" / "ssh_login_between_servers.yml")),
    ):
        done = subprocess.run([*SIEM, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
