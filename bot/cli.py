"""The ``siem`` command. Errors go to stderr; exit 0 done, 1 failed, 2 misused."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.commands import (
    actions,
    asking,
    bench,
    intelligence,
    keeping,
    keys,
    logs,
    playbooks,
    proving,
    rules,
    running,
    starting,
)
from bot.commands.failures import exit_code, words
from bot.commands.site import choose

app = typer.Typer(
    name="siem",
    help="A SIEM whose response lives in chat: logs, rules, incidents, approvals, containment, proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("siem-chatops"))
        raise typer.Exit


@app.callback()
def _options(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", help="The site; none: $SIEM_CONFIG, else ./siem.yaml.", dir_okay=False
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    del version
    choose(config)


for group in (
    running,
    asking,
    logs,
    rules,
    intelligence,
    playbooks,
    actions,
    keeping,
    keys,
    proving,
    bench,
    starting,
):
    group.register(app)


def main() -> None:
    """Run the command line and exit.

    Where Temporal's client was used, the process ends without the interpreter's own end: native threads may
    still want the interpreter then, which aborts with a code of its own after all the work is done.
    """
    try:
        _run()
        code = 0
    except SystemExit as ended:
        if "temporalio.bridge" not in sys.modules or isinstance(ended.code, str):
            raise
        code = int(ended.code or 0)
    if "temporalio.bridge" in sys.modules:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _run() -> None:
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        from bot.commands.output import fail

        fail(words(error))
        sys.exit(code)


if __name__ == "__main__":
    main()
