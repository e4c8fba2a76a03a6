"""What `make new-…` writes passes lint and the contract tests as it is."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scaffold import KINDS, begin

ROOT = Path(__file__).parents[2]
UNDOCUMENTED = "brand_new and not documented and not both_languages"  # docs/rules.md is written by `make check`
FOLDERS = ("core", "registry", "ingest", "alerts", "device_sim", "tests", "docs")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the sources, with one of each begun."""
    root = tmp_path_factory.mktemp("scaffold")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for kind in KINDS:
        begin(kind, "brand_new", root)
    return root


def tool(copy, *words):
    done = subprocess.run([sys.executable, "-m", *words], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_begun_is_clean_for_the_linter(copy):
    begun = [place.format("brand_new") for _, place in KINDS.values() if place.endswith(".py")]
    tool(copy, "ruff", "check", *begun)
    tool(copy, "ruff", "format", "--check", *begun)


def test_what_is_begun_passes_the_contract_tests(copy):
    tests = ("tests/contracts/test_rules.py", "tests/contracts/test_device_types.py", "tests/unit/device_sim")
    said = tool(copy, "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", UNDOCUMENTED)
    assert "passed" in said


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("rule", "Bath-Room", "small letters"),
        ("rule", "class", "small letters"),
        ("rule", "gas", "there already"),
        ("device-type", "gateway", "there already"),
    ],
)
def test_a_name_that_will_not_do_is_refused_with_a_reason(kind, name, reason):
    with pytest.raises(SystemExit, match=reason):
        begin(kind, name, ROOT)


def test_a_rule_of_an_unknown_metric_is_refused():
    with pytest.raises(SystemExit, match="METRIC='nonsense' is not one of sos"):
        begin("rule", "brand_new", ROOT, "nonsense")
