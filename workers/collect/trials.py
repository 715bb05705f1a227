"""Trying, for ``siem connections test``, what entries of ``collect:`` fetch over a connection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.aws.objects import Queue
from integrations.connections import open_http
from integrations.pulling import LARGEST_PAGE, Start
from workers.collect.asking import PatientAsking
from workers.collect.counts import Counts
from workers.collect.objects import open_account
from workers.collect.pulls import SECONDS, check_pull
from workers.collect_section import CollectSection

BACK = timedelta(minutes=10)
"""How far back a trial looks."""


async def try_entry(section: CollectSection, connections: Mapping[str, Mapping[str, Any]]) -> str:
    """Fetch a first page as the entry would, keep nothing of it, and say in a sentence what came.

    Raises `ActionError`, `EntryError` or `integrations.catalogue.CatalogueError`.
    """
    if section.objects is not None:
        queue = Queue(open_account(section, connections), section.objects.queue, 30)
        return f"{section.identity}: the queue answers, about {await queue.depth()} messages wait"
    pull, named, options = check_pull(section, connections)
    found = 0
    async with open_http(
        named,
        authenticate=pull.authenticate(named),
        url=pull.url(named),
        seconds=SECONDS,
        largest=LARGEST_PAGE,
    ) as http:
        asking = PatientAsking(http, pull, Counts(section), attempts=1)
        async for batch in pull.open(Start(asking, named, options, BACK)).pull(None, datetime.now(UTC)):
            found += len(batch.records)
            if found:
                break
    return (
        f"{section.identity}: {pull.title} answers, {found} records of the last {BACK.seconds // 60} minutes"
    )
