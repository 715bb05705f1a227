"""The bench of indicators measures what it says: every kind of event, and a table that finds."""

from __future__ import annotations

import random

from typer.testing import CliRunner

from bot.bench import intelligence
from bot.cli import app


def test_every_kind_is_measured() -> None:
    result = intelligence.run_intelligence(2000)
    assert 1900 < result.indicators <= 2001
    assert result.microseconds.keys() == result.bare.keys() == {"firewall", "dns", "proxy", "process"}
    assert min(result.microseconds.values()) > 0


def test_each_kind_of_event_has_its_own_fields() -> None:
    made = intelligence._events(random.Random(1))
    own = {name: events[0].keys() - intelligence._COMMON.keys() for name, events in made.items()}
    assert own["firewall"] >= {"destination.ip"}
    assert own["dns"] >= {"dns.answers.data"}
    assert own["proxy"] >= {"url.full"}
    assert own["process"] >= {"process.hash.sha256"}
    assert len({str(event) for event in made["dns"]}) == intelligence.EVENTS


def test_the_command_prints_it() -> None:
    ran = CliRunner().invoke(app, ["bench", "intelligence", "--indicators", "500"])
    assert ran.exit_code == 0, ran.output
    assert "firewall" in ran.output
    assert "MiB" in ran.output
