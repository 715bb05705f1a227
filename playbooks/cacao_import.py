"""A CACAO 2.0 playbook in this language, and a list of what has no counterpart in it.

A step that was exported from here comes back as it was. Of another program's playbook the workflow, the texts
and the variables carry over; a command that no action here can do becomes a question to people, who do it by
hand and say so. What comes out is checked as any playbook is: nothing is contained that nobody approved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from playbooks.cacao import EXTENSION, CacaoError, Unmapped

_TYPES = {
    "integer": "integer", "long": "integer", "float": "number", "bool": "boolean", "uri": "url",
    "ipv4-addr": "ip", "ipv6-addr": "ip", "hash": "hash", "md5-hash": "hash", "sha256-hash": "hash",
}  # fmt: skip
_VARIABLE = re.compile(r"__([A-Za-z_][A-Za-z0-9_-]*)__(:value)?")
_COMPARED = re.compile(
    r"^\s*__([A-Za-z_][\w-]*)__:value\s*(=|==|!=|<|>|<=|>=)\s*('[^']*'|-?\d+(?:\.\d+)?)\s*$"
)
DEEPEST = 40
HAND = "responders"
"""The group that is asked to do by hand what no action does."""


def import_playbook(document: Any) -> tuple[dict[str, Any], list[Unmapped]]:
    """Return (a playbook as values of YAML, what does not map). Raises `CacaoError`."""
    if not isinstance(document, Mapping):
        raise CacaoError("this is no playbook: a JSON object was expected")
    if document.get("type") != "playbook" or document.get("spec_version") != "cacao-2.0":
        raise CacaoError(
            f"type {document.get('type')!r}, spec_version {document.get('spec_version')!r}: "
            "only playbooks of cacao-2.0 can be read"
        )
    workflow, start = document.get("workflow"), document.get("workflow_start")
    if not isinstance(workflow, Mapping) or start not in workflow:
        raise CacaoError(f"workflow_start: {start!r} is no step of workflow")
    try:
        return _Import(document, workflow).whole(str(start))
    except (KeyError, TypeError, AttributeError) as error:
        raise CacaoError(f"workflow: something is not of CACAO's shape: {error!r}") from error


class _Import:
    def __init__(self, document: Mapping[str, Any], workflow: Mapping[str, Any]) -> None:
        self._document = document
        self._workflow = workflow
        self._unmapped: list[Unmapped] = []
        self._names: set[str] = set()

    def whole(self, start: str) -> tuple[dict[str, Any], list[Unmapped]]:
        ours = (self._document.get("playbook_extensions") or {}).get(EXTENSION)
        steps = self._chain(self._node(start, "workflow_start").get("on_completion"), start, 0)
        playbook: dict[str, Any] = {
            "name": _slug(str(self._document.get("name", "")), "-") or "imported",
            "description": str(
                self._document.get("description") or self._document.get("name") or "Imported."
            ),
        }
        if isinstance(ours, Mapping):
            last = set(ours.get("finally", ()))
            playbook |= {key: ours[key] for key in ("on", "inputs") if key in ours}
            playbook["steps"] = [step for step in steps if step["id"] not in last]
            if last:
                playbook["finally"] = [step for step in steps if step["id"] in last]
            if "outputs" in ours:
                playbook["outputs"] = ours["outputs"]
            return playbook, self._unmapped
        playbook["on"] = {"command": True}
        self._note(
            "workflow_start", "CACAO does not say what starts it", "write on: incident, alert or webhook"
        )
        if inputs := self._inputs():
            playbook["inputs"] = inputs
        if not steps:
            raise CacaoError("workflow: no step does anything")
        playbook["steps"] = steps
        return playbook, self._unmapped

    def _inputs(self) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        for name, given in (self._document.get("playbook_variables") or {}).items():
            kind = str(given.get("type"))
            one: dict[str, Any] = {"type": _TYPES.get(kind, "text")}
            if given.get("description"):
                one["description"] = str(given["description"])
            if given.get("value") not in (None, ""):
                one["default"] = str(given["value"])
            inputs[_slug(name.strip("_"), "_")] = one
            if kind not in {*_TYPES, "string"}:
                self._note(f"playbook_variables.{name}", f"the type {kind}", "it is text here: convert it")
        return inputs

    # --- steps ------------------------------------------------------------------------------------

    def _node(self, name: str, place: str) -> Mapping[str, Any]:
        node = self._workflow.get(name)
        if not isinstance(node, Mapping):
            raise CacaoError(f"{place}: {name!r} is no step of workflow")
        return node

    def _chain(self, name: Any, place: str, depth: int) -> list[dict[str, Any]]:
        """Return the steps from one on to the end of its list."""
        steps: list[dict[str, Any]] = []
        seen: set[str] = set()
        if depth > DEEPEST:
            raise CacaoError(f"{place}: steps lie more than {DEEPEST} deep")
        while name is not None:
            if name in seen:
                raise CacaoError(f"{place}: {name} comes after itself: loops are while-condition steps")
            seen.add(name)
            node = self._node(name, place)
            if node.get("type") == "end":
                break
            steps += self._step(name, node, depth)
            place, name = name, node.get("on_completion", node.get("on_success"))
        return steps

    def _step(self, name: str, node: Mapping[str, Any], depth: int) -> list[dict[str, Any]]:
        extension = (node.get("step_extensions") or {}).get(EXTENSION)
        if isinstance(extension, Mapping) and isinstance(extension.get("step"), Mapping):
            return [self._own(name, node, extension, depth)]
        match node.get("type"):
            case "start":
                return []
            case "action":
                return [self._by_hand(name, node)]
            case "if-condition":
                return self._if(name, node, depth)
            case "parallel":
                heads = node.get("next_steps") or ()
                blocks = {
                    f"branch{n}": inner
                    for n, head in enumerate(heads, 1)
                    if (inner := self._chain(head, name, depth + 1))
                }
                return [{"id": self._named(node, "parallel"), "parallel": blocks}] if blocks else []
            case "switch-condition":
                return self._switch(name, node, depth)
            case "playbook-action":
                what = f"run the playbook {node.get('playbook_id')}"
                self._note(name, "another playbook by its id", "import it too, and write run: with its name")
                return [self._asked(self._named(node, "playbook"), f"Please {what} by hand.")]
            case "while-condition":
                inner = self._chain(node.get("on_true"), name, depth + 1)
                self._note(
                    name, "a loop by a condition", "write foreach over a list; its steps run once here"
                )
                return inner
        raise CacaoError(f"{name}: {node.get('type')!r} is no type of a workflow step")

    def _own(
        self, name: str, node: Mapping[str, Any], extension: Mapping[str, Any], depth: int
    ) -> dict[str, Any]:
        """Return a step as it was when it was exported from here."""
        step = dict(extension["step"])
        if "branches" in extension:
            heads = node["next_steps"]
            step["parallel"] = {
                branch: self._chain(head, name, depth + 1)
                for branch, head in zip(extension["branches"], heads, strict=False)
            }
        if "cases" in extension:
            cases = {
                value: self._chain(node["cases"][f"case{n}"], name, depth + 1)
                for n, value in enumerate(extension["cases"])
            }
            step["switch"] = {"value": extension["value"], "cases": cases}
            if "default" in node["cases"]:
                step["switch"]["default"] = self._chain(node["cases"]["default"], name, depth + 1)
        if "loop" in extension:
            step["foreach"] = {**extension["loop"], "steps": self._chain(node["on_true"], name, depth + 1)}
        if extension.get("fallback"):
            step["on_error"] = self._chain(node["on_failure"], name, depth + 1)
        return step

    def _if(self, name: str, node: Mapping[str, Any], depth: int) -> list[dict[str, Any]]:
        held = self._chain(node.get("on_true"), name, depth + 1)
        if len(held) == 1 and "if" in held[0] and str(held[0]["if"]) == node.get("condition"):
            return held  # exported from here: the condition is the step's own
        other = self._chain(node.get("on_false"), name, depth + 1)
        condition = str(node.get("condition", ""))
        found = _COMPARED.match(condition)
        step = self._named(node, "choice")
        before: list[dict[str, Any]] = []
        if found and f"__{found[1]}__" in (self._document.get("playbook_variables") or {}):
            sign = "==" if found[2] == "=" else found[2]
            compared = f"inputs.{_slug(found[1], '_')} {sign} {found[3]}"
            value = f"{{{{ 'yes' if {compared} else 'no' }}}}"
        else:
            self._note(
                name,
                f"the condition {condition[:80]!r}",
                "write it as an expression; people decide until then",
            )
            question = f"{step}_holds"
            before = [self._asked(question, f"Does this hold: {_text(condition)}?", ("yes", "no"))]
            value = f"{{{{ steps.{question}.done }}}}"
        cases = {answer: steps for answer, steps in (("yes", held), ("no", other)) if steps}
        return [*before, {"id": step, "switch": {"value": value, "cases": cases}}] if cases else before

    def _switch(self, name: str, node: Mapping[str, Any], depth: int) -> list[dict[str, Any]]:
        cases = {
            str(value): inner
            for value, head in (node.get("cases") or {}).items()
            if (inner := self._chain(head, name, depth + 1))
        }
        default = cases.pop("default", [])
        step, variable = self._named(node, "switch"), _VARIABLE.fullmatch(str(node.get("switch")).strip())
        if variable and f"__{variable[1]}__" in (self._document.get("playbook_variables") or {}):
            before, value = [], f"{{{{ inputs.{_slug(variable[1], '_')} | string }}}}"
        else:
            self._note(name, f"what {node.get('switch')!r} stands for", "write it; people choose until then")
            question = f"{step}_which"
            before = [self._asked(question, f"Which: {_text(str(node.get('switch')))}?", (*cases, "none"))]
            value = f"{{{{ steps.{question}.done }}}}"
        choice: dict[str, Any] = {"value": value, "cases": cases}
        if default:
            choice["default"] = default
        return [*before, {"id": step, "switch": choice}] if cases else default

    def _by_hand(self, name: str, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return a question to people in place of commands."""
        said = []
        for command in node.get("commands") or ():
            kind, text = (
                str(command.get("type")),
                str(command.get("command") or command.get("command_b64", "")),
            )
            said.append(text if kind == "manual" else f"{kind}: {text}")
            if kind == "http-api":
                self._note(
                    name, f"an HTTP request, {text[:60]!r}", "write an action for it in YAML, and use it"
                )
            elif kind != "manual":
                self._note(name, f"a command of {kind}", "use an action that does it (siem actions)")
        if node.get("on_failure"):
            self._note(name, "another way after a failure", "write on_error")
        what = "; ".join(said) or str(node.get("description") or node.get("name") or name)
        return self._asked(self._named(node, "action"), f"Please do this: {_text(what)}")

    def _asked(
        self, step: str, question: str, choices: tuple[str, ...] = ("done", "not possible")
    ) -> dict[str, Any]:
        answer = {"type": "choice", "label": "How did it go?", "choices": list(choices)}
        return {
            "id": step,
            "ask": {"from": HAND, "expires": "4h", "question": question, "answers": {"done": answer}},
        }

    def _named(self, node: Mapping[str, Any], kind: str) -> str:
        """Return a step id from a node's name, another one each time."""
        wanted = _slug(str(node.get("name") or kind), "_")[:36] or kind
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name

    def _note(self, place: str, what: str, remedy: str) -> None:
        self._unmapped.append(Unmapped(f"workflow.{place}", what, remedy))


def _slug(text: str, joint: str) -> str:
    found = re.sub(r"[^a-z0-9]+", joint, text.lower()).strip(joint)
    return found if found[:1].isalpha() or not found else f"n{joint}{found}"


def _text(text: str) -> str:
    """Return a foreign text as a question's: its variables by name, and nothing of it an expression."""
    named = _VARIABLE.sub(lambda found: found[1], text)
    return named.replace("{{", "{ {").replace("}}", "} }").replace("{%", "{ %").replace("{#", "{ #")[:2_000]
