"""The first process of a host in namespaces: its own mounts, accounts, sshd and rsyslogd.

Started by `bot.demo.network` under ``unshare``, as process 1 of the host, so that with it all of the host
ends. The programs are the machine's own; what a host changes is private: ``/etc`` (a copy), ``/home``,
``/root``, ``/run``, ``/srv``, ``/tmp``, ``/var/lib``, ``/var/spool``, ``/usr/local/sbin``, ``/dev``. Its
``/var/log`` lies in a folder outside, where a collector can tail it. Standard library only, and imported
before the mounts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

EMPTY = ("/home", "/root", "/run", "/srv", "/var/lib", "/var/spool")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
SSHD = """\
HostKey /etc/ssh/siem_host_key
UsePAM yes
UseDNS no
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxAuthTries 20
MaxStartups 100
MaxSessions 100
PidFile none
LoginGraceTime 20
LogLevel INFO
Subsystem sftp internal-sftp
"""
FIREWALL = """\
table inet filter {
	set unwanted {
		type ipv4_addr
		flags interval
		elements = { 192.0.2.0/25, 198.51.100.9 }
	}
	chain input {
		type filter hook input priority filter; policy accept;
		ip saddr @unwanted counter drop
		tcp dport { 25, 3306 } reject with tcp reset comment "not from anywhere"
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		ip daddr @unwanted counter drop
	}
}
"""
"""Rules that the host has of its own, which nothing of ours may change."""
RSYSLOG = """\
module(load="imuxsock" SysSock.Name="/dev/log" SysSock.RateLimit.Interval="0")
$ActionFileDefaultTemplate RSYSLOG_FileFormat
$FileCreateMode 0644
auth,authpriv.* /var/log/auth.log
*.*;auth,authpriv.none /var/log/syslog
"""


def main() -> None:
    host: dict[str, Any] = json.loads(sys.argv[1])
    folder = Path(host["folder"])
    _mount(folder)
    _accounts(host)
    services = []
    if host["services"]:
        services.append(_start("rsyslogd", "-n", "-f", "/etc/rsyslog.siem.conf", "-i", "NONE"))
    print("mounted", flush=True)
    sys.stdin.readline()  # the network is there
    if host["services"]:
        _run("nft", "-f", "-", given=FIREWALL)
        services.append(_start("/usr/sbin/sshd", "-D", "-f", "/etc/ssh/sshd_config"))
    print("started", flush=True)
    while True:  # as process 1: bury what was left behind
        try:
            os.wait()
        except ChildProcessError:
            sys.stdin.read()
            return


def _run(*words: str, given: str = "") -> None:
    subprocess.run(words, check=True, capture_output=True, text=True, input=given)


def _start(*words: str) -> subprocess.Popen[bytes]:
    log = open("/var/log/services.log", "ab")  # noqa: SIM115 - lives as long as the service
    return subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def _mount(folder: Path) -> None:
    _run("mount", "--make-rprivate", "/")
    for name, source in (("etc", "/etc"), ("log", None), ("sbin", "/usr/local/sbin")):
        if source is None:
            (folder / name).mkdir(exist_ok=True)
        else:
            shutil.copytree(
                source, folder / name, symlinks=True, dirs_exist_ok=True, ignore_dangling_symlinks=True
            )
    _keep_owners(Path("/etc"), folder / "etc")
    _run("mount", "--bind", str(folder / "etc"), "/etc")
    _run("mount", "--bind", str(folder / "log"), "/var/log")
    _run("mount", "--bind", str(folder / "sbin"), "/usr/local/sbin")
    _private_devices(folder / "dev")
    for place in EMPTY:
        _run("mount", "-t", "tmpfs", "-o", "mode=755", "none", place)
    _run("mount", "-t", "tmpfs", "-o", "mode=1777", "none", "/tmp")
    for made in ("/run/sshd", "/var/lib/sudo", "/var/spool/cron", "/run/lock"):
        Path(made).mkdir(parents=True, exist_ok=True)


def _keep_owners(source: Path, copy: Path) -> None:
    """A copy belongs to whoever copies: give files back their groups (``shadow``)."""
    for one in source.rglob("*"):
        mine = copy / one.relative_to(source)
        if mine.exists() and not mine.is_symlink() and not one.is_symlink():
            seen = one.stat()
            os.chown(mine, seen.st_uid, seen.st_gid)
            os.chmod(mine, seen.st_mode & 0o7777)


def _private_devices(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "none", str(folder))
    for name in DEVICES:
        (folder / name).touch()
        _run("mount", "--bind", f"/dev/{name}", str(folder / name))
    for name in ("pts", "shm"):
        (folder / name).mkdir()
    _run("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620", "devpts", str(folder / "pts"))
    _run("mount", "-t", "tmpfs", "-o", "mode=1777", "none", str(folder / "shm"))
    for name, target in (
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "fd/0"),
        ("stdout", "fd/1"),
    ):
        (folder / name).symlink_to(target)
    _run("mount", "--move", str(folder), "/dev")


def _accounts(host: dict[str, Any]) -> None:
    _run("hostname", host["name"])
    Path("/etc/hostname").write_text(f"{host['name']}\n", encoding="utf-8")
    Path("/etc/resolv.conf").write_text("nameserver 192.0.2.53\n", encoding="utf-8")
    Path("/etc/hosts").write_text(host["hosts"], encoding="utf-8")
    Path("/etc/ssh/sshd_config").write_text(SSHD + host["sshd"], encoding="utf-8")
    Path("/etc/rsyslog.siem.conf").write_text(RSYSLOG, encoding="utf-8")
    _hurry(Path("/etc/pam.d/common-auth"))
    key = Path("/etc/ssh/siem_host_key")
    key.write_text(host["host_key"], encoding="utf-8")
    key.chmod(0o600)
    ssh = Path("/root/.ssh")
    ssh.mkdir(mode=0o700)
    (ssh / "authorized_keys").write_text(host["root_key"], encoding="utf-8")
    for user, password in host["users"].items():
        _run("useradd", "--create-home", "--shell", "/bin/sh", user)
        _run("chpasswd", given=f"{user}:{password}\n")


def _hurry(path: Path) -> None:
    """Let a wrong password be refused at once, not after two seconds: pam_unix(8), nodelay."""
    if path.exists():
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("pam_unix.so nullok", "pam_unix.so nullok nodelay"), encoding="utf-8")


if __name__ == "__main__":
    main()
