"""One file taken out of reach, and put back as it was.

Paths are walked folder by folder without following a link, and what was opened is what is moved: somebody who
swaps a folder or the file meanwhile makes it fail, never hit another file. In quarantine a file lies under the
containment's key in a folder that only root enters, without any right to run or read it.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import os
import pwd
import stat
import sys
from typing import Any

from integrations.linux.host.accounts import login_user
from integrations.linux.host.system import (
    STATE,
    FailedError,
    RefusedError,
    drop_note,
    folder,
    key_of,
    notes,
    processes,
    read_note,
    write_note,
)

STORE = "quarantine"
LARGEST = 2_000_000_000
"""Bytes."""
KEPT = ("/proc", "/sys", "/boot", "/lib", "/lib64", "/usr/lib", "/usr/lib64", STATE)
"""Folders whose files keep the host itself going."""
NEEDED = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/sudoers", "/etc/ssh/sshd_config", "/etc/pam.conf")
OURS = (
    sys.executable, "/bin/sh", "/bin/bash", "/usr/sbin/sshd", "/usr/bin/sudo", "/usr/sbin/nft",
    "/usr/local/sbin/siem-host", "/root/.ssh/authorized_keys",
)  # fmt: skip
"""What this program comes and works by: without one of them nobody could undo anything."""
RULES = "/etc/sudoers.d"


def quarantine(request: dict[str, Any]) -> dict[str, Any]:
    key, path = key_of(request), _path(request)
    note = read_note(STORE, key)
    if note is not None and note["path"] != path:
        raise RefusedError("another file is quarantined under this mark")
    held = _held(key)
    if held is not None and note is not None:  # an attempt before may have ended between copy and removal
        os.chmod(held, 0)
        _remove_original(note)
        return {"changed": False, "sha256": note["sha256"], "size": note["size"]}
    parent, name = _parent(path)
    try:
        opened = _open_file(parent, name, path)
        try:
            seen = os.fstat(opened)
            _check_file(seen, path)
            note = _note_of(key, path, opened, seen)
            write_note(STORE, key, note)
            _take(parent, name, opened, seen, f"{folder(STORE)}/{key}")
        finally:
            os.close(opened)
    finally:
        os.close(parent)
    return {"changed": True, "sha256": note["sha256"], "size": note["size"]}


def restore(request: dict[str, Any]) -> dict[str, Any]:
    """Put it back with owner, rights, times and attributes. Where another file stands now, it stays there."""
    key = key_of(request)
    note, held = read_note(STORE, key), _held(key)
    if note is None:
        return {"changed": False}
    if held is not None and _is_there(note) and not _same_file(os.lstat(held), os.lstat(note["path"])):
        os.unlink(held)  # the copy of a file that was never removed
    elif held is not None:
        parent, name = _parent(note["path"])
        try:
            _give_back(held, parent, name, note)
        finally:
            os.close(parent)
    drop_note(STORE, key)
    return {"changed": held is not None}


def look_quarantined(request: dict[str, Any]) -> dict[str, Any]:
    key = key_of(request)
    note, held = read_note(STORE, key), _held(key)
    if note is None or held is None:
        return {"in_force": False, "why": "it is not in quarantine under this mark"}
    if _is_there(note):
        return {"in_force": False, "why": "it is still at its place"}
    if stat.S_IMODE(os.stat(held).st_mode):
        return {"in_force": False, "why": "it can still be read in quarantine"}
    return {"in_force": True, "why": "", "sha256": note["sha256"], "links": note["links"]}


def marks_quarantined(request: dict[str, Any]) -> dict[str, Any]:
    del request
    return {"marks": [{"key": note["key"], "path": note["path"]} for note in notes(STORE)]}


def _path(request: dict[str, Any]) -> str:
    path = request.get("path")
    plain = isinstance(path, str) and path.startswith("/") and "\0" not in path and len(path) < 4096
    parts = path.split("/")[1:] if plain and isinstance(path, str) else [""]
    if any(part in ("", ".", "..") for part in parts):
        raise RefusedError("that is no absolute path of a file, written without . and ..")
    assert isinstance(path, str)
    if path in NEEDED or any(path.startswith(f"{kept}/") for kept in KEPT):
        raise RefusedError(f"{path[:200]} keeps the host itself going")
    return path


def _parent(path: str) -> tuple[int, str]:
    """Open a file's folder, walking down without following a link; returns it and the file's name."""
    *folders, name = path.split("/")[1:]
    place = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    for part in folders:
        try:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
        except FileNotFoundError:
            raise RefusedError(f"there is no {path[:200]}") from None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise RefusedError(
                    f"{part!r} of {path[:200]} is a link or no folder: it is not followed"
                ) from None
            raise
        finally:
            os.close(place)
        place = inner
    return place, name


def _open_file(parent: int, name: str, path: str) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=parent)
    except FileNotFoundError:
        raise RefusedError(f"there is no {path[:200]}") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise RefusedError(f"{path[:200]} is a link or no plain file: it is not touched") from None
        raise


def _check_file(seen: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(seen.st_mode):
        raise RefusedError(f"{path[:200]} is no plain file")
    if seen.st_size > LARGEST:
        raise RefusedError(f"{path[:200]} has {seen.st_size:,} bytes; at most {LARGEST:,} are moved")
    if any(_leads_to(ours, seen) for ours in (*OURS, *_way_in())):
        raise RefusedError(f"{path[:200]} is what this system comes and works by")


def _way_in() -> list[str]:
    """Return what lets this system's account in, and lets it be root."""
    found = [f"/etc/ssh/{name}" for name in _listed("/etc/ssh") if name.startswith("ssh_host_")]
    with contextlib.suppress(KeyError):
        home = pwd.getpwnam(login_user()).pw_dir
        found += [f"{home}/.ssh/authorized_keys", f"{home}/.ssh/authorized_keys2"]
    for name in _listed(RULES):
        with (
            contextlib.suppress(OSError),
            open(f"{RULES}/{name}", encoding="utf-8", errors="replace") as file,
        ):
            if "siem-host" in file.read(100_000):
                found.append(f"{RULES}/{name}")
    return found


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


