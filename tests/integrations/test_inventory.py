"""Assets, people and own networks: read from YAML and CSV, found again in events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integrations.inventory import Inventory, InventoryError, read_assets, read_people

ASSETS_YAML = """
- name: db-1
  names: [db-1.example.com]
  addresses: [192.0.2.10, "2001:db8::10"]
  owner: database team
  criticality: critical
  core: true
- name: office
  addresses: [198.51.100.0/24]
"""
ASSETS_CSV = """name,names,addresses,owner,criticality,core
db-1,db-1.example.com,192.0.2.10;2001:db8::10,database team,critical,yes
office,,198.51.100.0/24,,,
"""


def enriched(inventory: Inventory, **event: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"event": {}, **event}
    inventory.enricher()(document)
    return document


def test_yaml_and_csv_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ASSETS_YAML)
    (tmp_path / "a.csv").write_text("\ufeff" + ASSETS_CSV)
    assert read_assets(tmp_path / "a.yaml") == read_assets(tmp_path / "a.csv")
    assert [asset.name for asset in Inventory(read_assets(tmp_path / "a.csv")).core] == ["db-1"]


def test_an_asset_is_found_by_name_and_by_address(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ASSETS_YAML)
    inventory = Inventory(read_assets(tmp_path / "a.yaml"), networks={"office": ("198.51.100.0/24",)})
    event = enriched(
        inventory,
        host={"name": "DB-1.example.com"},
        source={"ip": "198.51.100.7"},
        destination={"ip": "2001:db8::10"},
    )
    assert event["host"]["asset"] == {
        "name": "db-1", "criticality": "critical", "core": True, "owner": "database team",
    }  # fmt: skip
    assert event["source"]["asset"]["network"] == "office"
    assert event["destination"]["asset"]["criticality"] == "critical"


@pytest.mark.parametrize(
    ("source", "destination", "direction"),
    [
        ("10.0.0.1", "192.168.1.1", "internal"),
        ("203.0.113.7", "10.0.0.1", "inbound"),
        ("198.51.100.7", "203.0.113.7", "outbound"),
        ("203.0.113.7", "203.0.113.8", "external"),
    ],
)
def test_own_ranges_tell_the_direction(source: str, destination: str, direction: str) -> None:
    inventory = Inventory(networks={"office": ("198.51.100.0/24",)})
    event = enriched(inventory, source={"ip": source}, destination={"ip": destination})
    assert event["network"]["direction"] == direction


def test_what_the_log_says_itself_stays() -> None:
    event = enriched(
        Inventory(),
        source={"ip": "10.0.0.1"},
        destination={"ip": "10.0.0.2"},
        network={"direction": "ingress"},
    )
    assert event["network"]["direction"] == "ingress"


@pytest.mark.parametrize(
    "user",
    [
        {"name": "alice.smith"},
        {"name": "ALICE", "domain": "EXAMPLE"},
        {"name": "alice", "domain": "example.com"},
        {"email": "Alice@example.com", "name": "a.s"},
    ],
)
def test_one_person_is_found_under_all_names(tmp_path: Path, user: dict[str, str]) -> None:
    (tmp_path / "p.csv").write_text(
        "id,names,emails,department,privileged\nasmith,alice.smith;EXAMPLE\\alice,alice@example.com,finance,true\n"
    )
    event = enriched(Inventory(people=read_people(tmp_path / "p.csv")), user=user)
    assert event["user"]["identity"] == {
        "id": "asmith", "privileged": True, "service": False, "department": "finance",
    }  # fmt: skip
    assert event["related"]["user"] == ["asmith"]


def test_faults_name_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "- name: a\n  criticality: huge\n- nmae: b\n- name: c\n  addresses: [300.1.1.1]\n"
    )
    with pytest.raises(InventoryError) as caught:
        read_assets(tmp_path / "a.yaml")
    said = str(caught.value)
    assert "a.yaml:1:1: criticality" in said
    assert "a.yaml:3:1: unknown key 'nmae'" in said
    assert "did you mean 'name'?" in said
    assert "a.yaml:4:1: addresses" in said
    (tmp_path / "a.csv").write_text("name,ownr\na,b\n")
    with pytest.raises(InventoryError, match="did you mean 'owner'"):
        read_assets(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "event", [{"host": "x"}, {"source": {"ip": 7}}, {"user": {"name": None}}, {"network": "x"}]
)
def test_odd_documents_are_left_alone(event: dict[str, Any]) -> None:
    enriched(Inventory(), **event)
