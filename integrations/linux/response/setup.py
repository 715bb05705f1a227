"""What ``siem connections`` says and tries of the way to Linux hosts."""

from __future__ import annotations

from integrations.connections import ConnectionKind, Setting, choose
from integrations.contract import ActionError, ActionRefusedError
from integrations.linux.program import INSTALLED, text, version
from integrations.linux.response.connection import KIND, PORT, listed
from integrations.linux.response.session import opened
from integrations.ports import Site


async def _test(site: Site, name: str) -> str:
    hosts = listed(choose(site, KIND, name))
    if not hosts:
        return "it is whole; it names patterns only, so there is no host to try"
    said, failed = [], []
    for host in hosts:
        try:
            async with opened(host) as session:
                older = "" if session.version == version() else ", whose program is of another version"
                said.append(f"{host}{older}")
        except ActionError as error:
            failed.append(str(error))
    if failed:
        raise ActionRefusedError("; ".join([*failed, *([f"root on {', '.join(said)}"] if said else [])]))
    return f"root on {', '.join(said)}"


SETUP = f"""\
1. A key of its own, kept where the worker can read it and nobody else:
     ssh-keygen -t ed25519 -N '' -C siem -f siem-key
2. The hosts' own keys, compared with what each host itself says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)
   before they are trusted:
     ssh-keyscan -t ed25519 web-1 db-1 > siem-known-hosts
3. On each host (python3 3.8 or later, nftables, iproute2), the one program that this system runs there:
     siem connections setup linux --program > siem-host
     install -o root -g root -m 755 siem-host {INSTALLED}
4. Then one of these two, on each host:
   a) root, by a forced command that allows that program only, in /root/.ssh/authorized_keys
      (sshd_config: PermitRootLogin forced-commands-only). linux.lock_computer needs this one: it refuses the
      log-ins of everybody but root, this system's account too.
     restrict,command="{INSTALLED}",from="192.0.2.5" ssh-ed25519 AAAA… siem
   b) an account of its own (user: siem), with the least sudo rule: that program, without arguments
     useradd --system --create-home --shell /bin/sh siem
     install -d -o siem -g siem -m 700 ~siem/.ssh   # and the key in ~siem/.ssh/authorized_keys, with restrict
     echo 'siem ALL=(root) NOPASSWD: {INSTALLED} ""' > /etc/sudoers.d/siem && visudo -c
   To try it at once without 3.: user: root, program: sent. Then the key opens root's shell: not for long.
5. siem connections test NAME"""

SSH = ConnectionKind(
    name=KIND,
    title="Linux hosts, over SSH",
    documentation="https://man.openbsd.org/sshd.8#SSH_KNOWN_HOSTS_FILE_FORMAT",
    settings=(
        Setting(
            "hosts", "{web-1: 192.0.2.10, db-1: 192.0.2.20:2222}, or names and patterns: [web-1, 'db-*']"
        ),
        Setting("user", "root, or the account with the sudo rule; none: root", required=False),
        Setting("key", "the private key; key_file: PATH takes it from a file", secret=True),
        Setting("passphrase", "the key's passphrase", required=False, secret=True),
        Setting("known_hosts", "the hosts' public keys; known_hosts_file: PATH takes them from a file"),
        Setting(
            "program", "sent: nothing is installed, root runs what is sent; none: installed", required=False
        ),
        Setting("port", f"none: {PORT}", required=False),
        Setting(
            "us", "[192.0.2.5]: further addresses of this system, open on an isolated host", required=False
        ),
    ),
    permissions=(f"run {INSTALLED} as root: a forced command, or sudo of that program without arguments",),
    test=_test,
    setup=SETUP,
    program=text,
)
