"""WinRM as MS-WSMV and MS-PSRP say it: SOAP over HTTP, shells, fragments, pipelines; NTLM with encrypted messages
(a real exchange, pyspnego's other half), or basic over TLS. Behind it is a model of a Windows host.

No PowerShell runs: the server takes the script and its two parameters apart, as Windows would, and the model
answers for the script. What the script itself does on Windows is not shown by it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
import struct
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spnego
from aiohttp import web
from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.encryption import WinRMEncryption
from pypsrp.messages import (
    Destination,
    MessageType,
    PipelineState,
    RunspacePoolStateMessage,
    SessionCapability,
)
from pypsrp.powershell import Fragment, Fragmenter
from pypsrp.serializer import Serializer
from pypsrp.wsman import NAMESPACES, WSManAction

from tests.integrations.vendor_server import Handler, VendorServer
from tests.integrations.windows_host import WindowsHost

DOMAIN, USER, PASSWORD = "EXAMPLE", "siem", "the-password-of-siem"
TIMED_OUT = 2150858793
"""No output yet, as WinRM says it."""


class WinRmServer(VendorServer):
    def __init__(self, users: Path, tls: ssl.SSLContext | None = None) -> None:
        """`users` is where NTLM's accounts are written, the format of pyspnego's NTLM_USER_FILE."""
        super().__init__()
        self.users = users
        users.write_text(f"{DOMAIN}:{USER}:{PASSWORD}\n")
        self.tls = tls
        self.host = WindowsHost()
        self.pipelines: list[tuple[str, dict[str, Any]]] = []
        """(script, parameters) of each, as they came."""
        self.says: str | None = None
        """What the pipeline answers instead of the host's own."""
        self.state = PSInvocationState.COMPLETED
        self.fault: tuple[int, str] | None = None
        """A WS-Management fault in place of an answer."""
        self.polls = 0
        """How often there is no output yet."""
        self.plain = 0
        """Messages that came over HTTP without encryption."""
        self._contexts: dict[Any, Any] = {}
        self._shells: dict[str, tuple[Fragmenter, list[bytes]]] = {}
        self._outputs: dict[str, list[bytes]] = {}
        self._parts: dict[str, bytes] = {}

    @property
    def shells(self) -> int:
        """How many are open."""
        return len(self._shells)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def connection(self) -> dict[str, Any]:
        return {
            "kind": "winrm", "hosts": {"pc-7": f"127.0.0.1:{self.port}"}, "user": f"{DOMAIN}\\{USER}",
            "password": PASSWORD, "tls": False, "auth": "ntlm", "us": ["127.0.0.1", "192.0.2.5"],
        }  # fmt: skip

    async def start_tls(self) -> None:
        """Serve HTTPS on another port beside it; for basic."""
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.tls)
        await site.start()
        sockets: Any = site._server
        self.tls_port = int(sockets.sockets[0].getsockname()[1])

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("POST", "/wsman", self.wsman),)

    def refuse(self, request: web.Request) -> web.Response | None:
        del request
        return None  # the proof is part of the exchange

    async def wsman(self, request: web.Request) -> web.StreamResponse:
        if request.secure:
            if (
                request.headers.get("authorization")
                != "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            ):
                return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="WSMAN"'})
            return self.reply(await self.answer(await request.read()), None)
        context = self._contexts.get(request.transport)
        if context is None or not context.complete:
            return self.authenticate(request, context)
        body = await request.read()
        if not request.headers["content-type"].startswith("multipart/encrypted"):
            self.plain += 1
            return web.Response(status=500, text="unencrypted")
        sealing = WinRMEncryption(context, WinRMEncryption.SPNEGO)
        return self.reply(await self.answer(sealing.unwrap_message(body, "Encrypted Boundary")), sealing)

    def authenticate(self, request: web.Request, context: Any) -> web.Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        offer = {"WWW-Authenticate": "Negotiate"}
        if scheme.casefold() != "negotiate":
            return web.Response(status=401, headers=offer)
        if context is None:
            context = spnego.server(options=spnego.NegotiateOptions.wrapping_winrm)
            self._contexts[request.transport] = context
        try:
            out = context.step(base64.b64decode(token))
        except spnego.exceptions.SpnegoError:
            del self._contexts[request.transport]
            return web.Response(status=401, headers=offer)
        headers = {"WWW-Authenticate": f"Negotiate {base64.b64encode(out).decode()}"} if out else {}
        return web.Response(status=200 if context.complete else 401, headers=headers)

    def reply(self, answer: tuple[int, bytes], sealing: WinRMEncryption | None) -> web.Response:
        status, body = answer
        if sealing is None:
            return web.Response(
                status=status, body=body, headers={"Content-Type": "application/soap+xml;charset=UTF-8"}
            )
        kind, sealed = sealing.wrap_message(body)
        header = f'{kind};protocol="{sealing.protocol}";boundary="Encrypted Boundary"'
        return web.Response(status=status, body=sealed, headers={"Content-Type": header})

    # --- MS-WSMV -------------------------------------------------------------------------------------

    async def answer(self, body: bytes) -> tuple[int, bytes]:
        envelope = ET.fromstring(body)
        action = envelope.findtext("s:Header/wsa:Action", namespaces=NAMESPACES)
        message = envelope.findtext("s:Header/wsa:MessageID", namespaces=NAMESPACES) or ""
        content = envelope.find("s:Body", namespaces=NAMESPACES)
        assert content is not None
        if self.fault is not None:
            return 500, _fault(message, *self.fault)
        if action == WSManAction.CREATE:
            return 200, _envelope(message, self.create(content))
        shell = envelope.findtext("s:Header/wsman:SelectorSet/wsman:Selector", namespaces=NAMESPACES) or ""
        if action == WSManAction.COMMAND:
            return 200, _envelope(message, await self.command(shell, content))
        if action == WSManAction.SEND:
            return 200, _envelope(message, await self.send(shell, content))
        if action == WSManAction.RECEIVE:
            found = self.receive(shell, content)
            return (
                (200, _envelope(message, found))
                if found is not None
                else (500, _fault(message, TIMED_OUT, "timed out"))
            )
        if action == WSManAction.SIGNAL:
            return 200, _envelope(message, f'<rsp:SignalResponse xmlns:rsp="{NAMESPACES["rsp"]}"/>')
        assert action == WSManAction.DELETE
        del self._shells[shell]
        return 200, _envelope(message, "")

    def create(self, content: ET.Element) -> str:
        shell = content.find("rsp:Shell", namespaces=NAMESPACES)
        assert shell is not None
        identity = shell.attrib["ShellId"]
        fragmenter = Fragmenter(100_000, Serializer())
        opened = shell.findtext("pwsh:creationXml", namespaces=NAMESPACES)
        self._parts[identity] = b""
        kinds = [kind for kind, _ in self.joined(identity, opened or "")]
        assert kinds == [MessageType.SESSION_CAPABILITY, MessageType.INIT_RUNSPACEPOOL]
        ready = fragmenter.fragment_multiple(
            [SessionCapability("2.3", "2.0", "1.1.0.1"), RunspacePoolStateMessage(RunspacePoolState.OPENED)],
            identity,
        )
        self._shells[identity] = (fragmenter, ready)
        return (
            f'<x:ResourceCreated xmlns:x="{NAMESPACES["wst"]}" xmlns:a="{NAMESPACES["wsa"]}" xmlns:w="{NAMESPACES["wsman"]}">'
            f'<a:ReferenceParameters><w:SelectorSet><w:Selector Name="ShellId">{identity}</w:Selector></w:SelectorSet>'
            f'</a:ReferenceParameters></x:ResourceCreated><rsp:Shell xmlns:rsp="{NAMESPACES["rsp"]}">'
            f"<rsp:ShellId>{identity}</rsp:ShellId></rsp:Shell>"
        )

    async def command(self, shell: str, content: ET.Element) -> str:
        line = content.find("rsp:CommandLine", namespaces=NAMESPACES)
        assert line is not None
        identity = line.attrib["CommandId"]
        await self.take(shell, identity, line.findtext("rsp:Arguments", namespaces=NAMESPACES) or "")
        rsp = NAMESPACES["rsp"]
        return f'<rsp:CommandResponse xmlns:rsp="{rsp}"><rsp:CommandId>{identity}</rsp:CommandId></rsp:CommandResponse>'

    async def send(self, shell: str, content: ET.Element) -> str:
        stream = content.find("rsp:Send/rsp:Stream", namespaces=NAMESPACES)
        assert stream is not None
        await self.take(shell, stream.attrib["CommandId"], stream.text or "")
        return f'<rsp:SendResponse xmlns:rsp="{NAMESPACES["rsp"]}"/>'

    def receive(self, shell: str, content: ET.Element) -> str | None:
        wanted = content.find("rsp:Receive/rsp:DesiredStream", namespaces=NAMESPACES)
        assert wanted is not None
        command = wanted.attrib.get("CommandId")
        if command is None:
            waiting = self._shells[shell][1]
        elif self.polls > 0:
            self.polls -= 1
            return None
        else:
            waiting = self._outputs[command]
        data = b"".join(waiting)
        waiting.clear()
        rsp, own = NAMESPACES["rsp"], f' CommandId="{command}"' if command else ""
        text = base64.b64encode(data).decode()
        return f'<rsp:ReceiveResponse xmlns:rsp="{rsp}"><rsp:Stream Name="stdout"{own}>{text}</rsp:Stream></rsp:ReceiveResponse>'

    # --- MS-PSRP -------------------------------------------------------------------------------------

    async def take(self, shell: str, command: str, text: str) -> None:
        fragmenter = self._shells[shell][0]
        for kind, message in self.joined(shell, text):
            assert kind == MessageType.CREATE_PIPELINE
            script, given = _command(message)
            self.pipelines.append((script, given))
            says = self.says if self.says is not None else json.dumps(self.run(given))
            text = Serializer().serialize(says)
            output = struct.pack("<II", Destination.CLIENT, MessageType.PIPELINE_OUTPUT)
            output += uuid.UUID(shell).bytes_le + uuid.UUID(command).bytes_le + ET.tostring(text)
            ended = fragmenter.fragment(PipelineState(state=self.state), shell, command)
            self._outputs[command] = [*_fragments(1_000_000 + len(self.pipelines), output), *ended]
            await asyncio.sleep(0)

    def joined(self, shell: str, text: str) -> list[tuple[int, ET.Element]]:
        """Return (type, CLIXML) of the messages that these fragments complete (MS-PSRP 2.2.4, 2.2.1)."""
        found, rest = [], base64.b64decode(text)
        while rest:
            fragment, rest = Fragment.unpack(rest)
            self._parts[shell] = (b"" if fragment.start else self._parts[shell]) + fragment.data
            if fragment.end:
                whole = self._parts[shell]
                found.append((int.from_bytes(whole[4:8], "little"), ET.fromstring(whole[40:])))
        return found

    def run(self, given: dict[str, Any]) -> dict[str, Any]:
        assert set(given) == {"Operation", "Request"}
        before = self.host.changes
        answer = self.host.operate(given["Operation"], json.loads(given["Request"]))
        self.changes += self.host.changes - before
        return answer


def _fragments(number: int, message: bytes) -> list[bytes]:
    """Cut a message as MS-PSRP 2.2.4 has it; small pieces, so that joining them is shown."""
    starts = range(0, len(message), 5_000)
    return [
        Fragment(number, index, message[at : at + 5_000], at == 0, at == starts[-1]).pack()
        for index, at in enumerate(starts)
    ]


def _command(message: ET.Element) -> tuple[str, dict[str, Any]]:
    """Return the one script of a CREATE_PIPELINE message and its parameters (MS-PSRP 2.2.2.10, 2.2.3.12)."""
    ((command),) = [one for one in message.iter("Obj") if one.find("MS/S[@N='Cmd']") is not None]
    assert command.findtext("MS/B[@N='IsScript']") == "true"
    given = {}
    for one in command.iter("Obj"):
        if (name := one.find("MS/S[@N='N']")) is not None:
            given[_plain(name.text)] = _plain(one.findtext("MS/S[@N='V']"))
    return _plain(command.findtext("MS/S[@N='Cmd']")), given


def _plain(text: str | None) -> str:
    """Undo CLIXML's escapes of a text (MS-PSRP 2.2.5.3.2), UTF-16 code units each."""
    units = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda one: chr(int(one[1], 16)), text or "")
    return units.encode("utf-16", "surrogatepass").decode("utf-16")


def _envelope(message: str, inner: str) -> bytes:
    s, wsa = NAMESPACES["s"], NAMESPACES["wsa"]
    return (
        f'<s:Envelope xmlns:s="{s}" xmlns:a="{wsa}"><s:Header><a:RelatesTo>{message}</a:RelatesTo></s:Header>'
        f"<s:Body>{inner}</s:Body></s:Envelope>"
    ).encode()


def _fault(message: str, code: int, reason: str) -> bytes:
    f = NAMESPACES["wsmanfault"]
    return _envelope(
        message,
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>{reason}</s:Text></s:Reason>"
        f'<s:Detail><f:WSManFault xmlns:f="{f}" Code="{code}" Machine="PC-7"><f:Message>{reason}</f:Message>'
        "</f:WSManFault></s:Detail></s:Fault>",
    )
