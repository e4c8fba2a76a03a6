"""A class name means one thing in the product; docs/glossary.md has the rule."""

import ast
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
ALLOWED = {  # by name: where else it is defined, and why that is no third meaning
    "Params": "each rule module has its own, and discovery asks for it by this name",
    "Rule": "judging may not import alerts.rules: the protocol says what it needs of that class",
    "Home": "the simulator's own homes; it knows nothing of the registry",
    "Device": "the simulator's own devices",
    "Vendor": "the simulator's own vendors",
}


def classes(root: Path):
    """Where each class is defined, by name: once for what the API shows, once for the things themselves."""
    found: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for package in SETTINGS["root_packages"]:
        for path in sorted((root / package).rglob("*.py")):
            shown = package == "api" and path.name.endswith("models.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    found[node.name, shown].append(path.relative_to(root).as_posix())
    return found


FOUND = classes(ROOT)


def twice(found):
    return {name: where for (name, _), where in found.items() if len(where) > 1}


def test_no_class_name_means_two_things():
    assert {name: where for name, where in twice(FOUND).items() if name not in ALLOWED} == {}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_needed(name):
    assert name in twice(FOUND)


def test_a_name_that_is_given_twice_is_found(tmp_path):
    for room in ("core", "ingest"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "things.py").write_text("class Thing:\n    pass\n", encoding="utf-8")
    assert twice(classes(tmp_path)) == {"Thing": ["core/things.py", "ingest/things.py"]}
