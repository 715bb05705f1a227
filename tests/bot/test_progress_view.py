"""The message that shows where a run is: bounded, and data stays data."""

from __future__ import annotations

from bot.slack.progress_view import progress_blocks, progress_text
from workers.contract import Progress, ProgressLine, ThreadRef


def progress(*lines: ProgressLine, **changes: object) -> Progress:
    return Progress(
        key="k", thread=ThreadRef(channel="C1", ts="1.0"), playbook="contain", status="running", lines=lines
    ).model_copy(update=changes)


def test_each_state_has_its_mark() -> None:
    lines = (
        ProgressLine(step="who", state="succeeded"),
        ProgressLine(step="ask", state="waiting"),
        ProgressLine(step="block", state="failed", text="refused: protected"),
    )
    (block,) = progress_blocks(progress(*lines))
    text = block["elements"][0]["text"]
    assert "✅ `who`" in text
    assert "🗳️ `ask`" in text
    assert "❌ `block` — refused: protected" in text
    assert "is running" in progress_text(progress())


def test_a_run_that_is_cancelled_says_so_and_why() -> None:
    lines = (ProgressLine(step="ask", state="cancelled"),)
    (block,) = progress_blocks(progress(*lines, status="cancelling", reason="cancelled by alice: <!here>"))
    text = block["elements"][0]["text"]
    assert "⏹️ Playbook `contain` is being cancelled" in text
    assert "cancelled by alice: &lt;" in text
    assert "↩️ `ask`" in text
    (block,) = progress_blocks(progress(*lines, status="cancelled"))
    assert "↩️ Playbook `contain` was cancelled" in block["elements"][0]["text"]


def test_many_and_hostile_steps_fit_one_message() -> None:
    lines = tuple(
        ProgressLine(step=f"each[{at}].<!channel>`x`", state="failed", text="<!here> " + "x" * 500)
        for at in range(60)
    )
    (block,) = progress_blocks(progress(*lines, status="failed", reason="<!channel>" * 100))
    text = block["elements"][0]["text"]
    assert len(text) <= 3000
    assert "<!channel>" not in text
    assert "<!here>" not in text
