"""The sweep raises no alert for what an exception covers, folds repetitions, and keeps all of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import Client

from integrations.opensearch import Keyring, connect
from integrations.ports import Site
from rules.correlation import plan_correlations
from rules.ecs import timestamp
from rules.exceptions import parse_exceptions
from rules.grouping import GroupingPolicy
from rules.rule import RuleText
from workers.composition import WallClock
from workers.detection import Detection, load_detection
from workers.rule_files import compile_texts
from workers.settings import settings_in_code
from workers.site_file import GuardSection, SiteFile
from workers.sweep import Sweep

RULE = RuleText(
    "r.yml",
    "title: Sudo\nid: r-1\nlevel: low\nlogsource: {product: linux}\n"
    "detection: {a: {process.name: sudo}, condition: a}\n",
)
END = "owner: alice\nreason: Known.\nuntil: 2999-12-31\n"
EXCEPTIONS = RuleText(
    "e.yml",
    f"name: deploys\nrules: [sudo]\nentities: [user:deploy]\n{END}"
    f"---\nname: quiet\nrules: [r-1]\nsuppress: 30m\n{END}",
)


async def test_silenced_findings_are_kept(opensearch_url: str, temporal: Client, index_prefix: str) -> None:
    now = datetime.now(UTC)
    loaded = compile_texts([RULE])
    exceptions, _, faults = parse_exceptions([EXCEPTIONS], now)
    assert not faults
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=Keyring({"test": b"k" * 32}))
    try:
        await stores.setup()
        site = Site(
            events=stores.events, alerts=stores.alerts, incidents=stores.incidents, evidence=stores.evidence,
            state=stores.state, clock=WallClock(), api_url="", suppressed=stores.suppressed,
        )  # fmt: skip
        detection = Detection(
            matcher=loaded.matcher, plan=plan_correlations(loaded.rules), faults=(), exceptions=exceptions
        )
        sweep = Sweep(
            client=temporal, site=site, detection=lambda: detection, grouping=GroupingPolicy(), tick=1.0
        )

        async def write(user: str, minutes: int) -> None:
            at = timestamp(now - timedelta(hours=2) + timedelta(minutes=minutes))
            event = {"id": f"{user}-{minutes}", "module": "linux", "dataset": "linux.auth", "kind": "event"}
            document = {"@timestamp": at, "event": event, "process": {"name": "sudo"}, "user": {"name": user}}
            await stores.events.write([document])

        for user, minutes in (("deploy", 0), ("bob", 0), ("bob", 20)):
            await write(user, minutes)
        assert (await sweep.tick(detection)).alerts == 1
        for user, minutes in (("bob", 25), ("bob", 40), ("deploy", 41)):
            await write(user, minutes)
        assert (await sweep.tick(detection)).alerts == 1
        stored = {alert.evidence[0].id: alert for alert in await stores.alerts.recent(10)}
        assert sorted(stored) == ["bob-0", "bob-40"]
        counts = {one.exception: one.findings for one in await stores.suppressed.counts()}
        assert counts == {"deploys": 2, "quiet": 2}
        folded = await stores.suppressed.recent(10, exception="quiet")
        assert [one.alert.evidence[0].id for one in folded] == ["bob-25", "bob-20"]
        assert {one.into for one in folded} == {stored["bob-0"].id}
        assert len(await stores.suppressed.recent(10, entity="user:deploy")) == 2
    finally:
        await stores.close()


def test_exceptions_are_read_anew(tmp_path: Path) -> None:
    site = SiteFile(guard=GuardSection(hosts=("dc-1",)))
    folder = tmp_path / "exceptions"
    detection = load_detection(settings_in_code(site, tmp_path))
    assert detection.exceptions.exceptions == ()
    folder.mkdir()
    (folder / "e.yml").write_text(EXCEPTIONS.text)
    detection.renew_exceptions()
    assert [one.name for one in detection.exceptions.exceptions] == ["deploys", "quiet"]
    (folder / "f.yml").write_bytes(b"\xff\xfe\xff")  # no UTF-8: keeps no other file out
    detection.renew_exceptions()
    assert [one.name for one in detection.exceptions.exceptions] == ["deploys", "quiet"]
    (folder / "f.yml").unlink()
    (folder / "f.yml").mkdir()  # can't be read at all: what was said before stays in force
    (folder / "e.yml").write_text("")
    detection.renew_exceptions()
    assert [one.name for one in detection.exceptions.exceptions] == ["deploys", "quiet"]
    (folder / "f.yml").rmdir()
    detection.renew_exceptions()
    assert detection.exceptions.exceptions == ()
