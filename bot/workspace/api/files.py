"""files.getUploadURLExternal, the upload itself, and files.completeUploadExternal."""

from __future__ import annotations

import mimetypes
import secrets
import time

from aiohttp import web

from bot.workspace.api.method import Arguments, Method
from bot.workspace.errors import SlackError
from bot.workspace.messages import Draft
from bot.workspace.store import Json
from bot.workspace.team import Team

UPLOAD_PATH = "/upload/v1/"
LARGEST = 20 << 20
_UPLOAD_SECONDS = 3600.0
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


def picture_type(content: bytes) -> str | None:
    """The MIME type of a picture that a page may show, by its content and not by its name."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _PICTURES.items() if content.startswith(magic)), None)


def _get_upload_url(team: Team, arguments: Arguments) -> Json:
    name, length = arguments.text("filename"), arguments.integer("length", 0)
    if length < 1:
        raise SlackError("invalid_arguments", ["[ERROR] must be more than 0 [json-pointer:/length]"])
    if length > LARGEST:
        raise SlackError("file_upload_size_restricted")
    file = {
        "id": f"F{secrets.token_hex(5).upper()}",
        "created": int(time.time()),
        "name": name,
        "title": name,
        "mimetype": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "filetype": name.rpartition(".")[2][:20],
        "user": team.directory.app.user_id,
        "size": length,
        "alt_txt": arguments.text("alt_txt", ""),
    }
    team.store.put_file(file)
    handle = team.store.new_handle("upload", _UPLOAD_SECONDS, 1, {"file": file["id"]})
    return {"upload_url": f"{team.address}{UPLOAD_PATH}{handle}", "file_id": file["id"]}


async def take_upload(team: Team, request: web.Request) -> web.Response:
    """The body itself, or a form with one file."""
    holder = team.store.use_handle("upload", request.match_info["handle"])
    found = team.store.file(holder["file"]) if isinstance(holder, dict) else None
    if found is None:
        return web.Response(status=404, text="unknown or used upload URL")
    if request.content_type == "multipart/form-data":
        form = await request.post()
        sent = next((each for each in form.values() if isinstance(each, web.FileField)), None)
        content = sent.file.read() if sent is not None else b""
    else:
        content = await request.read()
    file = found[0]
    if len(content) != file["size"]:
        return web.Response(status=400, text=f"expected {file['size']} bytes, got {len(content)}")
    team.store.put_file({**file, "mimetype": picture_type(content) or file["mimetype"]})
    team.store.fill_file(file["id"], content)
    return web.Response(text=f"OK - {len(content)}")


def _complete_upload(team: Team, arguments: Arguments) -> Json:
    asked = arguments.json("files")
    if not isinstance(asked, list) or not asked or not all(isinstance(each, dict) for each in asked):
        raise SlackError("invalid_arguments", ["[ERROR] must provide an array [json-pointer:/files]"])
    channels = [each for each in arguments.text("channels", "").split(",") if each]
    if "channel_id" in arguments:
        channels.insert(0, arguments.text("channel_id"))
    found_channels = [team.directory.find_channel(each) for each in dict.fromkeys(channels)]
    files = []
    for each in asked:
        found = team.store.file(str(each.get("id")))
        if found is None or found[2]:
            raise SlackError("file_not_found")
        if found[1] is None:
            raise SlackError("file_upload_incomplete")
        file = {**found[0], "title": str(each.get("title") or found[0]["name"])}
        address = f"{team.address}/files/{file['id']}"
        files.append({**file, "url_private": address, "permalink": address})
    for file in files:
        team.store.put_file(file, ready=True)
    draft = Draft(
        text=arguments.text("initial_comment", ""), thread_ts=arguments.text("thread_ts", "") or None
    )
    for channel in found_channels:
        team.messages.post(channel, draft, files=files)
    return {"files": files}


METHODS = {
    "files.getUploadURLExternal": Method(_get_upload_url, "files:write", 4),
    "files.completeUploadExternal": Method(_complete_upload, "files:write", 4),
}