def _note_of(key: str, path: str, opened: int, seen: os.stat_result) -> dict[str, Any]:
    digest = hashlib.sha256()
    while chunk := os.read(opened, 1 << 20):
        digest.update(chunk)
    os.lseek(opened, 0, os.SEEK_SET)
    attributes = {}
    for attribute in os.listxattr(opened):
        attributes[attribute] = base64.b64encode(os.getxattr(opened, attribute)).decode("ascii")
    return {
        "key": key,
        "path": path,
        "device": seen.st_dev,
        "inode": seen.st_ino,
        "mode": stat.S_IMODE(seen.st_mode),
        "owner": seen.st_uid,
        "group": seen.st_gid,
        "accessed": seen.st_atime_ns,
        "modified": seen.st_mtime_ns,
        "size": seen.st_size,
        "links": seen.st_nlink,
        "sha256": digest.hexdigest(),
        "attributes": attributes,
    }


def see(request: dict[str, Any]) -> dict[str, Any]:
    """Return what a file is and who has it open, for who decides."""
    path = _path(request)
    parent, name = _parent(path)
    try:
        opened = _open_file(parent, name, path)
    finally:
        os.close(parent)
    try:
        seen = os.fstat(opened)
        _check_file(seen, path)
    finally:
        os.close(opened)
    try:
        owner = pwd.getpwuid(seen.st_uid).pw_name
    except KeyError:
        owner = str(seen.st_uid)
    users = []
    for pid in processes():
        with contextlib.suppress(OSError):
            there = [f"/proc/{pid}/exe", *(f"/proc/{pid}/fd/{one}" for one in os.listdir(f"/proc/{pid}/fd"))]
            if pid != os.getpid() and any(_leads_to(one, seen) for one in there):
                users.append(pid)
    return {"size": seen.st_size, "owner": owner, "links": seen.st_nlink, "open": len(users)}


