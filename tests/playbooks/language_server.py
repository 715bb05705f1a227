"""A small client of a language server: JSON-RPC over the server's input and output.

Protocol: https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import Any

PATIENCE = 60.0
SETTINGS: dict[str, Any] = {
    "yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}},
}


class LanguageServer:
    """Started with its command; `close` ends it."""

    def __init__(self, command: Sequence[str], root: Path) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._number = 0
        self._answers: dict[int, Queue[Any]] = {}
        self._diagnostics: dict[str, Queue[list[dict[str, Any]]]] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        document = {
            "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
            "hover": {"contentFormat": ["markdown"]},
        }
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": root.as_uri(),
                "capabilities": {"textDocument": document, "workspace": {"configuration": True}},
            },
        )
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": SETTINGS}})

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Open a document; returns the first diagnostics that the server has of it."""
        waiting = self._diagnostics[path.as_uri()] = Queue()
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return waiting.get(timeout=PATIENCE)

    def complete(self, path: Path, line: int, character: int) -> list[str]:
        """Return the labels of what could stand at a place (from 0)."""
        found = self.request("textDocument/completion", _at(path, line, character))
        items = found["items"] if isinstance(found, dict) else found or []
        return [item["label"] for item in items]

    def hover(self, path: Path, line: int, character: int) -> str:
        found = self.request("textDocument/hover", _at(path, line, character))
        contents = found["contents"] if found else ""
        return contents["value"] if isinstance(contents, dict) else str(contents)

    def request(self, method: str, params: Any) -> Any:
        self._number += 1
        waiting = self._answers[self._number] = Queue()
        self._send({"id": self._number, "method": method, "params": params})
        try:
            return waiting.get(timeout=PATIENCE)
        except Empty:
            raise AssertionError(f"no answer to {method}") from None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._reader.join(5)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        try:
            while header := stream.readline():
                length = int(header.partition(b":")[2]) if header.lower().startswith(b"content-length") else 0
                while stream.readline().strip():
                    pass
                self._take(json.loads(stream.read(length)))
        except ValueError:  # closed under it
            return

    def _take(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            params = message["params"]
            if params["uri"] in self._diagnostics:
                self._diagnostics[params["uri"]].put(params["diagnostics"])
        elif method is not None and "id" in message:
            wanted = message["params"].get("items", []) if method == "workspace/configuration" else None
            result = [SETTINGS.get(item.get("section")) for item in wanted] if wanted is not None else None
            self._send({"id": message["id"], "result": result})
        elif "id" in message:
            self._answers[message["id"]].put(message.get("result"))


def _at(path: Path, line: int, character: int) -> dict[str, Any]:
    return {
        "textDocument": {"uri": path.as_uri()},
        "position": {"line": line, "character": character},
    }
