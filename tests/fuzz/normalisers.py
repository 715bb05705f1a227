"""Coverage-guided fuzzing of every normaliser: ``python -m tests.fuzz.normalisers [SECONDS] [SOURCE…]``.

Needs atheris (``pip install atheris``), which is no dependency of the tests: the test run fuzzes with
hypothesis, this looks longer and deeper. Each source starts from its own samples. What must hold of any
bytes is what ``tests/integrations/test_sources.py`` holds. A find is printed with its bytes; exit 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

SECONDS = 10


def fuzz_one(name: str, seconds: int, corpus: Path) -> None:
    """Fuzz one source in this process; never returns."""
    import atheris

    with atheris.instrument_imports(include=["integrations"]):
        from integrations.catalogue import source as source_named
        from integrations.contract import Origin, Record
        from integrations.pipeline import Pipeline, Place
    from tests.integrations.test_sources import check

    source = source_named(name)
    origin = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))
    for at, sample in enumerate(source.samples):
        (corpus / f"sample{at}").write_bytes(sample.record.encode())

    def take(data: bytes) -> None:
        pipeline = Pipeline(source, origin, Place("/var/log/x"))
        try:
            for event in [*pipeline.feed(Record(data, "f@0")), *pipeline.flush()]:
                check(event)
                message = str(event.get("error", {}).get("message", ""))
                if "the normaliser failed" in message:
                    raise AssertionError(message)
        except Exception:
            print(f"the bytes: {data!r}", file=sys.stderr)
            raise

    arguments = [
        sys.argv[0], f"-max_total_time={seconds}", "-max_len=8192", "-timeout=5", "-verbosity=0",
        "-print_final_stats=0", "-artifact_prefix=" + str(corpus.parent) + os.sep, str(corpus),
    ]  # fmt: skip
    atheris.Setup(arguments, take)
    atheris.Fuzz()


def main() -> int:
    if len(sys.argv) == 5 and sys.argv[1] == "--one":
        fuzz_one(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
        return 0
    words = sys.argv[1:]
    seconds = int(words.pop(0)) if words and words[0].isdigit() else SECONDS
    from integrations.catalogue import sources

    found = 0
    for source in sources():
        if words and source.name not in words:
            continue
        with tempfile.TemporaryDirectory() as folder:
            corpus = Path(folder) / "corpus"
            corpus.mkdir()
            command = [
                sys.executable,
                "-m",
                "tests.fuzz.normalisers",
                "--one",
                source.name,
                str(seconds),
                str(corpus),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            kept = len(list(corpus.iterdir()))
            if done.returncode == 0:
                print(f"{source.name}: nothing found ({kept} inputs in the corpus)", flush=True)
                continue
            found += 1
            print(f"{source.name}: FOUND\n{done.stdout[-1500:]}{done.stderr[-3000:]}", flush=True)
            for crash in sorted(Path(folder).glob("*-*")):
                if crash.is_file():
                    print(f"  {crash.name}: {crash.read_bytes()[:600]!r}", flush=True)
    print(f"{found} sources with finds", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