def _leads_to(link: str, seen: os.stat_result) -> bool:
    try:
        return _same_file(os.stat(link), seen)
    except OSError:
        return False


def _is_there(note: dict[str, Any]) -> bool:
    """Whether the very file of a note stands at its place."""
    try:
        there = os.lstat(note["path"])
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (note["device"], note["inode"])


def _remove_original(note: dict[str, Any]) -> None:
    if not _is_there(note):
        return
    parent, name = _parent(note["path"])
    try:
        there = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if (there.st_dev, there.st_ino) == (note["device"], note["inode"]):
            os.unlink(name, dir_fd=parent)
    finally:
        os.close(parent)


def _held(key: str) -> str | None:
    path = f"{STATE}/{STORE}/{key}"
    return path if os.path.lexists(path) else None


def _same_file(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _take(parent: int, name: str, opened: int, seen: os.stat_result, target: str) -> None:
    try:
        os.rename(name, target, src_dir_fd=parent)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise FailedError(f"it can't be moved: {error.strerror}") from error
        _copy(opened, target)
        if not _same_file(os.stat(name, dir_fd=parent, follow_symlinks=False), seen):
            os.unlink(target)
            raise FailedError("somebody swapped the file meanwhile") from None
        os.unlink(name, dir_fd=parent)
    else:
        if not _same_file(os.lstat(target), seen):
            with contextlib.suppress(FileExistsError):
                os.link(target, name, dst_dir_fd=parent, follow_symlinks=False)
            os.unlink(target)
            raise FailedError("somebody swapped the file meanwhile")
    os.chmod(target, 0)


def _copy(source: int, target: str) -> None:
    """Copy to a file that appears whole or not at all."""
    with open(target + ".part", "wb") as file:
        os.fchmod(file.fileno(), 0)
        while chunk := os.read(source, 1 << 20):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    os.rename(target + ".part", target)


def _give_back(held: str, parent: int, name: str, note: dict[str, Any]) -> None:
    source = os.open(held, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if os.fstat(source).st_dev == os.fstat(parent).st_dev:
            _dress(source, note)
            _link(held, parent, name, note)
        else:
            waiting = f".siem-{note['key']}"
            with contextlib.suppress(FileNotFoundError):
                os.unlink(waiting, dir_fd=parent)
            made = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0, dir_fd=parent)
            try:
                while chunk := os.read(source, 1 << 20):
                    os.write(made, chunk)
                _dress(made, note)
                os.fsync(made)
                _link(waiting, parent, name, note, parent)
            finally:
                os.close(made)
                os.unlink(waiting, dir_fd=parent)
    finally:
        os.close(source)
    os.unlink(held)


def _link(source: str, parent: int, name: str, note: dict[str, Any], place: int | None = None) -> None:
    """Give it its name, unless something has it now: that is an answer, not a fault, where it is our own."""
    try:
        os.link(source, name, src_dir_fd=place, dst_dir_fd=parent, follow_symlinks=False)
    except FileExistsError:
        there = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if not _same_file(there, os.stat(source, dir_fd=place, follow_symlinks=False)):
            os.chmod(source, 0, dir_fd=place)
            raise RefusedError(
                f"another file stands at {note['path'][:200]} now; the quarantined one is "
                f"{STATE}/{STORE}/{note['key']}"
            ) from None


def _dress(opened: int, note: dict[str, Any]) -> None:
    os.fchown(opened, note["owner"], note["group"])
    os.fchmod(opened, note["mode"])
    for attribute, value in note["attributes"].items():
        with contextlib.suppress(OSError):  # of a kind that this file system sets by itself
            os.setxattr(opened, attribute, base64.b64decode(value))
    os.utime(opened, ns=(note["accessed"], note["modified"]))
