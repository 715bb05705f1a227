"""A real PostgreSQL and a real MariaDB on loopback, each a process of its own in a folder of its own, with TLS."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Self

from tests.workers.collect.certificates import Authority

PASSWORD = "the-siem-password"
"""Of the account ``siem``, the connection's."""


@cache
def program(name: str, package: str) -> str | None:
    """Return a program's path; root's tests install Debian's package, which is told to start nothing."""
    if (found := _where(name)) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
            subprocess.run(["apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL)
        found = _where(name)
    return found


def _where(name: str) -> str | None:
    folders = [os.environ.get("PATH", os.defpath), "/usr/sbin", *glob.glob("/usr/lib/postgresql/*/bin")]
    return shutil.which(name, path=":".join(folders))


class DatabaseServer:
    """One server. Neither runs as root, so root's tests run it as the user that its package brings."""

    user = ""
    seconds = 30.0

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="database-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        authority = Authority(self.folder)
        self.ca = authority.file
        self.certificate, self.key = authority.issue("localhost")
        self._as = pwd.getpwnam(self.user).pw_uid if os.geteuid() == 0 else os.geteuid()

    @property
    def connection(self) -> dict[str, object]:
        return {
            "host": "localhost",
            "port": self.port,
            "user": "siem",
            "password": PASSWORD,
            "ca": str(self.ca),
        }

    def prepare(self) -> None:
        """Make its data, with an account to begin with."""
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def shell(self, statements: str) -> str:
        """Run statements as who may do all; return what they answer, a line a row."""
        raise NotImplementedError

    def call(self, *command: str, text: str | None = None) -> str:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, user=self._as, cwd=self.folder, check=False,
            env={"PATH": os.defpath, "HOME": str(self.folder), "LC_ALL": "C"},
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        self._own()
        self.key.chmod(0o600)
        self.prepare()
        self._own()
        with (self.folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, user=self._as, cwd=self.folder
            )
        end = time.monotonic() + self.seconds
        while True:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "the server does not listen"
            time.sleep(0.02)

    def _own(self) -> None:
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, self._as, -1)

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        shutil.rmtree(self.folder)


class PostgresServer(DatabaseServer):
    user = "postgres"

    def prepare(self) -> None:
        initdb = program("initdb", "postgresql")
        assert initdb is not None
        self.call(initdb, "-D", "data", "-U", "root", "-E", "UTF8", "--no-sync", "-A", "trust")
        (self.folder / "data/pg_hba.conf").write_text(
            "local all root trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )

    def command(self) -> list[str]:
        options = {
            "fsync": "off", "listen_addresses": "127.0.0.1", "port": str(self.port), "ssl": "on",
            "ssl_cert_file": str(self.certificate), "ssl_key_file": str(self.key),
            "unix_socket_directories": str(self.folder), "shared_buffers": "16MB",
        }  # fmt: skip
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [str(program("postgres", "postgresql")), "-D", str(self.folder / "data"), *settings]

    def shell(self, statements: str) -> str:
        psql = str(program("psql", "postgresql"))
        where = ("-h", str(self.folder), "-p", str(self.port), "-U", "root", "-d", "postgres")
        return self.call(psql, "-XAtq", "-v", "ON_ERROR_STOP=1", *where, text=statements).strip()


class MariaDbServer(DatabaseServer):
    user = "mysql"

    def prepare(self) -> None:
        make = str(program("mariadb-install-db", "mariadb-server"))
        self.call(
            make,
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-log-bin",
        )

    def _options(self) -> list[str]:
        return [
            "--no-defaults", f"--datadir={self.folder / 'data'}", f"--tmpdir={self.folder}", "--innodb-buffer-pool-size=16M",
            "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve=0", "--character-set-server=utf8mb4",
        ]  # fmt: skip

    def command(self) -> list[str]:
        return [
            str(program("mariadbd", "mariadb-server")), *self._options(), f"--port={self.port}", "--bind-address=127.0.0.1",
            f"--socket={self.folder / 'socket'}", f"--ssl-ca={self.ca}", f"--ssl-cert={self.certificate}",
            f"--ssl-key={self.key}", f"--pid-file={self.folder / 'pid'}",
        ]  # fmt: skip

    def shell(self, statements: str) -> str:
        client = str(program("mariadb", "mariadb-server"))
        options = ("--no-defaults", "-NB", "-uroot", f"--socket={self.folder / 'socket'}")
        return self.call(client, *options, text=statements).strip()
