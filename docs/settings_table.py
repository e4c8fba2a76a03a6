"""The table of settings, from the settings and from the code that reads them. `make check` runs it, by cog."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from tables import ROOT, span

from core.settings import PREFIX, Settings

# Each program's folders; a command is whatever `shouwang` does and then ends.
PROGRAMS = {
    "ingest": ("ingest",), "engine": ("alerts/engine",), "api": ("api",), "canary": ("alerts/selfcheck",),
    "commands": ("shouwang", "deploy", "device_sim"),
}  # fmt: skip
DEMO = ROOT / "deploy/local"
OF_THE_BROKER = "core/mqtt.py"  # reads settings for whoever imports it
WITH = {"database_ca": "database_url"}  # has become a part of it when anybody reads it
CALLED = ("settings", "_settings", "config", "load")


def settings() -> Iterator[str]:
    """The table; raises ValueError where a setting is read by nobody or says nothing of itself."""
    yield "| setting | default | allowed | what | read by |"
    yield "|---|---|---|---|---|"
    for name, field in Settings.model_fields.items():
        who = readers(WITH.get(name, name))
        if not who or not field.description:
            raise ValueError(f"{name}: read by {who}, says {field.description}")
        cells = (f"`{PREFIX}{name.upper()}`", _default(field), _allowed(field), field.description, ", ".join(who))
        yield f"| {' | '.join(cells)} |"


def readers(name: str) -> list[str]:
    """The programs whose code reads a setting."""
    return [program for program, folders in PROGRAMS.items() if name in _read_by(folders)]


@cache
def _read_by(folders: tuple[str, ...]) -> set[str]:
    """What the files of these folders read, and the broker's settings where they use what reads those."""
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if DEMO not in path.parents]
    return set().union(*map(_read_in, files))


def _read_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _last_name(node.value) in CALLED:
            found |= _behind(node.attr)
        if isinstance(node, ast.ImportFrom) and node.module == "core.mqtt":
            found |= _read_in(ROOT / OF_THE_BROKER)
    return found


def _last_name(node: ast.expr) -> str:
    """The name that an expression ends in: `shared.settings`, `settings.load()`."""
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _behind(name: str) -> set[str]:
    """The settings that an attribute stands for: itself, or what a property is made of."""
    return {name} if name in Settings.model_fields else _properties().get(name, set())


@cache
def _properties() -> dict[str, set[str]]:
    tree = ast.parse((ROOT / "core/settings.py").read_text(encoding="utf-8"))
    [made] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    return {
        method.name: {
            one.attr for one in ast.walk(method) if isinstance(one, ast.Attribute) and _last_name(one.value) == "self"
        }
        for method in made.body
        if isinstance(method, ast.FunctionDef)
    }


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        return "depends"
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if isinstance(value, timedelta):
        return span(value) if value >= timedelta(seconds=1) else f"{value.total_seconds():g} s"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value}" if value not in (None, "") else "–"


def _allowed(field: FieldInfo) -> str:
    """Its bounds as they stand in the code."""
    bounds = {name: getattr(one, name) for one in field.metadata for name in ("ge", "gt", "le") if hasattr(one, name)}
    said = {name: span(value) if isinstance(value, timedelta) else f"{value:g}" for name, value in bounds.items()}
    if "gt" in said:
        return f"above {said['gt']}"
    return f"{said['ge']} to {said['le']}" if "le" in said else f"from {said['ge']}" if "ge" in said else ""
