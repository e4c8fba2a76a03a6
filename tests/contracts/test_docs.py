"""The documentation says what there is: settings, metrics, device types, formats, refusals, commands, links."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from core.settings import PREFIX, Settings
from ingest.formats import discover
from shouwang.cli import app

ROOT = Path(__file__).parents[2]
DOCS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("docs/**/*.md")}
DOCS["README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
ROOMS = ("core", "registry", "ingest", "alerts", "api", "device_sim", "deploy", "shouwang", "bench")
VENDORS, DEPLOYMENT = DOCS["docs/vendor-guide.md"], DOCS["docs/deployment.md"]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    assert f"| `{PREFIX}{name.upper()}` |" in DEPLOYMENT


def test_no_setting_is_documented_that_is_not_there():
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"^\| `(SHOUWANG_\w+)` \|", DEPLOYMENT, re.MULTILINE))
    assert named == known


def test_what_is_written_from_the_code_is_as_the_code_is():
    """`make check` writes it anew."""
    pages = [name for name, text in DOCS.items() if "[[[cog" in text]
    assert len(pages) >= 3
    command = [Path(sys.executable).with_name("cog"), "-P", "-I", "docs", "--check", "--diff", *pages]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_of_the_architecture_shows_every_module_that_judges_and_every_folder():
    page = DOCS["docs/architecture.md"]
    shown = set(re.findall(r"^- `([\w/.]+)`", page, re.MULTILINE))
    modules = {
        path.relative_to(ROOT).as_posix() for room in ("alerts", "ingest") for path in (ROOT / room).rglob("*.py")
    }
    of_a_folder = re.compile(r"__init__|^alerts/rules/|^ingest/(formats|store)/")
    packages = [path.parent for path in ROOT.glob("[a-z]*/**/__init__.py") if path.relative_to(ROOT).parts[0] in ROOMS]
    folders = {f"{path.relative_to(ROOT)}/" for path in packages if path.name != "store"}
    assert {one for one in modules if not of_a_folder.search(one)} - shown == set()
    assert folders - shown - {"ingest/", "alerts/"} == set()
    assert {one for one in shown if not (ROOT / one).exists()} == set()


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
    folders = "alerts|api|bench|console|core|deploy|device_sim|docs|ingest|registry|shouwang|tests"
    for page, text in DOCS.items():
        for name in re.findall(rf"`((?:{folders})/[\w./@-]+)", text):
            assert (ROOT / name).exists(), f"{page}: {name}"


def test_every_make_target_in_the_docs_is_one_there_is():
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    spans = [span for text in DOCS.values() for span in re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)]
    named = {match for span in spans for match in re.findall(r"(?<![\w-])make ([a-z-]+)", span)}
    assert named >= {"run", "test", "check", "bench"}
    assert named - set(targets) == set()


def test_every_test_that_the_docs_name_is_one_there_is():
    files = list((ROOT / "tests").rglob("test_*.py"))
    known = {path.stem for path in files} | {
        name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    for page, text in DOCS.items():
        for name, more in re.findall(r"\b(test_\w+)(…?)", text):
            found = any(one.startswith(name) for one in known) if more else name in known
            assert found, f"{page}: {name}"
