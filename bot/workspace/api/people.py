"""auth.*, apps.*, bots.*, users.*, usergroups.* and views.*"""

from __future__ import annotations

from typing import Any

from bot.workspace.api.method import Arguments, Method
from bot.workspace.delivery.socket_mode import PATH
from bot.workspace.errors import SlackError
from bot.workspace.store import Json
from bot.workspace.team import Team


def _auth_test(team: Team, arguments: Arguments) -> Json:
    del arguments
    app, settings = team.directory.app, team.settings
    return {
        "url": f"{team.address}/",
        "team": settings.team_name,
        "user": app.name.lower(),
        "team_id": settings.team_id,
        "user_id": app.user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def _open_connection(team: Team, arguments: Arguments) -> Json:
    del arguments
    if team.settings.app.delivery != "socket":
        raise SlackError("socket_mode_not_enabled")
    return {"url": f"{team.address.replace('http', 'ws', 1)}{PATH}?{team.sockets.ticket()}"}


def _bot_info(team: Team, arguments: Arguments) -> Json:
    if arguments.text("bot", team.directory.app.bot_id) != team.directory.app.bot_id:
        raise SlackError("bot_not_found")
    return {"bot": team.directory.bot()}


def _user_info(team: Team, arguments: Arguments) -> Json:
    return {"user": team.directory.user(arguments.text("user"))}


def _user_list(team: Team, arguments: Arguments) -> Json:
    return arguments.page(team.directory.users(), "members")


def _user_by_email(team: Team, arguments: Arguments) -> Json:
    email = arguments.text("email").lower()
    for person in team.directory.people():
        if person.email.lower() == email:
            return {"user": team.directory.user(person.id)}
    raise SlackError("users_not_found")


def _groups(team: Team, arguments: Arguments) -> Json:
    groups = team.directory.groups()
    if not arguments.flag("include_users"):
        groups = [{name: value for name, value in group.items() if name != "users"} for group in groups]
    return {"usergroups": groups}


def _view(arguments: Arguments) -> Any:
    if "view" not in arguments:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: view"])
    return arguments.json("view")


def _open_view(team: Team, arguments: Arguments, *, push: bool) -> Json:
    trigger = arguments.text("trigger_id", "")
    return {"view": team.views.open(trigger, _view(arguments), push=push)}


def _update_view(team: Team, arguments: Arguments) -> Json:
    ids = (arguments.text("view_id", ""), arguments.text("external_id", ""))
    if not any(ids):
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: view_id"])
    return {"view": team.views.update(_view(arguments), *ids, arguments.text("hash", ""))}


def _publish_view(team: Team, arguments: Arguments) -> Json:
    user, hash_ = arguments.text("user_id"), arguments.text("hash", "")
    return {"view": team.views.publish(user, _view(arguments), hash_)}


METHODS = {
    "auth.test": Method(_auth_test),
    "apps.connections.open": Method(_open_connection, "connections:write", token="xapp"),
    "bots.info": Method(_bot_info, "users:read", 3),
    "users.info": Method(_user_info, "users:read", 4),
    "users.list": Method(_user_list, "users:read", 2),
    "users.lookupByEmail": Method(_user_by_email, "users:read.email", 3),
    "usergroups.list": Method(_groups, "usergroups:read", 2),
    "views.open": Method(lambda team, args: _open_view(team, args, push=False), tier=4),
    "views.push": Method(lambda team, args: _open_view(team, args, push=True), tier=4),
    "views.update": Method(_update_view, tier=4),
    "views.publish": Method(_publish_view, tier=4),
}
