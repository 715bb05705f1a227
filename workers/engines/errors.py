"""What can go wrong with the embedded engines, each with what to do about it.

EngineError
├── FolderLockedError        another copy runs on the same data folder
├── FolderNotWritableError   the data folder can't be made or written
├── DiskFullError            too little room to start safely
├── DownloadError            a jar can't be fetched
│   └── ChecksumError        a jar is not the one that was pinned
├── PortInUseError           another program has the port
├── EngineStartError         the engine itself gave up, or did not get ready
└── EnginesNotRunningError   nobody runs engines in this data folder
"""

from __future__ import annotations


class EngineError(Exception):
    """One message: what happened, what to do, and the engine's own last lines where it has any."""

    def __init__(self, message: str, remedy: str, last_lines: str = "") -> None:
        self.message = message
        self.remedy = remedy
        self.last_lines = last_lines
        text = f"{message}\n{remedy}"
        if last_lines:
            text += "\nIts last lines:\n" + "\n".join(f"    {line}" for line in last_lines.splitlines())
        super().__init__(text)


class FolderLockedError(EngineError):
    def __init__(self, message: str, remedy: str, pid: int | None) -> None:
        super().__init__(message, remedy)
        self.pid = pid
        """Process id of the holder, where it could be read."""


class FolderNotWritableError(EngineError):
    pass


class DiskFullError(EngineError):
    pass


class DownloadError(EngineError):
    pass


class ChecksumError(DownloadError):
    pass


class PortInUseError(EngineError):
    pass


class EngineStartError(EngineError):
    pass


class EnginesNotRunningError(EngineError):
    pass
