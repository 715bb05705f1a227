"""A playbook as CACAO 2.0, and a list of what another program will not understand of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from playbooks.actions import ActionKind, ActionSpec
from playbooks.cacao import ACTION, EXTENSION, MANUAL, Unmapped, identifier

_TYPES = {
    "ip": "string", "domain": "string", "url": "uri", "hash": "hash", "integer": "integer", "number": "float",
    "boolean": "bool", "list": "list",
}  # fmt: skip
_BLOCKS = ("parallel", "foreach", "switch")
ORCHESTRATOR = identifier("security-category", "orchestrator")


def export_playbook(
    playbook: Mapping[str, Any], catalogue: Mapping[str, ActionSpec], moment: datetime
) -> tuple[dict[str, Any], list[Unmapped]]:
    """Return (CACAO's JSON object, what does not map). `playbook` is the file's YAML as values, checked
    before; `moment`, aware, is when it was made."""
    return _Export(playbook, catalogue, moment).whole()


class _Export:
    def __init__(
        self, playbook: Mapping[str, Any], catalogue: Mapping[str, ActionSpec], moment: datetime
    ) -> None:
        self._playbook = playbook
        self._name = str(playbook["name"])
        self._catalogue = catalogue
        self._moment = moment
        self._workflow: dict[str, dict[str, Any]] = {}
        self._agents: dict[str, dict[str, Any]] = {
            ORCHESTRATOR: {"type": "security-category", "name": "orchestrator", "category": ["orchestrator"]}
        }
        self._unmapped: list[Unmapped] = []
        self._contains = False

    def whole(self) -> tuple[dict[str, Any], list[Unmapped]]:
        made, stamp = identifier("identity", self._name), f"{self._moment:%Y-%m-%dT%H:%M:%S.000Z}"
        last = self._end("")
        if self._playbook.get("finally"):
            self._note(
                "finally", "steps that run however it went", "other programs run them only after success"
            )
            last = self._chain(self._playbook["finally"], last)
        first = self._chain(self._playbook["steps"], last)
        start = self._id("start", "")
        self._workflow[start] = {"type": "start", "on_completion": first}
        if "on" in self._playbook:
            self._note("on", "what starts it", "start it there by that program's own means")
        kept = {key: self._playbook[key] for key in ("on", "inputs", "outputs") if key in self._playbook}
        kept["finally"] = [step["id"] for step in self._playbook.get("finally", ())]
        exported = {
            "type": "playbook",
            "spec_version": "cacao-2.0",
            "id": identifier("playbook", self._name),
            "name": self._name,
            "description": str(self._playbook["description"]),
            "playbook_types": ["mitigation" if self._contains else "investigation"],
            "created_by": made,
            "created": stamp,
            "modified": stamp,
            "playbook_variables": self._variables(),
            "workflow_start": start,
            "workflow": self._workflow,
            "playbook_extensions": {EXTENSION: kept},
            "agent_definitions": self._agents,
            "extension_definitions": {
                EXTENSION: {
                    "type": "extension-definition",
                    "name": "Steps of a SIEM playbook",
                    "description": "The step as its own language writes it.",
                    "created_by": made,
                    "schema": "https://json-schema.org/draft-07/schema",
                    "version": "1.0",
                }
            },
        }
        return exported, self._unmapped

    def _variables(self) -> dict[str, Any]:
        variables = {}
        for name, given in self._playbook.get("inputs", {}).items():
            variable: dict[str, Any] = {"type": _TYPES.get(given["type"], "string"), "external": True}
            if "description" in given:
                variable["description"] = given["description"]
            if given.get("default") is not None:
                variable["value"] = str(given["default"])
            variables[f"__{name}__"] = variable
        return variables

    # --- steps ------------------------------------------------------------------------------------

    def _chain(self, steps: Sequence[Mapping[str, Any]], after: str) -> str:
        """Write steps one after the other; returns the first one's id, `after` where there are none."""
        for step in reversed(steps):
            after = self._step(step, after)
        return after

    def _block(self, steps: Sequence[Mapping[str, Any]], name: str) -> str:
        """Write a list of steps inside another one, with an end of its own."""
        return self._chain(steps, self._end(name))

    def _end(self, name: str) -> str:
        end = self._id("end", name)
        self._workflow[end] = {"type": "end"}
        return end

    def _step(self, step: Mapping[str, Any], after: str) -> str:
        name = str(step["id"])
        if "if" not in step:
            return self._bare(step, after)
        inner = self._bare(step, self._end(f"{name} if"))
        condition = self._id("if-condition", name)
        self._note(f"steps.{name}.if", "a condition in this language", "write it as a STIX pattern there")
        self._workflow[condition] = {
            "type": "if-condition",
            "name": f"{name}: if",
            "condition": str(step["if"]),
            "on_true": inner,
            "on_completion": after,
        }
        return condition

    def _bare(self, step: Mapping[str, Any], after: str) -> str:
        name = str(step["id"])
        kept = {key: value for key, value in step.items() if key not in _BLOCKS}
        node: dict[str, Any] = {"name": name, "on_completion": after}
        extension: dict[str, Any] = {"step": kept}
        kind = "action"
        if "parallel" in step:
            kind = "parallel"
            branches = step["parallel"]
            extension["branches"] = list(branches)
            heads = [self._block(inner, f"{name} {branch}") for branch, inner in branches.items()]
            if len(heads) == 1:  # CACAO wants two at least
                heads.append(self._end(f"{name} nothing"))
            node["next_steps"] = heads
        elif "switch" in step:
            kind, choice = "switch-condition", step["switch"]
            extension["cases"] = list(choice["cases"])
            extension["value"] = choice["value"]
            node["switch"] = str(choice["value"])
            cases = {
                f"case{n}": self._block(inner, f"{name} case{n}")
                for n, inner in enumerate(choice["cases"].values())
            }
            if choice.get("default"):
                cases["default"] = self._block(choice["default"], f"{name} default")
            node["cases"] = cases
            self._note(f"steps.{name}.switch", "values of the cases", "they stand in the extension")
        elif "foreach" in step:
            kind, loop = "while-condition", step["foreach"]
            extension["loop"] = {key: value for key, value in loop.items() if key != "steps"}
            node["condition"] = f"an item of {json.dumps(loop['in'])} is left"
            node["on_true"] = self._block(loop["steps"], f"{name} items")
            self._note(f"steps.{name}.foreach", "a loop over a list", "write its condition for that program")
        elif "run" in step:
            kind = "playbook-action"
            node["playbook_id"] = identifier("playbook", str(step["run"]))
            self._note(f"steps.{name}.run", "another playbook", f"export {step['run']} as well")
        else:
            node |= self._action(step, name)
        if isinstance(step.get("on_error"), list):
            kept = extension["step"] = {key: value for key, value in kept.items() if key != "on_error"}
            extension["fallback"] = True
            node["on_success"] = node.pop("on_completion")
            node["on_failure"] = self._block(step["on_error"], f"{name} on_error")
        made = self._id(kind, name)
        self._workflow[made] = {"type": kind, **node, "step_extensions": {EXTENSION: extension}}
        return made

    def _action(self, step: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return the command and the agent of a step that acts or speaks."""
        if "uses" in step:
            spec = self._catalogue.get(step["uses"])
            self._contains |= spec is not None and spec.kind is ActionKind.CONTAINMENT
            self._note(f"steps.{name}.uses", f"the action {step['uses']}", "name that program's own command")
            text = f"{step['uses']} {json.dumps(step.get('with', {}), ensure_ascii=False)}"
            said = {"description": spec.summary} if spec is not None else {}
            return {**said, "agent": ORCHESTRATOR, "commands": [{"type": ACTION, "command": text}]}
        for verb in ("approval", "ask"):
            if verb in step:
                if verb == "approval":
                    released = ", ".join(step[verb]["releases"])
                    self._note(
                        f"steps.{name}.approval", f"what it releases ({released})",
                        "make these steps wait for the answer there",
                    )  # fmt: skip
                agent = identifier("group", str(step[verb]["from"]))
                self._agents[agent] = {"type": "group", "name": str(step[verb]["from"])}
                return {
                    "agent": agent, "commands": [{"type": MANUAL, "command": str(step[verb]["question"])}]
                }  # fmt: skip
        if "notify" in step:
            command = {"type": MANUAL, "command": str(step["notify"]["text"])}
            return {"agent": ORCHESTRATOR, "commands": [command]}
        verb = next(key for key in ("wait", "undo") if key in step)
        self._note(
            f"steps.{name}.{verb}", f"{verb} has no command", "do it there by that program's own means"
        )
        text = f"{verb} {json.dumps(step[verb], ensure_ascii=False)}"
        return {"agent": ORCHESTRATOR, "commands": [{"type": ACTION, "command": text}]}

    def _id(self, kind: str, name: str) -> str:
        return identifier(kind, self._name, name)

    def _note(self, place: str, what: str, remedy: str) -> None:
        self._unmapped.append(Unmapped(place, what, remedy))
