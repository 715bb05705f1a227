"""The schedule that keeps exactly one look-out for the system's health running."""

from __future__ import annotations

from temporalio.client import Client

from workers.health_workflow import EVERY, HealthStart
from workers.standing import keep_running

SCHEDULE = "health"
WORKFLOW_ID = "health"


async def schedule_health(client: Client) -> None:
    """Make the schedule that keeps exactly one look-out running, and start it now."""
    await keep_running(client, SCHEDULE, "HealthWorkflow", HealthStart(), id=WORKFLOW_ID, every=EVERY)
