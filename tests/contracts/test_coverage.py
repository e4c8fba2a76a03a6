"""What `make unit` does not count needs a database, a broker or a network; and a unit test stands beside its module."""

import ast
import fnmatch
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]
OUTSIDE = {"psycopg", "psycopg_pool", "paho", "fastapi", "uvicorn", "socket", "ssl", "urllib", "http", "apscheduler"}


def left_out():
    """Every module that a pattern of `omit` leaves out, by its path."""
    patterns = [pattern.replace("**/", "") for pattern in SETTINGS["run"]["omit"]]
    for room in SETTINGS["run"]["source"]:
        for path in (ROOT / room).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
                yield name, path


def imported(path):
    """The names of all modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_what_speaks_to_a_database_a_broker_or_a_network_is_left_out_of_the_count():
    found = dict(left_out())
    programs = {name.removesuffix(".py").replace("/", ".") for name in found}
    assert len(found) > 50
    pure = [
        name
        for name, path in found.items()
        if "store" not in name and path.stem != "__init__"  # SQL stands there
        and not any(module in programs or module.split(".")[0] in OUTSIDE for module in imported(path))
    ]  # fmt: skip
    assert pure == []


def test_every_pattern_of_what_is_left_out_still_finds_something():
    names = [name for name, _ in left_out()]
    for pattern in SETTINGS["run"]["omit"]:
        assert fnmatch.filter(names, pattern.replace("**/", "")), pattern


def test_four_fifths_of_the_rest_are_asked_for():
    assert SETTINGS["report"]["fail_under"] >= 80


def test_a_unit_test_stands_in_the_tree_where_its_module_does():
    for path in (ROOT / "tests/unit").rglob("test_*.py"):
        room = path.parent.relative_to(ROOT / "tests/unit")
        assert (ROOT / room).is_dir(), f"{path.relative_to(ROOT)}: there is no {room}/"
