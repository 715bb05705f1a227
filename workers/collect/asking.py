"""One connection to an API that is pulled from, with its retries, its quotas and its tokens."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import structlog

from integrations.connections import Http, forget_tokens
from integrations.contract import ActionUnavailableError
from integrations.pulling import Pull
from workers.collect.counts import Counts

ATTEMPTS = 6
"""Of one request; then the pull begins anew from the last place that is stored."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds; what the vendor asks for counts instead, where it asks."""

log = structlog.get_logger(__name__)


class PatientAsking:
    """Implements `integrations.pulling.Asking`."""

    def __init__(self, http: Http, pull: Pull[Any], counts: Counts, attempts: int = ATTEMPTS) -> None:
        self._attempts = attempts
        self._http = http
        self._pull = pull
        self._counts = counts

    async def ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send a request, again after the wait that is asked for, or a growing one. Raises `ActionError`."""
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._once(method, path, **arguments)
            except ActionUnavailableError as error:
                self._counts.fail(str(error))
                if attempt >= self._attempts:
                    raise
                await asyncio.sleep(wait_of(error, attempt))
                continue
            if answer.status_code == 401 and not renewed:
                # The token was taken back before its time.
                renewed = True
                forget_tokens(self._http.named)
                continue
            if not answer.is_success:
                raise self._http.fault(answer)
            if attempt > 1:  # else what is noted is of the whole pull, which has to end well first
                self._counts.fail(None)
            return answer

    async def _once(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        answer = await self._http.ask(method, path, expected=range(400, 429), **arguments)
        if not answer.is_success and self._pull.is_busy(answer):
            raise self._http.fault(answer, busy=True)
        if answer.status_code in {408, 425}:
            raise self._http.fault(answer)
        return answer


def wait_of(error: ActionUnavailableError, attempt: int) -> float:
    """Return the seconds to wait after an attempt that failed."""
    if error.retry_after is not None:
        return error.retry_after + random.uniform(0, 0.2)  # so that not all come at once
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempt - 1)) * random.uniform(0.75, 1.25)
