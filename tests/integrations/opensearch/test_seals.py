"""Merkle trees, keyrings and chains, without any engine."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.opensearch import (
    CommandKeyring,
    Keyring,
    KeyringError,
    add_key,
    keep_keyring,
    merkle,
    parse_keyring,
)
from integrations.opensearch.seals import Fault, Kind, Position, Seal, chain_findings

LEAVES = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"]
"""The leaves of Certificate Transparency's reference trees."""


def test_roots_are_those_of_certificate_transparency() -> None:
    assert merkle.root(LEAVES[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(LEAVES[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle.root(LEAVES).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_a_proof_leads_from_each_leaf_to_the_root_and_from_no_other(
    leaves: list[bytes], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle.proof(leaves, at)
    assert merkle.root_of_proof(leaves[at], at, len(leaves), path) == merkle.root(leaves)
    assert merkle.root_of_proof(leaves[at] + b"!", at, len(leaves), path) != merkle.root(leaves)


def chain(length: int) -> list[Seal]:
    head, seals = Position(writer="w"), []
    for number in range(length):
        seal, head = Seal.link(
            head,
            at="2026-03-30T16:01:36.000Z",
            kind=Kind.BATCH,
            root=f"{number}",
            data={"acknowledged": number},
        )
        seals.append(seal)
    return seals


@given(st.integers(2, 8), st.data())
def test_a_chain_names_the_link_that_was_dropped_or_altered(length: int, data: st.DataObject) -> None:
    seals = chain(length)
    end = Position(writer="w", seq=length, hash=seals[-1].hash)
    assert chain_findings("w", seals, [end]) == []
    at = data.draw(st.integers(0, length - 1))
    dropped = chain_findings("w", seals[:at] + seals[at + 1 :], [end])
    assert [(one.fault, one.batch) for one in dropped] == [(Fault.DROPPED_BATCH, f"w-{at + 1}")]
    forged = seals[at].model_copy(update={"root": "x"})
    altered = chain_findings("w", [*seals[:at], forged, *seals[at + 1 :]], [end])
    assert [(one.fault, one.batch) for one in altered] == [(Fault.ALTERED_BATCH, f"w-{at + 1}")]
    resealed = forged.model_copy(update={"hash": forged.digest()})
    again = chain_findings("w", [*seals[:at], resealed, *seals[at + 1 :]], [end])
    assert Fault.ALTERED_BATCH in {one.fault for one in again}


def line(name: str, byte: bytes = b"1", size: int = 32) -> str:
    return f"{name}:{base64.b64encode(byte * size).decode()}"


def test_a_keyring_reads_several_keys_and_wraps_with_the_first() -> None:
    ring = parse_keyring(f"# keys\n{line('new')}\n\n{line('old', b'2')}\n")
    assert (ring.current, ring.names) == ("new", ("new", "old"))
    old = Keyring({"old": b"2" * 32}).wrap(b"d" * 32, "w.1")
    assert ring.unwrap(old, "w.1") == b"d" * 32
    with pytest.raises(KeyringError, match="does not open"):
        ring.unwrap(old, "w.2")
    with pytest.raises(KeyringError, match="needs the key 'old'"):
        Keyring({"new": b"1" * 32}).unwrap(old, "w.1")
    assert "1111" not in repr(ring)


def test_all_faults_of_a_keyring_are_told_at_once_without_its_keys() -> None:
    short = line("short", size=16)
    with pytest.raises(KeyringError) as told:
        parse_keyring(f"{line('a')}\nnonsense\n{short}\n{line('a')}", "SIEM_KEYS")
    assert [fault.partition(": ")[0] for fault in str(told.value).splitlines()] == [
        "SIEM_KEYS:2", "SIEM_KEYS:3", "SIEM_KEYS:4",
    ]  # fmt: skip
    assert short.partition(":")[2] not in str(told.value)


def test_a_kept_keyring_is_made_once_and_grows_by_rotation(tmp_path: Path) -> None:
    path = tmp_path / "data" / "keys"
    first = keep_keyring(path)
    wrapped = first.wrap(b"d" * 32, "w.1")
    assert keep_keyring(path).unwrap(wrapped, "w.1") == b"d" * 32
    grown = add_key(path, "k2")
    assert (grown.current, grown.names) == ("k2", ("k2", "k1"))
    assert grown.unwrap(wrapped, "w.1") == b"d" * 32
    with pytest.raises(KeyringError, match="already"):
        add_key(path, "k2")
    path.chmod(0o644)
    with pytest.raises(KeyringError, match="chmod 600"):
        keep_keyring(path)


KMS = """
import base64, json, sys
asked = json.load(sys.stdin)
def turn(text): return base64.b64encode(bytes(b ^ 7 for b in base64.b64decode(text))).decode()
match asked.pop("operation"):
    case "describe": answer = {"current": "new", "names": ["old", "new"]}
    case "wrap": answer = {"key": "new", "wrapped": asked["about"] + "|" + turn(asked["plaintext"])}
    case "unwrap":
        about, _, text = asked["wrapped"].partition("|")
        if about != asked["about"]: sys.exit("the context is another one")
        answer = {"plaintext": turn(text)}
print(json.dumps(answer))
"""


def kms(program: str, seconds: float = 20) -> CommandKeyring:
    return CommandKeyring([sys.executable, "-c", program], seconds)


def test_a_program_wraps_and_unwraps() -> None:
    ring = kms(KMS)
    assert (ring.current, ring.names) == ("new", ("new", "old"))
    wrapped = ring.wrap(b"d" * 32, "w.1")
    assert wrapped.key == "new"
    assert ring.unwrap(wrapped, "w.1") == b"d" * 32
    with pytest.raises(KeyringError, match="exit code 1: the context is another one"):
        ring.unwrap(wrapped, "w.2")


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; sys.stderr.write('denied'); sys.exit(3)", "exit code 3: denied"),
        ("print('secret')", "without an object of key, wrapped"),
        ('print(\'{"key": "k", "wrapped": "x", "more": 1}\')', "without an object of"),
        ('print(\'{"key": "a b", "wrapped": "x"}\')', "the key's name"),
        ('print(\'{"key": "k", "wrapped": ""}\')', "at most 8 KiB"),
        ("print('[' * 100000)", "without an object of"),
        ("import time; time.sleep(30)", "took longer than 0.5 s to wrap"),
    ],
)
def test_a_program_that_answers_otherwise_is_told_and_its_answer_not_shown(program: str, told: str) -> None:
    with pytest.raises(KeyringError, match=told) as error:
        kms(program, 0.5 if "sleep" in program else 20).wrap(b"d" * 32, "w.1")
    assert "secret" not in str(error.value)


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(KeyringError, match="can't be run: No such file"):
        CommandKeyring(["/nonexistent/kms"]).wrap(b"d" * 32, "w.1")
    with pytest.raises(KeyringError, match="names no program"):
        CommandKeyring([])
