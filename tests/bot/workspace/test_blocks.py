"""Block Kit is checked as Slack checks it."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    ImageBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
)

from bot.workspace.blocks import check_blocks, check_view, fill_blocks
from bot.workspace.blocks.state import form_state

OPTION = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
BUTTON = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}}


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, **more}


def test_what_the_sdk_makes_is_taken() -> None:
    options = [Option(value="1", label="One"), Option(value="2", label="Two", description="Second")]
    confirm = ConfirmObject(title="Sure?", text="Really", confirm="Yes", deny="No", style="danger")
    blocks = [
        HeaderBlock(text="Title"),
        DividerBlock(),
        SectionBlock(
            text="*x*", fields=["a", "b"], accessory=OverflowMenuElement(action_id="o", options=options)
        ),
        ContextBlock(elements=[MarkdownTextObject(text="x")]),
        ImageBlock(image_url="http://127.0.0.1/x.png", alt_text="x"),
        ActionsBlock(
            elements=[
                ButtonElement(text="Go", action_id="go", value="v", style="primary", confirm=confirm),
                StaticSelectElement(placeholder="Pick", action_id="pick", options=options),
            ]
        ),
        InputBlock(label="Why", element=PlainTextInputElement(action_id="why", multiline=True)),
    ]
    assert check_blocks([block.to_dict() for block in blocks]) == []


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ({}, "missing required field: type [json-pointer:/blocks/0]"),
        ("x", "must provide an object [json-pointer:/blocks/0]"),
        ({"type": "section"}, "must provide at least one of: text, fields [json-pointer:/blocks/0]"),
        (section(text="x"), "must provide an object [json-pointer:/blocks/0/text]"),
        (
            section(text={"type": "html", "text": "x"}),
            "unsupported type: html [json-pointer:/blocks/0/text/type]",
        ),
        (section(colour="red"), "no more fields allowed: colour [json-pointer:/blocks/0]"),
        (
            section(fields=[section()["text"]] * 11),
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (section(block_id="x" * 256), "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
        (
            section(accessory={"type": "overflow", "action_id": "a", "options": [OPTION] * 6}),
            "no more than 5 items allowed [json-pointer:/blocks/0/accessory/options]",
        ),
        (
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        (
            {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            {"type": "actions", "elements": []},
            "no less than 1 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "actions", "elements": [{**BUTTON, "action_id": str(each)} for each in range(26)]},
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "actions", "elements": [BUTTON, BUTTON]},
            "action_id `a` already exists [json-pointer:/blocks/0/elements/1/action_id]",
        ),
        (
            {"type": "actions", "elements": [{**BUTTON, "value": "x" * 2001}]},
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (
            {"type": "actions", "elements": [{**BUTTON, "style": "default"}]},
            "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            {"type": "actions", "elements": [{**BUTTON, "url": "javascript:alert(1)"}]},
            "invalid value [json-pointer:/blocks/0/elements/0/url]",
        ),
        (
            {"type": "actions", "elements": [{"type": "plain_text_input", "action_id": "a"}]},
            "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            {
                "type": "actions",
                "elements": [{"type": "static_select", "action_id": "a", "options": [OPTION] * 101}],
            },
            "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
        ),
        (
            {"type": "image", "alt_text": "x"},
            "must provide exactly one of: image_url, slack_file [json-pointer:/blocks/0]",
        ),
    ],
)
def test_each_fault_is_named_with_its_place(block: Any, fault: str) -> None:
    assert check_blocks([block]) == [f"[ERROR] {fault}"]


def test_a_message_has_at_most_fifty_blocks_with_ids_of_their_own() -> None:
    assert check_blocks([{"type": "divider"}] * 50) == []
    assert check_blocks([{"type": "divider"}] * 51) == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]
    twice = [{"type": "divider", "block_id": "b"}] * 2
    assert check_blocks(twice) == ["[ERROR] block_id `b` already exists [json-pointer:/blocks/1/block_id]"]
    assert check_blocks({"type": "divider"}) == ["[ERROR] must provide an array [json-pointer:/blocks]"]


def test_a_view_with_inputs_needs_a_submit_button() -> None:
    title = {"type": "plain_text", "text": "T"}
    field = {"type": "input", "label": title, "element": {"type": "plain_text_input"}}
    view = {"type": "modal", "title": title, "blocks": [field]}
    assert check_view(view) == [
        "[ERROR] missing required field: submit (the view has input blocks) [json-pointer:/view/submit]"
    ]
    assert check_view({**view, "submit": title}) == []
    assert check_view({**view, "submit": title}, "home") == [
        "[ERROR] must be a home view [json-pointer:/view/type]"
    ]


def test_a_form_is_what_its_elements_allow() -> None:
    blocks = fill_blocks(
        [
            {
                "type": "input",
                "block_id": "n",
                "label": {},
                "element": {
                    "type": "number_input",
                    "action_id": "a",
                    "is_decimal_allowed": False,
                    "max_value": "9",
                },
            },
            {
                "type": "input",
                "block_id": "o",
                "label": {},
                "element": {
                    "type": "static_select",
                    "action_id": "a",
                    "options": [OPTION],
                    "initial_option": OPTION,
                },
            },
            {
                "type": "input",
                "block_id": "t",
                "optional": True,
                "label": {},
                "element": {"type": "plain_text_input", "action_id": "a", "min_length": 3},
            },
        ]
    )
    _, faults = form_state(blocks, {"n": {"a": "10"}, "o": {"a": "2"}, "t": {"a": "x"}}, complete=True)
    assert faults == {
        "n": "Enter 9 or less",
        "o": "This is none of the options",
        "t": "Enter at least 3 characters",
    }
    _, faults = form_state(blocks, {}, complete=True)
    assert faults == {"n": "Please complete this required field."}
    state, faults = form_state(blocks, {"n": {"a": "7"}}, complete=True)
    assert faults == {}
    assert state["n"]["a"] == {"type": "number_input", "value": "7"}
    assert state["o"]["a"]["selected_option"] == OPTION
    assert state["t"]["a"]["value"] is None
