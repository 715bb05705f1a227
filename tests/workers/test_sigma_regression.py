"""Sigma's regression cases through the real path: ingest, store, sweep.

The cases are not part of the project. ``SIEM_SIGMA_REGRESSION`` names a folder with ``cases.json``,
``events.jsonl`` ({"case", "record"}, the record as evtx_dump prints it) and ``rules/``.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

from temporalio.client import Client

from integrations.catalogue import source
from integrations.opensearch import connect, keep_keyring
from integrations.ports import Site
from rules.correlation import plan_correlations
from rules.grouping import GroupingPolicy
from workers.collect.ingest import file_origin, ingest_file
from workers.composition import WallClock
from workers.detection import Detection
from workers.rule_files import compile_texts, folder_texts
from workers.sweep import Sweep

FOLDER = os.environ.get("SIEM_SIGMA_REGRESSION", "")
__test__ = bool(FOLDER)
"""Without the cases there is nothing to collect: `SIEM_SIGMA_REGRESSION=... pytest` runs them."""


async def test_each_rule_fires_on_its_case_and_no_other_does(
    opensearch_url: str, temporal: Client, index_prefix: str, tmp_path: Path
) -> None:
    folder = Path(FOLDER)
    cases = {case["rule_id"]: case for case in json.loads((folder / "cases.json").read_text())}
    loaded = compile_texts(folder_texts([folder / "rules"]))
    assert loaded.matcher.faults == ()
    assert {rule.id for rule in loaded.matcher.detections} >= set(cases)
    case_of: dict[str, str] = {}
    fired: dict[str, set[str]] = defaultdict(set)
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=keep_keyring(tmp_path / "keys"))
    try:
        await stores.setup()
        by_case: dict[str, list[str]] = defaultdict(list)
        for line in (folder / "events.jsonl").read_text().splitlines():
            found = json.loads(line)
            by_case[found["case"]].append(json.dumps(found["record"]))
        site = Site(
            events=stores.events, alerts=stores.alerts, incidents=stores.incidents,
            evidence=stores.evidence, state=stores.state, clock=WallClock(), api_url="", api_token="",
            connections={},
        )  # fmt: skip
        for case, records in by_case.items():
            log = tmp_path / f"{case}.jsonl"
            log.write_text("\n".join(records) + "\n")
            await ingest_file(source("windows.evtx"), log, stores.events, file_origin(log))
        seen = await _case_of_each(stores, case_of)
        assert seen == sum(len(records) for records in by_case.values())
        detection = Detection(matcher=loaded.matcher, plan=plan_correlations(loaded.rules), faults=())
        sweep = Sweep(
            client=temporal, site=site, detection=lambda: detection, grouping=GroupingPolicy(), tick=1.0
        )
        report = await sweep.tick(detection)
        assert report.events == seen
        for alert in await stores.alerts.recent(10_000):
            fired[case_of[alert.evidence[0].id]].add(alert.rule_id)
    finally:
        await stores.close()
    known = {rule.id for rule in loaded.matcher.detections}
    for name, case in cases.items():
        others = set(case["other_sigmahq_rules_firing_per_helper_evaluator"])
        assert name in fired[name], f"{case['rule_file']} does not fire on its own case"
        assert fired[name] - {name} == others & known, f"on {case['rule_file']}"


async def _case_of_each(stores: Any, case_of: dict[str, str]) -> int:
    upto = await stores.events.checkpoints()
    async for page in stores.events.between({}, upto):
        for stored in page:
            case_of[stored.document["event"]["id"]] = Path(stored.document["log"]["file"]["path"]).stem
    return len(case_of)
