"""Whether this machine can have real hosts in network namespaces; root's tests install what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

from bot.demo.network import TOOLS, missing

USERS = {
    "web-1": {"deploy": "Summer2026!", "alice": "correct horse", "carol": "carols own"},
    "db-1": {"siem": "never used", "bob": "battery staple"},
}
"""Hosts to their accounts and passwords."""


@cache
def lacking() -> str:
    """Return what is missing, in words, empty where nothing is. Packages are told to start nothing."""
    if os.geteuid() == 0 and shutil.which("apt-get") and "the packages" in missing():
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", *sorted(set(TOOLS.values()))]):
            subprocess.run(["apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL)
    return missing()
