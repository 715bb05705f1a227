"""The named keys that protect originals: list them, make one, wrap everything under the current one."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.failures import CommandError
from bot.commands.output import count_printer, print_json, print_table, say, tell
from bot.commands.site import As, Json, caller, keeping, open_stores, run, settings


def list_keys(as_json: Json = False) -> None:
    """List the named keys and how many data keys each wraps; exit 1 where one that is needed is not here."""
    from workers.composition import open_keyring

    keyring = open_keyring(settings())
    names, current = keyring.names, keyring.current

    async def work() -> dict[str, int]:
        from integrations.opensearch.originals import keys_in_use

        async with open_stores() as stores:
            return await keys_in_use(stores.connection, stores.events.names)

    used = run(work())
    missing = sorted(used.keys() - set(names))
    rows = [(name, "current" if name == current else "readable", used.get(name, 0)) for name in names]
    rows += [(name, "MISSING", used[name]) for name in missing]
    if as_json:
        print_json(
            [{"name": name, "state": state.lower(), "data_keys": count} for name, state, count in rows]
        )
    else:
        print_table(("key", "", "data keys it wraps"), [list(row) for row in rows])
        for name in names:
            if name != current and name not in used:
                say(f"{name} wraps nothing any more: it may be removed.")
    if missing:
        raise CommandError(f"originals under {', '.join(missing)} can't be read: bring these keys back")


def new_key(
    name: Annotated[str, typer.Argument(help="Letters, digits, '.', '_' and '-'.")],
    show: Annotated[
        bool, typer.Option("--print", help="Print the line for SIEM_KEYS; change no file.")
    ] = False,
) -> None:
    """Make a key and let it be the current one; the others stay readable. Then: siem keys rotate."""
    from integrations.opensearch import add_key, keep_keyring
    from integrations.opensearch.keyring import new_key_line
    from workers.composition import key_file

    chosen = settings()
    if show:
        print(new_key_line(name))
        tell("Put this line first in SIEM_KEYS, before the others; start the parts again.")
        return
    if chosen.environment.keys is not None:
        raise CommandError("the keys are in SIEM_KEYS: `siem keys new NAME --print` prints a line for it")
    if chosen.site.keys.command:
        raise CommandError("the keys are the program's that keys.command names: make one there")
    path = key_file(chosen)
    keep_keyring(path)
    ring = add_key(path, name)
    say(f"{name} is the current key in {path}; {len(ring.names) - 1} more can be read. Copy the file away.")
    say("`siem keys rotate` wraps what the others wrap under it.")


def rotate_keys(user: As = "", as_json: Json = False) -> None:
    """Wrap every data key under the current key; no event is touched. Harmless to repeat."""
    from workers.composition import open_keyring

    keyring = open_keyring(settings())

    async def work() -> tuple[dict[str, int], dict[str, int]]:
        async with keeping() as (here, keeper):
            report = None if as_json else count_printer("data keys wrapped")
            done = await keeper.rotate(keyring, caller(user).id, here.site.clock.now(), report)
            return dict(done), dict(await keeper.keys_in_use())

    done, left = run(work())
    current = keyring.current
    if as_json:
        print_json({"current": current, "rewrapped": done, "in_use": left})
    else:
        say(f"{sum(done.values()):,} data keys were wrapped anew under {current}.")
        for name in sorted(done):
            if name not in left:
                say(f"{name} wraps nothing any more: it may be removed.")
    if others := sorted(left.keys() - {current}):
        raise CommandError(f"data keys are still under {', '.join(others)}: run it again")


def register(app: typer.Typer) -> None:
    keys = typer.Typer(help="The keys that protect originals.", no_args_is_help=True)
    keys.command("list")(list_keys)
    keys.command("new")(new_key)
    keys.command("rotate")(rotate_keys)
    app.add_typer(keys, name="keys", rich_help_panel="Keep and prove")
