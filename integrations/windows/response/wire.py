"""PowerShell remoting (MS-PSRP) over WinRM (MS-WSMV), with pypsrp: one script, its parameters, its output.

A host is taken for hostile: its answers are bounded, a redirection is not followed, no proxy is used, and
messages that go over HTTP are encrypted by NTLM or Kerberos, or nothing is sent.
"""

from __future__ import annotations

import socket
import struct
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
from requests.adapters import BaseAdapter
from spnego.exceptions import SpnegoError

from integrations.connections import forbidden
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.windows.response.connection import Host

CONNECT = 8
POLL = 5
"""Seconds that the host waits for output before it says that there is none yet."""
LARGEST = 3_000_000
"""Bytes of one answer over HTTP, and characters of what the script says."""
ACCESS_DENIED = 5
NONSENSE = (ET.ParseError, ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error)
"""What pypsrp raises over an answer that is not of its protocol."""


def run(host: Host, script: str, parameters: Mapping[str, str], within: float) -> str:
    """Run a script on a host and return the texts that it writes, joined; blocks.

    Raises `ActionRefusedError` and `ActionUnavailableError`.
    """
    _check(host)
    end = time.monotonic() + within
    with _told(host):
        wsman = _open(host)
        try:
            pool = RunspacePool(wsman)
            try:
                pool.open()
                return _invoke(host, pool, script, parameters, end)
            finally:
                _leave(pool)
        finally:
            wsman.close()


def _invoke(host: Host, pool: RunspacePool, script: str, parameters: Mapping[str, str], end: float) -> str:
    shell = PowerShell(pool)
    shell.add_script(script).add_parameters(dict(parameters))
    shell.begin_invoke()
    while shell.state == PSInvocationState.RUNNING:
        if time.monotonic() > end:
            raise ActionUnavailableError(
                f"{host}: {parameters.get('Operation', 'the script')} takes too long"
            )
        shell.poll_invoke(timeout=POLL)
        if sum(len(str(one)) for one in shell.output) > LARGEST:
            raise ActionRefusedError(f"{host}: the answer has more than {LARGEST:,} characters")
    if shell.state != PSInvocationState.COMPLETED:
        why = "; ".join(str(one) for one in shell.streams.error)[:300] or "it does not say why"
        raise ActionRefusedError(f"{host}: PowerShell did not run the script: {_clean(host, why)}")
    return "".join(str(one) for one in shell.output)


def _leave(pool: RunspacePool) -> None:
    """Close the shell on the host; one that can't be closed any more ends there by itself."""
    try:
        pool.close()
    except (WinRMError, requests.RequestException, *NONSENSE):
        return


def _open(host: Host) -> WSMan:
    way = host.connection
    wsman = WSMan(
        host.address,
        port=host.port,
        username=way.need("user"),
        password=way.need("password"),
        ssl=host.tls,
        auth=host.auth,
        cert_validation=way.get("ca") or True,
        connection_timeout=CONNECT,
        read_timeout=POLL + 10,
        operation_timeout=POLL,
        no_proxy=True,
    )
    session = wsman.transport._build_session()
    session.max_redirects = 0
    for prefix, adapter in list(session.adapters.items()):
        session.mount(prefix, _Bounded(adapter))
    wsman.transport.session = session
    return wsman


class _Bounded(BaseAdapter):
    """Lets no answer through that says it is too large, or does not say how large it is: WinRM always does."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self._inner = inner

    def send(self, request: Any, *arguments: Any, **named: Any) -> Any:
        answer = self._inner.send(request, *arguments, **named)
        answer.connection = self
        wait = answer.headers.get("retry-after", "")
        if (answer.status_code == 429 or answer.status_code >= 500) and wait.isdecimal():
            answer.close()
            raise _BusyError(answer.status_code, min(float(wait), 3600.0))
        size = answer.headers.get("content-length", "")
        if not size.isdecimal() or int(size) > LARGEST:
            answer.close()
            raise _TooLargeError(f"an answer of {size or 'an unknown number of'} bytes")
        return answer

    def close(self) -> None:
        self._inner.close()


class _TooLargeError(Exception):
    pass


class _BusyError(Exception):
    """Status, and the seconds that the other side asks to wait."""


def _check(host: Host) -> None:
    """Look where a host's name leads: to no metadata service, to no address of nobody."""
    try:
        found = socket.getaddrinfo(host.address, host.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ActionUnavailableError(f"{host} has no address: {error}") from error
    for *_, place in found:
        if why := forbidden(str(place[0]), private=True):
            raise ActionRefusedError(f"{host} is at {place[0]}, {why}")


@contextmanager
def _told(host: Host) -> Iterator[None]:
    """Turn what pypsrp and the network raise into an action's errors."""
    user = host.connection.get("user")
    try:
        yield
    except AuthenticationError as error:
        raise ActionRefusedError(f"{host}: it refuses {user} (401), by {host.auth}") from error
    except _TooLargeError as error:
        raise ActionRefusedError(f"{host}: it sent {error}") from error
    except _BusyError as error:
        status, wait = error.args
        raise ActionUnavailableError(f"{host}: WinRM answers {status}", retry_after=wait) from error
    except WinRMTransportError as error:
        code = error.code
        said = _clean(
            host, f"{host}: WinRM answers {code} {' '.join(error.response_text.split())[:200]}".strip()
        )
        if code in (408, 429) or code >= 500:
            raise ActionUnavailableError(said) from error
        raise ActionRefusedError(said) from error
    except WSManFaultError as error:
        said = _clean(host, f"{host}: {error.reason or 'a fault without a reason'} ({error.code})")
        if error.code == ACCESS_DENIED:
            raise ActionRefusedError(f"{said}: {user} is no administrator there") from error
        raise ActionUnavailableError(said) from error
    except ImportError as error:
        raise ActionRefusedError(
            f"{host}: {host.auth} needs a package that is not here: pip install 'pypsrp[kerberos]' ({error})"
        ) from error
    except SpnegoError as error:
        raise ActionRefusedError(
            f"{host}: no proof of who we are by {host.auth}: {_clean(host, str(error))[:300]}"
        ) from error
    except requests.exceptions.SSLError as error:
        raise ActionRefusedError(
            f"{host}: its certificate is not trusted (ca): {str(error)[:200]}"
        ) from error
    except requests.TooManyRedirects as error:
        raise ActionRefusedError(f"{host}: it points elsewhere, which is not followed") from error
    except requests.RequestException as error:
        raise ActionUnavailableError(f"{host}: no answer: {type(error).__name__}") from error
    except (WinRMError, *NONSENSE) as error:
        raise ActionUnavailableError(
            f"{host}: it does not answer as WinRM does: {str(error)[:200]}"
        ) from error


def _clean(host: Host, text: str) -> str:
    return host.connection.clean(text)
