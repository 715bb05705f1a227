"""PAN-OS's XML API as documented: a key in a header, requests in a body, errors under HTTP 200, registered
addresses with tags that end by themselves."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

KEY = "LUFRPT1panos-api-key"


class PanosServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        self.version = "10.1.9-h1"
        self.vsys = "vsys1"
        self.tags: dict[str, dict[str, int | None]] = {"198.51.100.9": {"other": None}}
        """Address to tag to seconds that it lasts, None for one that stays."""

    @property
    def connection(self) -> dict[str, object]:
        return {"kind": "panos", "url": self.url, "token": KEY}

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.query_string:
            return _answer(
                "error", "<msg><line>a secret or a command in a URL</line></msg>", "400", status=400
            )
        if request.headers.get("x-pan-key") != KEY:
            return _answer("error", "<result><msg>Invalid Credential</msg></result>", "403", status=403)
        return None

    def state(self) -> Any:
        return {one: dict(held) for one, held in self.tags.items()}

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("POST", "/api/", self.api),)

    async def api(self, request: web.Request) -> web.Response:
        form = await request.post()
        if str(form.get("vsys", "vsys1")) != self.vsys:
            return _answer("error", "<msg><line>vsys not found</line></msg>", "7")
        if form["type"] == "version":
            return _answer("success", f"<result><sw-version>{self.version}</sw-version></result>")
        command = ElementTree.fromstring(str(form["cmd"]))
        if form["type"] == "op":
            return self.show(command)
        assert form["type"] == "user-id"
        assert (command.tag, command.findtext("type")) == ("uid-message", "update")
        (verb,) = command.iterfind("payload/*")
        faults = [fault for entry in verb.iterfind("entry") if (fault := self.change(verb.tag, entry))]
        if faults:
            lines = f"<msg><line><uid-response><payload><{verb.tag}>{''.join(faults)}</{verb.tag}></payload></uid-response></line></msg>"
            return _answer("error", lines)
        return _answer(
            "success", "<result><uid-response><version>2.0</version><payload/></uid-response></result>"
        )

    def show(self, command: ElementTree.Element) -> web.Response:
        wanted = command.findtext("object/registered-ip/ip")
        tag = command.find("object/registered-ip/tag/entry")
        assert (command.tag, wanted is None) == ("show", tag is not None)
        entries = ""
        for address, tags in self.tags.items():
            if address == wanted or (tag is not None and tag.get("name") in tags):
                held = "".join(f"<member>{one}</member>" for one in tags)
                entries += f'<entry ip="{address}" from_agent="0" persistent="1"><tag>{held}</tag></entry>'
        return _answer("success", f"<result>{entries}<count>1</count></result>")

    def change(self, verb: str, entry: ElementTree.Element) -> str:
        address = str(entry.get("ip"))
        network = ipaddress.ip_network(address)
        if "/" in address and (network.version == 6 or self.major < 10):
            return f'<entry ip="{address}" message="invalid ip"/>'
        for member in entry.iterfind("tag/member"):
            tags, tag = self.tags.setdefault(address, {}), str(member.text)
            there = tag in tags
            if verb == "register":
                seconds = member.get("timeout")
                assert seconds is None or (self.major >= 9 and 0 <= int(seconds) <= 2592000)
                if there:
                    return f'<entry ip="{address}" message="tag {tag} already exists, ignore"/>'
                tags[tag] = int(seconds) if seconds else None
            else:
                if not there:
                    return f'<entry ip="{address}" message="tag {tag} does not exist, ignore unreg"/>'
                del tags[tag]
            self.changes += 1
            self.tags = {one: held for one, held in self.tags.items() if held}
        return ""


def _answer(said: str, text: str, code: str = "", *, status: int = 200) -> web.Response:
    number = f' code="{code}"' if code else ""
    return web.Response(
        status=status,
        text=f'<response status="{said}"{number}>{text}</response>',
        content_type="application/xml",
    )
