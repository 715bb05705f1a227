"""Incidents: alerts that belong together."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from rules.alerts import Severity
from rules.entities import Entity


class IncidentStatus(StrEnum):
    OPEN = "open"
    CONTAINED = "contained"
    CLOSED = "closed"


class IncidentFacts(BaseModel):
    """What is known of an incident: stored in the index ``siem-incidents``, shown to people,
    and read by playbooks as ``incident``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    severity: Severity
    status: IncidentStatus = IncidentStatus.OPEN
    rules: tuple[str, ...]
    alerts: tuple[str, ...]
    entities: tuple[Entity, ...]
    attack: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    summary: str = ""
    first: datetime
    """Event time of the earliest evidence, aware."""
    last: datetime
    opened: datetime
    owner: str | None = None


def incident_id(alert: str) -> str:
    """Return the id of the incident that an alert opens: ``inc-`` and eight letters or digits.

    Derived, so that the sweep which opens it twice opens it once.
    """
    digest = hashlib.sha256(b"incident\x1f" + alert.encode()).digest()
    return "inc-" + base64.b32encode(digest[:5]).decode().lower()
