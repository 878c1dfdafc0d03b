"""A group of commands that imports a command's module only when it is asked for."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.speech import said


def lazy_group(commands: Mapping[str, str]) -> type[TyperGroup]:
    """A group of the commands by name and module; a module has a function of the command's name (with `_` for `-`,
    and one more `_` where Python needs it), or a Typer app named `app`."""

    class LazyGroup(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            """The commands there are, in the order one meets them."""
            return [name for name, module in commands.items() if importlib.util.find_spec(module)]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """The command, None where there is none of this name."""
            if cmd_name not in self.list_commands(ctx):
                return None
            module = importlib.import_module(commands[cmd_name])
            name = cmd_name.replace("-", "_")
            function = getattr(module, name, None) or getattr(module, f"{name}_", None)
            command = _single(cmd_name, function) if callable(function) else get_command(module.app)
            command.name = cmd_name
            return command

    return LazyGroup


def _single(name: str, function: Any) -> Any:
    one = typer.Typer(add_completion=False, rich_markup_mode=None)
    one.command(name, cls=_Spoken)(function)
    return get_command(one)


class _Spoken(TyperCommand):
    """A command whose help is in the language that the environment asks for, as far as it is there in that."""

    def get_help(self, ctx: Any) -> str:
        """What --help prints."""
        told: tuple[Any, ...] = (self, *self.get_params(ctx))
        for one in told:
            if getattr(one, "help", None):
                one.help = said(one.help)
        return super().get_help(ctx)
