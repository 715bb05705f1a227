"""The program of `integrations.linux.host` as one text, to be installed on a host or sent to it."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files

PACKAGE = "integrations.linux.host"
MODULES = (
    "system",
    "surroundings",
    "firewall",
    "isolation",
    "accounts",
    "running",
    "files",
    "triage",
    "wire",
)
"""In the order in which they import one another."""
INSTALLED = "/usr/local/sbin/siem-host"

_START = """\
#!/usr/bin/python3 -I
# What the SIEM may do on this host, as root: it answers requests on its standard input, a line of JSON each.
# Nothing of a request ever becomes part of a command line that a shell reads. The last lines start it.
import sys, types

SOURCES = {}
"""
_MODULE = """
# --- {name} {line}
SOURCES[{name!r}] = r'''{source}'''
"""
_END = """
for name in ({parents}):
    sys.modules[name] = types.ModuleType(name)
for name, source in SOURCES.items():
    whole = {package!r} + "." + name
    module = sys.modules[whole] = types.ModuleType(whole)
    setattr(sys.modules[{package!r}], name, module)
    exec(compile(source, whole, "exec"), module.__dict__)
sys.modules[{package!r} + ".wire"].serve({version!r})
"""

BOOTSTRAP = 'python3 -I -c \'import sys;i=sys.stdin.buffer;exec(compile(i.read(int(i.readline())),"siem-host","exec"))\''
"""The command that runs a program sent before the requests: its length in a line, then itself. Nothing of a
request is ever in it."""


@cache
def sources() -> tuple[tuple[str, str], ...]:
    folder = files(PACKAGE)
    return tuple((name, folder.joinpath(f"{name}.py").read_text(encoding="utf-8")) for name in MODULES)


@cache
def version() -> str:
    """Return the first 16 hex digits of the sources' SHA-256: a host that runs another is told apart."""
    return hashlib.sha256(json.dumps(sources()).encode()).hexdigest()[:16]


@cache
def text() -> str:
    parts = PACKAGE.split(".")
    parents = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    modules = [
        _MODULE.format(name=name, source=source, line="-" * (88 - len(name))) for name, source in sources()
    ]
    end = _END.format(parents=", ".join(map(repr, parents)) + ",", package=PACKAGE, version=version())
    return "".join([_START, *modules, end])
