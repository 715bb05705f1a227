"""Which data streams are asked: all of them, or those that people and rules about people's systems mean."""

from __future__ import annotations

from rules.health.canaries import DATASET


def all_events(prefix: str) -> str:
    return f"{prefix}logs-*"


def canary_events(prefix: str) -> str:
    return f"{prefix}logs-{DATASET}-*"


def shown_events(prefix: str) -> str:
    """All but the canaries that the program plants itself."""
    return f"{all_events(prefix)},-{canary_events(prefix)}"
