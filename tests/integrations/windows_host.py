"""A model of a Windows host that answers for ``host.ps1``: firewall, rights, sessions, accounts, processes, and
the task that gives everything back."""

from __future__ import annotations

from typing import Any

EVERYONE = "*S-1-1-0"


class RefusedError(Exception):
    pass


class WindowsHost:
    def __init__(self) -> None:
        self.changes = 0
        self.peers = ["127.0.0.1"]
        self.rules: dict[str, dict[str, Any]] = {}
        self.profiles = {"Domain": "True", "Private": "False", "Public": "True"}
        self.closed: list[str] = []
        self.service = "Running"
        self.notes: dict[str, dict[str, Any]] = {}
        self.task = False
        self.rights: dict[str, list[str]] = {"local": ["*S-1-5-32-546"], "remote": []}
        self.active = [1, 3]
        self.accounts = {"alice": True, "bob": False, "o'hara": True}
        self.members = {"Administrators": ["alice"], "Users": ["alice", "bob"]}
        self.processes: dict[int, dict[str, str]] = {
            4242: {"name": "evil", "started": "100", "path": "C:\\Users\\alice\\evil.exe"},
            700: {"name": "lsass", "started": "1", "path": "C:\\Windows\\System32\\lsass.exe"},
        }
        self.stubborn = False
        self.stop_after: int | None = None
        """How many of an isolation's rules are added until the script fails."""
        self.now = 1_000_000
        self.broken_part = False

    def operate(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"answer": getattr(self, operation)(asked)}
        except RefusedError as error:
            return {"refused": str(error)}
        except OSError as error:
            return {"failed": str(error)}

    def self(self, asked: dict[str, Any]) -> dict[str, Any]:
        del asked
        return {
            "name": "PC-7",
            "user": "EXAMPLE\\siem",
            "administrator": True,
            "system": "Windows 11 10.0.26100",
        }

    # --- notes and the dead man -----------------------------------------------------------------------

    def note(self, asked: dict[str, Any], **more: Any) -> None:
        self.notes.setdefault(asked["key"], more)
        self.notes[asked["key"]] |= {
            "until": self.end_of(asked),
            "patience": asked["patience"],
            "contact": self.now,
        }
        assert asked["program"].startswith("# What this system runs")
        self.task = True

    def asked_after(self, key: str) -> bool:
        if key in self.notes:
            self.notes[key]["contact"] = self.now
        return key in self.notes

    def set_end(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.notes[asked["key"]]["until"] = self.end_of(asked)
        return {"done": True}

    def end_of(self, asked: dict[str, Any]) -> int | str:
        return "" if asked["seconds"] == "" else self.now + int(asked["seconds"])

    def watch(self) -> None:
        """What the task does every five minutes."""
        for key, note in list(self.notes.items()):
            lost = self.now - note["contact"] > note["patience"]
            over = note["until"] != "" and self.now > note["until"] + 600
            if lost or over:
                (self.release if note["kind"] == "isolation" else self.unlock)({"key": key})

    def forget(self, key: str) -> dict[str, Any]:
        note = self.notes.pop(key, {})
        self.task = bool(self.notes)
        return note

    # --- isolation ------------------------------------------------------------------------------------

    def look_isolation(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert isinstance(asked["port"], int)
        noted = self.asked_after(asked["key"])
        return {
            "rules": [one for name, one in self.rules.items() if name.startswith(f"siem-{asked['key']}-")],
            "enabled": [name for name, state in self.profiles.items() if state == "True"], "closed": self.closed,
            "profiles": [{"name": name, "enabled": state} for name, state in self.profiles.items()],
            "service": self.service, "noted": noted, "watched": self.task, "peers": self.peers,
        }  # fmt: skip

    def isolate(self, asked: dict[str, Any]) -> dict[str, Any]:
        key = asked["key"]
        self.changes += 1
        self.note(asked, kind="isolation", profiles=dict(self.profiles))
        for name in [name for name in self.rules if name.startswith(f"siem-{key}-")]:
            del self.rules[name]
        plan = (
            ("us-in", "Inbound", "Allow", asked["us"]), ("us-out", "Outbound", "Allow", asked["us"]),
            ("others-out", "Outbound", "Block", asked["others"]), ("others-in", "Inbound", "Block", asked["others"]),
        )  # fmt: skip
        for number, (name, direction, action, addresses) in enumerate(plan):
            if self.stop_after == number:
                raise OSError("the firewall did not answer")
            if self.stubborn and action == "Block":
                continue
            self.rules[f"siem-{key}-{name}"] = {
                "name": f"siem-{key}-{name}", "direction": direction, "action": action, "enabled": "True",
                "addresses": addresses,
            }  # fmt: skip
        self.profiles = dict.fromkeys(self.profiles, "True")
        return {"done": True}

    def release(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.changes += 1
        self.rules = {
            name: one for name, one in self.rules.items() if not name.startswith(f"siem-{asked['key']}-")
        }
        note = self.forget(asked["key"])
        before = note.get("profiles") or {one["name"]: one["enabled"] for one in asked.get("profiles") or ()}
        self.profiles |= {name: state for name, state in before.items() if state != "True"}
        return {"done": True}

    # --- lock -----------------------------------------------------------------------------------------

    def look_lock(self, asked: dict[str, Any]) -> dict[str, Any]:
        noted = self.asked_after(asked["key"])
        return {**self.rights, "active": self.active, "noted": noted, "watched": self.task}

    def lock(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.changes += 1
        self.note(asked, kind="lock", had=[way for way, held in self.rights.items() if EVERYONE in held])
        for way, held in self.rights.items():
            self.rights[way] = [one for one in held if one != EVERYONE] + [EVERYONE]
        if self.stubborn:
            raise OSError("a session can't be disconnected")
        self.active = []
        return {"done": True}

    def unlock(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.changes += 1
        had = self.forget(asked["key"]).get("had") or ()
        for way, held in self.rights.items():
            self.rights[way] = held if way in had else [one for one in held if one != EVERYONE]
        return {"done": True}

    # --- accounts and processes -----------------------------------------------------------------------

    def account(self, asked: dict[str, Any]) -> str:
        if asked["place"].casefold() not in ("", ".", "pc-7"):
            raise RefusedError(f"{asked['place']} is another place than this host (PC-7)")
        found = [name for name in self.accounts if name.casefold() == asked["name"].casefold()]
        if not found:
            raise RefusedError(f"it has no account of its own that is called {asked['name']}")
        return found[0]

    def look_account(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = self.account(asked)
        groups = [group for group, members in self.members.items() if name in members]
        return {
            "name": name,
            "sid": f"S-1-5-21-1-2-3-{len(name)}",
            "enabled": self.accounts[name],
            "groups": groups,
        }

    def set_account(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.accounts[self.account(asked)] = asked["enabled"]
        self.changes += 1
        return {"done": True}

    def look_process(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = self.processes.get(asked["pid"])
        return {"there": True, "session": 1, **found} if found else {"there": False}

    def end_process(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = self.processes.get(asked["pid"])
        if found is None or found["started"] != asked["started"]:
            return {"ended": False}
        if found["name"] == "lsass":
            raise RefusedError("lsass carries Windows itself: without it the host goes down")
        if not self.stubborn:
            del self.processes[asked["pid"]]
            self.changes += 1
        return {"ended": not self.stubborn}

    def triage(self, asked: dict[str, Any]) -> dict[str, Any]:
        lines = {part: [f"{part} {n}" for n in range(3)] for part in (
            "processes", "hashes", "connections", "logons", "tasks", "services", "autoruns", "accounts",
        )}  # fmt: skip
        lines["processes"] = [f"{n} of 4, EXAMPLE\\alice: C:\\x{n}.exe" for n in range(1500)]
        if self.broken_part:
            lines["logons"] = []
        return {
            "parts": {part: found[: asked["limit"]] for part, found in lines.items()},
            "totals": {part: len(found) for part, found in lines.items()},
            "missing": ["logons: the Security log can't be read"] if self.broken_part else [],
            "taken": "2026-08-01T10:00:00Z",
        }
