"""The jars of the embedded OpenSearch: exactly those of ``jars.lock``, each checked by its SHA-256.

jgo fetches them into the user's Maven repository, from where it is configured to; nothing that
differs from the list gets on the class path. A half-finished download is simply fetched again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from workers.engines.errors import ChecksumError, DiskFullError, DownloadError, FolderNotWritableError
from workers.engines.folder import MB, write_atomically
from workers.engines.progress import Progress, Report, Stage

LOCK_FILE = Path(__file__).with_name("jars.lock")
_AT_ONCE = 6


@dataclass(frozen=True)
class Jar:
    sha256: str
    size: int
    """Bytes."""
    coordinates: str
    """``group:artifact:version``, and ``:classifier`` where there is one."""

    @property
    def path(self) -> Path:
        """Where it lies in a Maven repository."""
        group, artifact, version, *classifier = self.coordinates.split(":")
        name = "-".join([artifact, version, *classifier])
        return Path(*group.split("."), artifact, version, f"{name}.jar")


def read_jar_list(path: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """Read the pinned list, in class path order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    parts = [line.split() for line in lines if line and not line.startswith("#")]
    return tuple(Jar(sha256, int(size), coordinates) for sha256, size, coordinates in parts)


def default_context() -> MavenContext:
    """Return jgo's Maven repository and mirrors, as the user configured them (``jgo.conf``)."""
    config = GlobalSettings.load()
    remotes = {**config.repositories} or {"central": MAVEN_CENTRAL_URL}
    return MavenContext(repo_cache=config.repo_cache, remote_repos=remotes, timeout=30)


def jar_paths() -> list[Path]:
    """Return where the jars are, or would be."""
    repository = Path(default_context().repo_cache)
    return [repository / jar.path for jar in read_jar_list()]


def provide_jars(
    cache: Path,
    report: Report,
    *,
    jars: Sequence[Jar] | None = None,
    context: MavenContext | None = None,
) -> list[Path]:
    """Return the paths of all jars, fetched where missing, all verified. Blocks; run it in a thread.

    `cache` is a file that remembers what was verified, by size and modification time.
    Raises `DownloadError`, `ChecksumError`, `DiskFullError`, `FolderNotWritableError`.
    """
    jars = read_jar_list() if jars is None else jars
    context = default_context() if context is None else context
    verified = _Verified(cache)
    wanted = [jar for jar in jars if not _is_there(context.repo_cache / jar.path, jar, verified)]
    if wanted:
        with _one_at_a_time(context.repo_cache):
            _fetch_all(wanted, context, verified, report)
    verified.save()
    return [context.repo_cache / jar.path for jar in jars]


class _Verified:
    """Which files had which hash, so that later starts need not read 74 MB."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, list[object]] = {}
        with contextlib.suppress(OSError, ValueError):
            loaded = json.loads(path.read_text(encoding="utf-8"))
            self._known = loaded if isinstance(loaded, dict) else {}
        self._changed = False

    def knows(self, path: Path, jar: Jar) -> bool:
        status = path.stat()
        return self._known.get(str(path)) == [status.st_size, status.st_mtime_ns, jar.sha256]

    def add(self, path: Path, jar: Jar) -> None:
        status = path.stat()
        self._known[str(path)] = [status.st_size, status.st_mtime_ns, jar.sha256]
        self._changed = True

    def save(self) -> None:
        if self._changed:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, json.dumps(self._known, indent=0))


def _is_there(path: Path, jar: Jar, verified: _Verified) -> bool:
    try:
        if path.stat().st_size != jar.size:
            return False
        if verified.knows(path, jar):
            return True
        if _sha256(path) != jar.sha256:
            return False
    except (FileNotFoundError, NotADirectoryError):
        return False
    verified.add(path, jar)
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _one_at_a_time(repository: Path) -> Iterator[None]:
    """Two first starts on one machine must not write the same file."""
    try:
        repository.mkdir(parents=True, exist_ok=True)
        lock = (repository / ".siem-download.lock").open("a")
    except OSError as error:
        raise _not_writable(repository, error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_all(jars: Sequence[Jar], context: MavenContext, verified: _Verified, report: Report) -> None:
    size = sum(jar.size for jar in jars)
    if shutil.disk_usage(context.repo_cache).free < size + 50 * MB:
        raise DiskFullError(
            f"{size // MB} MB of jars don't fit where the Maven repository {context.repo_cache} lies",
            "Free some room there, or set M2_REPO to a folder on another disk.",
        )
    title = f"downloading {len(jars)} jars, {max(1, round(size / 1e6))} MB"
    report(Progress("opensearch", Stage.DOWNLOADING, f"{title}: 0/{len(jars)}", 0, len(jars)))
    counting = threading.Lock()
    done = 0

    def fetch(jar: Jar) -> None:
        nonlocal done
        _fetch(jar, context, verified)
        with counting:
            done += 1
            report(Progress("opensearch", Stage.DOWNLOADING, f"{title}: {done}/{len(jars)}", done, len(jars)))

    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        for future in [pool.submit(fetch, jar) for jar in jars]:
            future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch(jar: Jar, context: MavenContext, verified: _Verified) -> None:
    path = context.repo_cache / jar.path
    if _is_there(path, jar, verified):  # another start fetched it while we waited for the lock
        return
    group, artifact, version, *classifier = jar.coordinates.split(":")
    component = context.project(group, artifact).at_version(version)
    retrying = Retrying(
        retry=retry_if_exception_type(requests.RequestException),
        stop=stop_after_attempt(4),
        wait=wait_exponential(multiplier=0.5, max=8),
        reraise=True,
    )
    try:
        for attempt in retrying:
            with attempt:
                path.unlink(missing_ok=True)
                component.artifact(*classifier).resolve()
    except requests.RequestException as error:
        raise DownloadError(
            f"can't download {jar.coordinates}: {type(error).__name__}",
            "Check the network (or name a mirror under [repositories] in jgo.conf) and start again: "
            "what was downloaded is kept.",
        ) from error
    except RuntimeError as error:
        raise DownloadError(
            f"no repository has {jar.coordinates}",
            "Check the mirrors under [repositories] in jgo.conf.",
        ) from error
    except OSError as error:
        raise _not_writable(context.repo_cache, error) from error
    if not _is_there(path, jar, verified):
        got = _sha256(path)
        path.unlink(missing_ok=True)
        raise ChecksumError(
            f"{jar.coordinates} is not the pinned jar: its SHA-256 is {got}, not {jar.sha256}",
            "The download was cut or altered, and was removed. Start again; if it stays, don't trust "
            "the mirror under [repositories] in jgo.conf.",
        )


def _not_writable(repository: Path, error: OSError) -> FolderNotWritableError:
    return FolderNotWritableError(
        f"can't write in the Maven repository {repository}: {error.strerror}",
        "Give yourself the right to write there, or set M2_REPO to another folder.",
    )
