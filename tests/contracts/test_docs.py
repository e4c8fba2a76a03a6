"""The documentation says what there is: settings, metrics, device types, formats, refusals, commands, links."""

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from core.catalogue import device_types, metrics
from core.settings import PREFIX, Settings
from ingest.formats import discover
from shouwang.cli import app

ROOT = Path(__file__).parents[2]
DOCS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("docs/**/*.md")}
DOCS["README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
VENDORS, DEPLOYMENT = DOCS["docs/vendor-guide.md"], DOCS["docs/deployment.md"]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    assert f"| `{PREFIX}{name.upper()}` |" in DEPLOYMENT


def test_no_setting_is_documented_that_is_not_there():
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"^\| `(SHOUWANG_\w+)` \|", DEPLOYMENT, re.MULTILINE))
    assert named == known


@pytest.mark.parametrize(
    "metric", [one for one in metrics().values() if one.name not in ("canary", "unreadable")], ids=lambda one: one.name
)
def test_every_metric_is_documented_with_its_unit_and_range(metric):
    [row] = [line for line in VENDORS.splitlines() if line.startswith(f"| `{metric.name}` |")]
    assert f"| {metric.zh} | {metric.kind} | {metric.unit} | {metric.low:g} to {metric.high:g} |" in row


@pytest.mark.parametrize("kind", [one for one in device_types().values() if one.simulated], ids=lambda one: one.code)
def test_every_device_type_is_documented_with_what_it_says(kind):
    [row] = [line for line in VENDORS.splitlines() if line.startswith(f"| `{kind.code}` |")]
    assert f"| {kind.zh} | {', '.join(kind.metrics)} |" in row


def test_every_format_and_every_refusal_is_documented():
    for name, module in discover().items():
        assert name in VENDORS.lower()
        for code in {example.refused for example in module.EXAMPLES if example.refused}:
            assert f"`{code}`" in VENDORS, code


@pytest.mark.parametrize(("page", "text"), DOCS.items(), ids=list(DOCS))
def test_every_link_leads_somewhere(page, text):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), f"{page}: {target}"


def test_every_command_in_the_docs_is_one_there_is():
    named = {match for text in DOCS.values() for match in re.findall(r"`shouwang ([a-z-]+)", text)}
    for name in named:
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0, name


def test_every_command_of_a_noun_that_is_named_is_one_there_is_and_no_former_name():
    nouns = r"`shouwang (vendor|user|token|device|dead-letters) ([a-z]+)"
    programs = [path.read_text(encoding="utf-8") for path in (ROOT / "api").rglob("*.py")]  # its document says some
    named = {match for text in [*DOCS.values(), *programs] for match in re.findall(nouns, text)}
    assert len(named) > 10
    commands = get_command(app).commands
    former = {("user", "token")}
    assert all(commands[noun].commands[verb].hidden for noun, verb in former)
    assert {words for words in named if commands[words[0]].commands[words[1]].hidden} == set()


def test_every_file_of_the_repository_that_the_docs_name_is_there():
    folders = "alerts|api|bench|console|core|deploy|device_sim|docs|ingest|shouwang|tests"
    for page, text in DOCS.items():
        for name in re.findall(rf"`((?:{folders})/[\w./@-]+)", text):
            assert (ROOT / name).exists(), f"{page}: {name}"


def test_every_make_target_in_the_docs_is_one_there_is():
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {match for text in DOCS.values() for match in re.findall(r"`?make ([a-z]+)", text)}
    assert named & {"run", "test", "check", "bench", "clean"} <= set(targets)


def test_every_test_that_the_docs_name_is_one_there_is():
    files = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    known = set(files) | {
        name for text in files.values() for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)
    }
    for page, text in DOCS.items():
        for name, more in re.findall(r"\b(test_\w+)(…?)", text):
            found = any(one.startswith(name) for one in known) if more else name in known
            assert found, f"{page}: {name}"
