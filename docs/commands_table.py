"""The list of commands, from the command line itself. `make check` runs it, by cog."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from shouwang.cli import app

VALUES = {Path: "PATH", int: "NUMBER", float: "NUMBER"}


def commands() -> Iterator[str]:
    """A table for the programs and tasks, and one for each noun; hidden commands are former names."""
    top = get_command(app)
    assert isinstance(top, TyperGroup)
    yield from _table("shouwang", [one for one in top.commands.values() if isinstance(one, TyperCommand)])
    for noun in top.commands.values():
        if isinstance(noun, TyperGroup):
            yield f"\n**`shouwang {noun.name}`**: {_words(noun.help)}\n"
            verbs = [one for one in noun.commands.values() if isinstance(one, TyperCommand)]
            yield from _table(f"shouwang {noun.name}", verbs)


def _table(before: str, found: list[TyperCommand]) -> Iterator[str]:
    yield "| command | what |"
    yield "|---|---|"
    for one in found:
        if not one.hidden:
            arguments = [f" {_argument(part)}" for part in one.params if isinstance(part, TyperArgument)]
            yield f"| `{before} {one.name}{''.join(arguments)}` | {'<br>'.join(_lines(one))} |"


def _lines(command: TyperCommand) -> Iterator[str]:
    """What it does, then a line for each option, and for each argument that says more than its name."""
    yield _words(command.help)
    for part in command.params:
        if isinstance(part, TyperArgument) and part.help:
            yield f"{_argument(part)}: {_words(part.help)}"
        if isinstance(part, TyperOption) and part.name != "help":
            yield _option(part)


def _argument(part: TyperArgument) -> str:
    name = str(part.name).upper() + (" …" if part.nargs == -1 else "")
    return name if part.required else f"[{name}]"


def _option(part: TyperOption) -> str:
    said = [_words(part.help)] if part.help else []
    if part.required:
        said.append("must be given")
    elif not part.is_flag and part.default not in (None, ""):
        said.append(f"default {part.default}")
    return f"`{part.opts[0]}{_value(part)}`{': ' if said else ''}{'; '.join(said)}"


def _value(part: TyperOption) -> str:
    """What follows an option: nothing after a switch, one of a few words, or what kind of thing."""
    kind = part.type_descriptor.annotation
    if part.is_flag:
        return ""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f" {', '.join(one.value for one in kind)}"
    return f" {part.metavar or VALUES.get(kind, 'TEXT')}"


def _words(text: str | None) -> str:
    """On one line of a table."""
    return " ".join((text or "").replace("|", "\\|").split())
