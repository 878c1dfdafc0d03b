"""`dealcast evaluate`: how good the models are on one's own files, with no server running."""

from __future__ import annotations

import typer

from cli.lazy import lazy_group

COMMANDS = {
    "lead-scoring": "cli.evaluate_lead_scoring",
    "forecast": "cli.evaluate_forecast",
    "actions": "cli.evaluate_actions",
}

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    help="Train on one's own files and measure on rows not trained on; no server runs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.callback()
def _root() -> None:
    """Train on one's own files and measure on rows not trained on; no server runs."""
