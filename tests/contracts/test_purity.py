"""Pure rooms read no clock and open no file: the linter of imports can't see a call, this can."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CALLS = {
    "now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "sleep",
    "read_text", "read_bytes", "write_text", "write_bytes", "input", "print",
}  # fmt: skip
READS_WHAT_IT_SHIPS = {"core/catalogue.py": ["read_text"]}  # once, and nothing else


def modules() -> Iterator[Path]:
    """Every file of the contract "pure"."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [pure] = [one for one in settings["tool"]["importlinter"]["contracts"] if one["id"] == "pure"]
    for name in pure["source_modules"]:
        place = ROOT.joinpath(*name.split("."))
        yield from place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]


def impure(source: str) -> list[str]:
    """Calls by which a module learns something that it was not told, or tells somebody."""
    called = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = {one.id for one in called if isinstance(one, ast.Name)} & (CALLS | {"open"})
    methods = {one.attr for one in called if isinstance(one, ast.Attribute)} & CALLS
    return sorted(names | methods)


def test_no_pure_module_reads_a_clock_or_a_file():
    found = {str(path.relative_to(ROOT)): impure(path.read_text(encoding="utf-8")) for path in modules()}
    assert len(found) > 50
    assert {path: calls for path, calls in found.items() if calls} == READS_WHAT_IT_SHIPS


def test_a_clock_or_a_file_would_be_found():
    assert impure("from datetime import datetime\nx = datetime.now()") == ["now"]
    assert impure("import time\ndef f():\n    return time.time()") == ["time"]
    assert impure("open('x')") == ["open"]
    assert impure("def judge(now, batch):\n    return batch.now - now") == []
