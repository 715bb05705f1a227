"""One call of ``host.ps1`` on a Windows host.

The script is constant; what an action wants of it are its two parameters, an operation and JSON, which travel
as values of a command and are never text of one (`integrations.windows.response.wire`).
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.windows.response.connection import Host

PROGRAM = Path(__file__).with_name("host.ps1").read_text(encoding="utf-8")
SECONDS = 40.0
"""How long one operation may take."""


async def ask(host: Host, operation: str, *, within: float = SECONDS, **request: Any) -> dict[str, Any]:
    """Run an operation on a host and return its answer. Raises `ActionRefusedError` for what the host, its
    script or we refuse, and `ActionUnavailableError` where it is away, slow or failed."""
    said = await asyncio.to_thread(_run, host, operation, json.dumps(request), within)
    try:
        found = json.loads(said)
    except ValueError as error:
        raise ActionUnavailableError(f"{host}: it did not answer with JSON") from error
    if isinstance(found, dict):
        if isinstance(found.get("refused"), str):
            raise ActionRefusedError(f"{host}: {host.connection.clean(found['refused'])}")
        if isinstance(found.get("failed"), str):
            raise ActionUnavailableError(
                f"{host}: {operation} failed: {host.connection.clean(found['failed'])}"
            )
        if isinstance(found.get("answer"), dict):
            return dict(found["answer"])
    raise ActionUnavailableError(f"{host}: it answered with nonsense")


def texts(found: dict[str, Any], key: str) -> list[str]:
    """Return a list of texts in an answer. Raises `ActionUnavailableError` where there is none."""
    value = found.get(key)
    if isinstance(value, dict) and isinstance(value.get("value"), list):
        value = value[
            "value"
        ]  # Windows PowerShell writes some lists as an object: {"value": […], "Count": 1}
    if not isinstance(value, list):
        raise ActionUnavailableError(f"the host answered without {key}")
    return [str(one) for one in value if one is not None]


def _run(host: Host, operation: str, request: str, within: float) -> str:
    from integrations.windows.response.wire import run  # pypsrp is only loaded by who needs it

    return run(host, PROGRAM, {"Operation": operation, "Request": request}, within)
