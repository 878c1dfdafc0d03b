"""`dealcast`: finds the command, and tells errors in a line with their mend instead of a traceback."""

from __future__ import annotations

import os
import sys

import typer

from cli.lazy import lazy_group
from cli.speech import echo, tell, tell_misuse

# name → where it lives; the module has a function of that name, or a Typer app named `app`.
COMMANDS = {
    "up": "cli.up",
    "import": "cli.import_",
    "imports": "cli.imports",
    "train": "cli.train",
    "evaluate": "cli.evaluate",
    "backtest": "cli.backtest",
    "models": "cli.models",
    "monitor": "cli.monitor",
    "export": "cli.export",
    "figures": "cli.figures",
    "privacy": "cli.privacy",
    "health": "cli.health",
    "dead-letters": "cli.dead_letters",
    "backup": "cli.backup",
    "restore": "cli.backup",
    "doctor": "cli.doctor",
}


app = typer.Typer(
    cls=lazy_group(COMMANDS),
    help="Dealcast: lead scoring, forecast and next best action on every deal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _root() -> None:
    """Dealcast: lead scoring, forecast and next best action on every deal."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 an error that is told, 2 wrong use, 130 interrupted."""
    try:
        sys.exit(app(prog_name="dealcast", standalone_mode=False) or 0)
    except typer.TyperException as error:
        tell_misuse(error)
        sys.exit(error.exit_code)
    except typer.Abort:
        echo("Aborted!", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:
        from kit.errors import DealcastError

        if isinstance(error, DealcastError):
            tell(error)
        elif os.environ.get("DEALCAST_DEBUG"):
            raise
        else:
            echo(f"Something unforeseen failed ({type(error).__name__}: {str(error)[:300]}).", err=True)
            echo("Run it again with DEALCAST_DEBUG=1 to see where, and report that.", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
