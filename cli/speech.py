"""The language that a command speaks: --lang, else the environment's; what it says arises in English."""

from __future__ import annotations

from contextvars import ContextVar
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from kit.phrasebook import Phrasebook

SOURCE = Path(__file__).parent / "words.toml"
BOOK = Phrasebook(SOURCE)
_KEY = "dealcast.language"
_SPOKEN: ContextVar[str] = ContextVar("spoken", default="")


class Language(StrEnum):
    """Of what is said."""

    EN = "en"
    KO = "ko"


def _hear(context: typer.Context, language: Language | None) -> Language | None:
    """A command within a group speaks as the group does, unless it is told otherwise."""
    if language is not None:
        context.meta[_KEY] = language.value
    _SPOKEN.set(context.meta.get(_KEY, ""))
    return language


Lang = Annotated[
    Language | None,
    typer.Option("--lang", help="Of what is said. [default: that of LC_ALL, LC_MESSAGES or LANG]", callback=_hear),
]


def spoken(language: Language | None = None) -> str:
    """The language that is asked for, else that of the command, else the environment's."""
    from services.gateway.imports.messages import reader_language

    return language.value if language else _SPOKEN.get() or reader_language()


def said(text: str, language: str = "") -> str:
    """A sentence of a command, an import or the store in the language that is spoken; as it is where none knows it."""
    from services.gateway.imports.messages import said as said_of_import

    language = language or spoken()
    told = BOOK.said(text, language)
    return told if told != text else said_of_import(text, language)


def echo(text: str, *, err: bool = False) -> None:
    """Print a sentence in the language that is spoken."""
    typer.echo(said(text), err=err)


def confirm(text: str) -> None:
    """Ask; anything but yes ends the command."""
    typer.confirm(said(text), abort=True)


def tell_misuse(error: typer.TyperException) -> None:
    """Print why a command line is not understood, without any resident registration number that was typed."""
    from services.gateway.privacy.resident_numbers import masked_name, unrepeated

    context, text = getattr(error, "ctx", None), error.format_message()
    if context is not None and text == context.get_help():  # a group that is called alone
        typer.echo(text, err=True)
        return
    if context is not None:
        echo(context.get_usage(), err=True)
        echo(f"Try '{context.command_path} --help' for help.", err=True)
    typer.echo(unrepeated(masked_name(f"{said('error')}: {said(text)}")), err=True)


def tell(error: Any) -> None:
    """Print what is wrong and the mend, without any resident registration number."""
    from services.gateway.privacy.resident_numbers import masked_name

    where = f"{error.field} = {error.value}: " if error.field and error.value else f"{error.field}: "
    what = f"{where if error.field else ''}{said(error.message)}"
    typer.echo(masked_name(f"{said('error')}: {what}"), err=True)
    if error.mend:
        typer.echo(masked_name(f"{said('mend')}: {said(error.mend)}"), err=True)
