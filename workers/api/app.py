"""The HTTP API: health, metrics, and the blocklists that firewalls poll.

Open: ``GET /health``, ``GET /metrics``, ``GET /blocklists/{name}.txt``, and the same lists by TAXII at
``/taxii2/``. With the bearer token: who polls, and telling a list that it changed. Nothing here writes a
list: only a containment does.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from integrations.ports import Site, StoreError
from workers.api import taxii
from workers.api.feeds import LONGEST_WAIT, Feed
from workers.collect.sightings import SourceMetrics, read_collectors
from workers.health_metrics import HealthMetrics, read_findings
from workers.settings import Settings

ConsumerName = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._:-]{1,80}$")]


class Metrics:
    """What ``GET /metrics`` tells, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "siem_api_requests", "HTTP requests.", ["route", "method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "siem_api_request_seconds",
            "Time to answer, long polls included.",
            ["route"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30),
        )
        self.entries = Gauge(
            "siem_blocklist_entries",
            "Addresses on a blocklist, as last served.",
            ["list"],
            registry=self.registry,
        )
        self.store = Gauge("siem_store_up", "Whether the store answers.", registry=self.registry)
        self.version = Gauge(
            "siem_blocklist_version",
            "Version of a blocklist, as last served.",
            ["list"],
            registry=self.registry,
        )


def _known(request: Request, name: Annotated[str, Path()]) -> Feed:
    feeds: dict[str, Feed] = request.app.state.feeds
    if (feed := feeds.get(name)) is None:
        raise HTTPException(404, f"no blocklist {name!r}; there are: {', '.join(sorted(feeds))}")
    return feed


def _authorise(request: Request, authorization: Annotated[str, Header()] = "") -> None:
    scheme, _, given = authorization.partition(" ")
    token: str = request.app.state.token
    if not token or scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), token.encode()):
        raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})


KnownFeed = Annotated[Feed, Depends(_known)]
_INTERNAL = [Depends(_authorise)]


def create_app(site: Site, settings: Settings) -> FastAPI:
    """Make the service over the site's state store; `site.api_token` is the bearer token."""
    feeds = {item.name: Feed(item.name, site.state, site.clock) for item in settings.site.blocklists}
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for feed in feeds.values():
            await feed.close()

    app = FastAPI(title="SIEM", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.feeds = feeds
    app.state.token = site.api_token

    app.include_router(taxii.router)
    app.add_exception_handler(taxii.TaxiiError, taxii.refuse)

    @app.exception_handler(StoreError)
    async def store_away(_: Request, error: Exception) -> Response:
        return JSONResponse({"detail": f"the store does not answer: {error}"}, 503, {"Retry-After": "1"})

    @app.middleware("http")
    async def measure(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        started, status = time.perf_counter(), 500
        try:
            response = await handle(request)
            status = response.status_code
            return response
        finally:
            route = getattr(request.scope.get("route"), "path", "none")
            metrics.requests.labels(route, request.method, str(status)).inc()
            metrics.seconds.labels(route).observe(time.perf_counter() - started)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the service and its store answer; 503 where the store does not."""
        await site.state.get("health")
        return {"status": "ok"}

    @app.get("/metrics")
    async def metrics_text() -> Response:
        """What the API counts, what the collectors last said of their sources, and what is wrong with the
        system; the latter two are left out while the store is away, and `siem_store_up` says so."""
        sources = CollectorRegistry()
        try:
            sources.register(SourceMetrics(await read_collectors(site.state)))
            sources.register(HealthMetrics(await read_findings(site.state)))
            metrics.store.set(1)
        except StoreError:
            metrics.store.set(0)
        text = generate_latest(metrics.registry) + generate_latest(sources)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    @app.head("/blocklists/{name}.txt", include_in_schema=False)
    @app.get("/blocklists/{name}.txt", response_class=PlainTextResponse)
    async def blocklist(
        request: Request,
        feed: KnownFeed,
        wait: Annotated[float, Query(ge=0)] = 0.0,
        consumer: ConsumerName = None,
        if_none_match: Annotated[str, Header()] = "",
    ) -> Response:
        """The list, one address a line. With ``If-None-Match`` 304 where it is unchanged; with
        ``wait`` that answer is held back, up to 25 s, until it changes."""
        address = request.client.host if request.client else "unknown"
        name, tags = consumer or address, _tags(if_none_match)
        listing = await feed.read()
        feed.polled(name, address, tags)
        sent: int | None = None
        try:
            if listing.etag in tags:
                listing = await feed.wait(listing.etag, min(wait, LONGEST_WAIT))
            metrics.entries.labels(feed.name).set(len(listing.addresses))
            metrics.version.labels(feed.name).set(listing.version)
            headers = {
                "ETag": listing.etag,
                "Cache-Control": "no-cache",
                "X-Blocklist-Version": str(listing.version),
            }
            if listing.etag in tags or "*" in tags:
                return Response(status_code=304, headers=headers)
            sent = listing.version
            return PlainTextResponse(listing.text, headers=headers)
        finally:
            feed.answered(name, sent)

    @app.get("/blocklists/{name}/consumers", dependencies=_INTERNAL)
    async def consumers(feed: KnownFeed) -> list[dict[str, Any]]:
        """Who polls the list, when, and which version each holds for sure."""
        return [
            {field: _iso(value) for field, value in vars(consumer).items()} for consumer in feed.consumers
        ]

    @app.post("/internal/blocklists/{name}/poke", status_code=204, dependencies=_INTERNAL)
    async def poke(feed: KnownFeed) -> None:
        """The list was written: those who wait are answered now."""
        feed.poke()

    return app


def _tags(header: str) -> frozenset[str]:
    """Read ``If-None-Match`` (RFC 9110, 13.1.2): compared weakly, so ``W/`` does not matter."""
    return frozenset(re.findall(r'"[^"]*"|\*', header))


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
