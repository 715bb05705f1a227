"""One connection to OpenSearch: opensearch-py underneath, orjson for bodies, our errors on top."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import orjson
from opensearchpy import AIOHttpConnection, AsyncOpenSearch
from opensearchpy._async.http_aiohttp import OpenSearchClientResponse
from opensearchpy.exceptions import (
    ConflictError,
    ConnectionError,
    NotFoundError,
    SerializationError,
    TransportError,
)
from opensearchpy.serializer import Serializer
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
)

from integrations.ports import (
    StoreConflictError,
    StoreError,
    StoreLimitError,
    StoreQueryError,
    StoreUnavailableError,
)

PAGE = 1000
"""Documents of one page of a scroll through a result."""
BUSY = frozenset({408, 429, 502, 503, 504})
CONNECT_SECONDS = 2.0
"""A host that does not even take the connection is away."""
RETRY_SECONDS = 2.0
"""No further attempt begins after this."""
STARTING_SECONDS = 10.0
"""How long a new index may take to start, on a busy machine."""
T = TypeVar("T")


@dataclass(frozen=True)
class Access:
    """How to reach a cluster that asks for more than an address."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    """Sent as ``Authorization: ApiKey …``, in place of user and password."""
    ca: str | None = None
    """Path of the authority's certificate; None: those the system trusts."""
    certificate: str | None = None
    """Path of the client's certificate, PEM."""
    key: str | None = None
    """Path of its key."""


class _QuickConnector(aiohttp.TCPConnector):
    """Gives up on connecting long before it gives up on an answer."""

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Any:
        quick = aiohttp.ClientTimeout(total=timeout.total, sock_connect=CONNECT_SECONDS)
        return await super().connect(req, traces, quick)


class _QuickConnection(AIOHttpConnection):
    async def _create_aiohttp_session(self) -> Any:
        """As the original, with `_QuickConnector`. Awaits nothing, or two requests would each make one."""
        self.loop = asyncio.get_running_loop()
        self.session = aiohttp.ClientSession(
            headers=self.headers,
            skip_auto_headers=("accept", "accept-encoding"),
            cookie_jar=aiohttp.DummyCookieJar(),
            response_class=OpenSearchClientResponse,
            connector=_QuickConnector(limit=self._limit or 0, ssl=self._ssl_context or True),
            trust_env=False,
        )


class _Orjson(Serializer):
    mimetype = "application/json"

    def loads(self, s: Any) -> Any:
        try:
            return orjson.loads(s)
        except orjson.JSONDecodeError as error:
            raise SerializationError(s, error) from error

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, (str, bytes)) else orjson.dumps(data)


