"""Cancelling a run from outside: which run is meant, and what a run that has ended says of itself."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from playbooks.commands import Cancel, RunResult
from workers.contract import CancelRefused
from workers.delivery import delivered, late
from workers.desk import DeskError, NotAllowedError, UnknownIdError

CONTINUES = 5
"""How often a run may go on in a fresh history just as it is asked."""


async def cancel_run(client: Client, run: str, cancel: Cancel, patience: timedelta) -> None:
    """Cancel a run, by its workflow id. Raises `UnknownIdError`, `NotAllowedError`, `DeskError`."""
    for _ in range(CONTINUES):
        if await _asked(client, run, cancel, patience):
            return
        status = await status_of(client, run, patience)
        if status is None:
            raise UnknownIdError(f"there is no run {run!r}")
        if status is not WorkflowExecutionStatus.RUNNING:
            break  # else it has gone on in a fresh history just then
    how = await how_it_ended(client, run, patience)
    ended = f"{run} has ended already{f': it was {how}' if how else ''}"
    raise DeskError(f"{ended}; `siem blocks` lists what is in force, `siem release` lifts it")


async def _asked(client: Client, run: str, cancel: Cancel, patience: timedelta) -> bool:
    """Ask for it; returns False where the run is not there, or not any more."""
    handle, name = client.get_workflow_handle(run), f"cancel/{uuid.uuid4().hex}"
    try:
        await delivered(partial(handle.execute_update, "cancel", cancel, id=name, rpc_timeout=patience))
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        said = cause.message if isinstance(cause, ApplicationError) else str(cause)
        refused = isinstance(cause, ApplicationError) and cause.type == CancelRefused.NOT_APPROVER
        raise (NotAllowedError if refused else DeskError)(said) from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise late(f"the cancellation of {run}", patience) from error
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise DeskError(f"{run} did not answer ({error.message}): see `siem status`") from error
        return False
    return True


async def status_of(client: Client, run: str, patience: timedelta) -> WorkflowExecutionStatus | None:
    """Return a run's status, None where there is none. Raises `DeskError`."""
    try:
        return (await client.get_workflow_handle(run).describe(rpc_timeout=patience)).status
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise DeskError(f"{run} can't be looked at ({error.message}): see `siem status`") from error


async def going_on(client: Client, runs: Sequence[str], patience: timedelta) -> list[str]:
    """Return those runs that have not ended. Raises `DeskError`."""
    going = WorkflowExecutionStatus.RUNNING
    return [run for run in runs if await status_of(client, run, patience) is going]


async def how_it_ended(client: Client, run: str, patience: timedelta) -> str:
    """Return by whom and why a run that has ended was cancelled, in words; empty where it was not."""
    handle = client.get_workflow_handle(run, result_type=RunResult)
    try:
        result = await handle.result(rpc_timeout=patience)
    except (RPCError, WorkflowFailureError):
        return ""
    return result.reason if result.status == "cancelled" else ""
