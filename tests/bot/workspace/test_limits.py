"""Rates, text and retries, as properties."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.delivery import AppRequest, Outbox, outbox
from bot.workspace.errors import NotConnectedError, UnacknowledgedError
from bot.workspace.limits import Limiter, RateLimitedError
from bot.workspace.mrkdwn import canonical, escape, mentions
from bot.workspace.settings import RateLimits
from bot.workspace.store import Json, Store


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5), st.floats(0.1, 5))
def test_no_window_lets_more_through_than_burst_and_rate(
    pauses: list[float], burst: int, rate: float
) -> None:
    now = 0.0
    limiter = Limiter(RateLimits(post_burst=burst, post_per_second=rate), lambda: now)
    through: list[float] = []
    for pause in pauses:
        now += pause
        try:
            limiter.count_post("C")
        except RateLimitedError as error:
            now += error.retry_after
            limiter.count_post("C")  # as long as was said: it works
        through.append(now)
    for index, start in enumerate(through):
        for count, end in enumerate(through[index:], 1):
            assert count <= burst + rate * (end - start) + 1e-6


def test_channels_and_methods_have_limits_of_their_own() -> None:
    limiter = Limiter(RateLimits(post_burst=1, tier2=1), lambda: 0.0)
    limiter.count_post("C1")
    limiter.count_post("C2")
    limiter.count_call("users.list", 2)
    limiter.count_call("pins.add", 2)
    with pytest.raises(RateLimitedError) as failure:
        limiter.count_call("users.list", 2)
    assert failure.value.retry_after == 60


MARKED = st.text(st.sampled_from("&<>@#!|;^ampltghU0C1:/ht")).map(lambda text: text[:80])


@given(MARKED)
def test_kept_text_is_kept_as_it_is(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@given(MARKED)
def test_escaped_text_makes_no_control_sequence(text: str) -> None:
    assert canonical(escape(text)) == escape(text)
    assert "<" not in escape(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<@U0BOB> <#C0X|x> <!here> <!subteam^S0X>", None),
        ("<https://a.test|A & B>", None),
        ("<!date^1^{time}|then>", None),
        ("<script>", "&lt;script&gt;"),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        ("1 < 2 && 3 > 2", "1 &lt; 2 &amp;&amp; 3 &gt; 2"),
        ("&lt;b&gt; &nbsp;", "&lt;b&gt; &amp;nbsp;"),
        ("<@bob>", "&lt;@bob&gt;"),
    ],
)
def test_control_sequences_are_slacks(text: str, kept: str | None) -> None:
    assert canonical(text) == (text if kept is None else kept)


def test_a_mention_is_of_one_user() -> None:
    assert mentions("hi <@U0SIEM|siem>", "U0SIEM")
    assert not mentions("hi <@U0SIEMX> &lt;@U0SIEM&gt;", "U0SIEM")


class Unreliable:
    """A delivery that fails as told, then takes what comes."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[AppRequest] = []
        self.done = asyncio.Event()

    async def deliver(self, request: AppRequest) -> Json:
        self.taken.append(request)
        if self.failures:
            raise self.failures.pop(0)
        self.done.set()
        return {}


async def test_an_event_is_tried_again_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PAUSES", (0.01, 0.01, 0.01))
    store = Store(tmp_path / "w.sqlite")
    delivery = Unreliable(NotConnectedError("away"), UnacknowledgedError("slow"))
    box = Outbox(store, delivery, lambda _line: None)
    running = asyncio.create_task(box.run())
    box.put({"event_id": "Ev1"})
    async with asyncio.timeout(5):
        await delivery.done.wait()
    running.cancel()
    tries = [(each.attempt, each.reason) for each in delivery.taken]
    assert tries == [(0, ""), (1, "http_error"), (2, "timeout")]
    await asyncio.sleep(0)
    assert store.deliveries() == []
    store.close()


async def test_after_four_attempts_an_event_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PAUSES", (0.01, 0.01, 0.01))
    store = Store(tmp_path / "w.sqlite")
    delivery = Unreliable(*[NotConnectedError("away")] * 4)
    said = asyncio.Queue[str]()
    running = asyncio.create_task(Outbox(store, delivery, said.put_nowait).run())
    store.put_delivery("Ev1", 0, 0, {"payload": {"event_id": "Ev1"}, "reason": ""})
    async with asyncio.timeout(5):
        line = await said.get()
    running.cancel()
    assert line == "event Ev1 was not taken after 4 attempts: away"
    assert len(delivery.taken) == 4
    assert store.deliveries() == []
    store.close()
