"""A real slapd on loopback, with data of its own: OpenLDAP with RFC 2307 users and its password policy, and
one with Microsoft's user schema that calls itself Active Directory in its root DSE."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

BASE = "dc=example,dc=com"
ADMIN, PASSWORD = f"cn=admin,{BASE}", "the-admin-password"


def _slapd() -> str | None:
    """Its path; root's tests install Debian's package, which is told to start nothing."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
    found = shutil.which("slapd", path=path)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "slapd", "ldap-utils"]):
            subprocess.run(["apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL)
        found = shutil.which("slapd", path=path)
    return found


SLAPD = _slapd()

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
{microsoft}
modulepath /usr/lib/ldap
moduleload back_mdb
{module}
pidfile {folder}/pid
{root}
access to dn.base="" by * read
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,{base}" read by anonymous auth by * none
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {folder}/data
{policy}
"""
OBJECTS = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups

dn: cn=reader,{BASE}
objectClass: person
cn: reader
sn: reader
userPassword: reader-password

"""
POLICY = f"""
dn: cn=default,{BASE}
objectClass: person
objectClass: pwdPolicy
cn: default
sn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 2
"""


def person(name: str, *, shadow: bool = True, more: str = "", folder: str = "people") -> str:
    classes = "objectClass: posixAccount\nobjectClass: shadowAccount\n" if shadow else ""
    numbers = f"uidNumber: 1000\ngidNumber: 1000\nhomeDirectory: /home/{name}\n" if shadow else ""
    return (
        f"\ndn: uid={name},ou={folder},{BASE}\nobjectClass: inetOrgPerson\n{classes}uid: {name}\ncn: {name}\n"
        f"sn: {name}\nmail: {name}@example.com\nuserPassword: password-of-{name}\n{numbers}{more}"
    )


class Slapd:
    """`microsoft`: with Active Directory's schema for users. `policy`: with OpenLDAP's password policy."""

    def __init__(self, folder: Path, objects: str, *, microsoft: bool = False, policy: bool = True) -> None:
        self.folder = folder
        self._objects = OBJECTS + (POLICY if policy else "") + objects
        self._microsoft = microsoft
        self._policy = policy
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    @property
    def connection(self) -> dict[str, object]:
        return {
            "kind": "ldap", "url": f"ldap://127.0.0.1:{self.port}", "base": BASE, "user": ADMIN,
            "password": PASSWORD, "starttls": False,
        }  # fmt: skip

    def __enter__(self) -> Self:
        assert SLAPD is not None
        (self.folder / "data").mkdir(parents=True)
        root = self.folder / "root.ldif"
        root.write_text("dn:\nobjectClass: top\nsupportedCapabilities: 1.2.840.113556.1.4.800\n")
        text = CONFIG.format(
            folder=self.folder, base=BASE, admin=ADMIN, password=PASSWORD,
            microsoft=MICROSOFT if self._microsoft else "",
            root=f"rootDSE {root}" if self._microsoft else "",
            module="moduleload ppolicy" if self._policy else "",
            policy=f'overlay ppolicy\nppolicy_default "cn=default,{BASE}"' if self._policy else "",
        )  # fmt: skip
        (self.folder / "slapd.conf").write_text(text)
        (self.folder / "objects.ldif").write_text(self._objects)
        config = ["-f", str(self.folder / "slapd.conf")]
        subprocess.run(
            [SLAPD, "-T", "add", *config, "-l", str(self.folder / "objects.ldif")],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        with (self.folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                [SLAPD, "-d", "0", "-h", f"ldap://127.0.0.1:{self.port}", *config], stdout=log, stderr=log
            )
        self._wait()
        return self

    def _wait(self) -> None:
        for _ in range(200):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("slapd does not listen")

    def freeze(self) -> None:
        """Return when it is stopped: the signal takes its time."""
        self._process.send_signal(signal.SIGSTOP)
        status = Path(f"/proc/{self._process.pid}/status")
        for _ in range(1000):
            if "State:\tT" in status.read_text():
                return
            time.sleep(0.005)
        raise AssertionError("slapd does not stop")

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def __exit__(self, *_: object) -> None:
        self.thaw()
        self._process.terminate()
        self._process.wait(10)


MICROSOFT = """
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.662 NAME 'lockoutTime' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.146 NAME 'objectSid' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.98 NAME 'primaryGroupID' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.1785 NAME 'supportedCapabilities'
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.38 )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top AUXILIARY
  MAY ( userPrincipalName $ sAMAccountName $ userAccountControl $ lockoutTime $ objectCategory $ objectSid $
  primaryGroupID ) )
objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( member $ objectSid ) )
"""
"""Of Microsoft's schema (MS-ADSC, MS-ADA3) what these actions read and write."""