class Connection:
    """Requests to one cluster, all index names under one prefix."""

    def __init__(
        self, url: str, *, prefix: str = "", access: Access | None = None, timeout: float = 20.0
    ) -> None:
        access = access or Access()
        options: dict[str, Any] = {}
        if access.api_key is not None:
            options["headers"] = {"authorization": f"ApiKey {access.api_key}"}
        elif access.user is not None:
            options["http_auth"] = (access.user, access.password or "")
        if url.startswith("https"):
            context = ssl.create_default_context(cafile=access.ca)
            if access.certificate:
                context.load_cert_chain(access.certificate, access.key)
            options["ssl_context"] = context
        self._client = AsyncOpenSearch(
            hosts=[url.rstrip("/")],
            serializer=_Orjson(),
            timeout=timeout,
            max_retries=0,
            retry_on_timeout=False,
            pool_maxsize=16,
            connection_class=_QuickConnection,
            **options,
        )
        self.prefix = prefix
        self._timeout = timeout

    async def close(self) -> None:
        await self._client.close()

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        ndjson: bool = False,
        retry: bool = False,
        **params: Any,
    ) -> Any:
        """Send one request and return the parsed answer; None for a 404.

        `retry`: try again while the cluster is away or busy, for requests that may be repeated.
        Raises `StoreUnavailableError`, `StoreConflictError`, `StoreQueryError` or `StoreError`.
        """
        if not retry:
            return await self._once(method, path, body, ndjson, params)
        again = AsyncRetrying(
            stop=stop_after_attempt(4) | stop_after_delay(RETRY_SECONDS),
            wait=wait_exponential(multiplier=0.1, max=1),
            retry=retry_if_exception_type(StoreUnavailableError),
            reraise=True,
        )
        return await again(self._once, method, path, body, ndjson, params)

    async def _once(self, method: str, path: str, body: Any, ndjson: bool, params: Mapping[str, Any]) -> Any:
        headers = {"content-type": "application/x-ndjson"} if ndjson else None
        try:
            return await self._client.transport.perform_request(
                method,
                path,
                params={key: _text(value) for key, value in params.items()},
                body=body,
                headers=headers,
            )
        except NotFoundError:
            return None
        except ConflictError as error:
            raise StoreConflictError(_reason(error)) from error
        except ConnectionError as error:
            # A time-out has no words of its own.
            said = error.error or f"nothing within {self._timeout:g} s"
            raise StoreUnavailableError(f"OpenSearch does not answer: {said}") from error
        except TransportError as error:
            if error.status_code in BUSY:
                raise StoreUnavailableError(f"OpenSearch is busy ({error.status_code})") from error
            if error.status_code == 400:
                raise StoreQueryError(_reason(error)) from error
            raise StoreError(f"OpenSearch refused ({error.status_code}): {_reason(error)}") from error

    async def whole(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until no shard is away: that of a new index takes a moment to start. Raises what `ask` does, and
        `StoreUnavailableError` where one stays away."""
        patiently = AsyncRetrying(
            stop=stop_after_delay(STARTING_SECONDS),
            wait=wait_exponential(multiplier=0.05, max=0.5),
            retry=retry_if_exception_type(ShardsAwayError),
            reraise=True,
        )
        return await patiently(ask)

    async def search(self, index: str, body: Mapping[str, Any], **params: Any) -> dict[str, Any]:
        """Search and return the whole answer. Raises `StoreLimitError` where it would be partial, and
        `StoreUnavailableError` while shards are away."""

        async def ask() -> dict[str, Any]:
            answer = await self.request(
                "POST",
                f"/{index}/_search",
                body,
                retry=True,
                ignore_unavailable="true",
                allow_no_indices="true",
                **params,
            )
            if answer is None:
                return {"hits": {"total": {"value": 0}, "hits": []}}
            require_whole(answer, index)
            return dict(answer)

        return await self.whole(ask)

    async def pages(
        self, index: str, body: Mapping[str, Any], sort: Sequence[Mapping[str, str]], size: int = PAGE
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield all hits of a query in the order of `sort`, which must tell every two documents apart."""
        after: list[Any] | None = None
        while True:
            page = dict(body) | {"size": size, "sort": list(sort), "track_total_hits": False}
            if after is not None:
                page["search_after"] = after
            hits = (await self.search(index, page))["hits"]["hits"]
            if hits:
                yield hits
            if len(hits) < size:
                return
            after = hits[-1]["sort"]

    async def refresh(self, index: str) -> None:
        """Make everything written so far searchable. Raises `StoreUnavailableError` where a shard did not."""
        answer = await self.request(
            "POST", f"/{index}/_refresh", retry=True, ignore_unavailable="true", allow_no_indices="true"
        )
        if answer and answer["_shards"]["failed"]:
            raise StoreUnavailableError(f"{answer['_shards']['failed']} shards of {index} did not refresh")

    async def bulk(self, lines: Sequence[bytes], **params: Any) -> list[dict[str, Any]]:
        """Send bulk lines and return the items' results, each the one value of its action.

        Raises `StoreUnavailableError` also where single items met a busy engine; others were written.
        """
        body = b"\n".join([*lines, b""])
        answer = await self.request("POST", "/_bulk", body, ndjson=True, **params)
        results = [next(iter(item.values())) for item in answer["items"]]
        if busy := next((result for result in results if result["status"] in BUSY), None):
            raise StoreUnavailableError(f"OpenSearch is busy: {(busy.get('error') or {}).get('reason')}")
        return results

    async def ensure_index(self, name: str, body: Mapping[str, Any]) -> None:
        """Make an index unless it is there; several processes may do so at once."""
        if await self.request("GET", f"/{name}", filter_path="*.aliases") is not None:
            return
        try:
            await self.request("PUT", f"/{name}", body)
        except StoreQueryError as error:
            if "already_exists" not in str(error) and "already exists" not in str(error):
                raise


class ShardsAwayError(StoreUnavailableError):
    pass


def require_whole(answer: Mapping[str, Any], index: str) -> None:
    """Raise `StoreLimitError` where a search's answer is partial, `ShardsAwayError` where that is since shards
    are away: the engine answers from those that it reaches, and counts the others as no failure."""
    shards = answer["_shards"]
    if answer.get("timed_out") or shards["failed"]:
        failures = shards.get("failures") or [{}]
        reason = failures[0].get("reason", {}).get("reason", "a time-out")
        raise StoreLimitError(f"the answer of {index} is not whole: {reason}")
    if away := shards["total"] - shards["successful"]:
        raise ShardsAwayError(f"{away} of {shards['total']} shards of {index} are away")


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _reason(error: TransportError) -> str:
    info = error.info
    if isinstance(info, Mapping) and isinstance(info.get("error"), Mapping):
        fault = info["error"]
        causes = fault.get("root_cause") or [fault]
        cause = causes[0]
        caused_by = fault.get("failed_shards", [{}])[0].get("reason", {}).get("caused_by", {}).get("reason")
        return f"{cause.get('type')}: {cause.get('reason')}" + (f" ({caused_by})" if caused_by else "")
    return str(error.error)
