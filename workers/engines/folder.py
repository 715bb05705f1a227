"""The data folder: one owner at a time, room to write, and what runs in it.

``lock`` is held with flock(2) by the process that owns the engines; ``runtime.json`` tells other
processes where they answer, and the next start which ports they had and what may have been left.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import pwd
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from workers.engines.children import ProcessRef
from workers.engines.errors import DiskFullError, EngineError, FolderLockedError, FolderNotWritableError

MB = 1024 * 1024


class EngineRecord(BaseModel):
    """One engine as it runs, or ran last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """``http://127.0.0.1:9201`` of OpenSearch, ``127.0.0.1:7233`` of Temporal."""
    port: int
    ui_port: int | None = None
    """Temporal's UI."""
    pid: int
    created: float
    """When the process was created, to tell it from a later one with its id."""
    log: str

    @property
    def process(self) -> ProcessRef:
        return ProcessRef(self.pid, self.created)


class OwnerRecord(BaseModel):
    """The process that runs the engines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    created: float

    @property
    def process(self) -> ProcessRef:
        return ProcessRef(self.pid, self.created)


class Runtime(BaseModel):
    """``runtime.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: OwnerRecord | None = None
    """None after a clean stop."""
    opensearch: EngineRecord | None = None
    temporal: EngineRecord | None = None


class DataFolder:
    """A data folder of one installation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def take(self, *, need_bytes: int) -> None:
        """Become the owner: make the folder, check room and rights, and lock it.

        Raises `FolderNotWritableError`, `DiskFullError` or `FolderLockedError`.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self.explain(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid, command = _holder(lock)
            os.close(lock)
            who = f"`{command}` (pid {pid})" if pid else "another process"
            raise FolderLockedError(
                f"{who} already runs on the data folder {self.path}",
                "Stop it first, or give this one another folder: SIEM_DATA=DIR, or `data:` in siem.yaml.",
                pid,
            ) from error
        self._lock = lock
        try:
            self._check_room(need_bytes)
            os.ftruncate(lock, 0)
            os.pwrite(lock, json.dumps({"pid": os.getpid(), "command": _own_command()}).encode(), 0)
            self.logs.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path, buffering=0) as probe:
                probe.write(b"room")
        except OSError as error:
            self.give_up()
            raise self.explain(error) from error
        except DiskFullError:
            self.give_up()
            raise

    def give_up(self) -> None:
        """Unlock it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _check_room(self, need_bytes: int) -> None:
        free = shutil.disk_usage(self.path).free
        if free < need_bytes:
            raise self._full(
                f"only {free // MB} MB are free where the data folder {self.path} lies; "
                f"{need_bytes // MB} MB are needed to start, since OpenSearch refuses writes on a full disk"
            )

    def explain(self, error: OSError) -> EngineError:
        """Say what an error in the folder means and what to do."""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return self._full(f"the disk where the data folder {self.path} lies is full")
        return FolderNotWritableError(
            f"can't write in the data folder {self.path}: {error.strerror}",
            f"Give user {_user()} the right to write there, or use another folder: SIEM_DATA=DIR.",
        )

    def _full(self, message: str) -> DiskFullError:
        return DiskFullError(
            message,
            "Free some room, or use a folder on another disk: SIEM_DATA=DIR, or `data:` in siem.yaml.",
        )

    def read_runtime(self) -> Runtime:
        """Return what runs here or ran last; an unreadable file counts as nothing."""
        try:
            return Runtime.model_validate_json((self.path / "runtime.json").read_bytes())
        except (OSError, ValidationError):
            return Runtime()

    def write_runtime(self, runtime: Runtime) -> None:
        write_atomically(self.path / "runtime.json", runtime.model_dump_json(indent=1))


def write_atomically(path: Path, text: str) -> None:
    """Replace a file so that a reader sees the old or the new text, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _holder(lock: int) -> tuple[int | None, str]:
    try:
        value: Any = json.loads(os.pread(lock, 4096, 0))
        return int(value["pid"]), str(value["command"])
    except (ValueError, KeyError, TypeError, OSError):
        return None, ""


def _own_command() -> str:
    return " ".join([Path(sys.argv[0] or "python").name, *sys.argv[1:]])[:200]


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
