"""The documentation says what there is: settings, commands, files, tests, links. Each check sees a planted fault."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from core.settings import PREFIX, Settings
from ingest.formats import discover
from shouwang.cli import app

ROOT = Path(__file__).parents[2]
DOCS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("docs/**/*.md")}
DOCS |= {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")}
WRITTEN = [name for name, text in DOCS.items() if "[[[cog" in text]
ROOMS = ("core", "registry", "ingest", "alerts", "api", "device_sim", "deploy", "shouwang", "bench")
SOURCES = {str(path): path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py")}
COMMANDS = get_command(app).commands
VENDORS = "docs/vendor-guide.md"


def cog(*pages):
    command = [Path(sys.executable).with_name("cog"), "-P", "-I", "docs", "--check", "--diff", *pages]
    return subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)


def test_what_is_written_from_the_code_is_as_the_code_is():
    """`make check` writes it anew."""
    done = cog(*WRITTEN)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_table_that_can_be_written_stands_in_a_page():
    files = ROOT.glob("docs/*.py")
    made = {
        name for path in files for name in re.findall(r"^def ([a-z]\w*)\(.*Iterator", path.read_text(), re.MULTILINE)
    }
    named = {name for page in WRITTEN for name in re.findall(r"^print\(\*\w+\.(\w+)\(", DOCS[page], re.MULTILINE)}
    assert (
        named == made >= {"settings", "commands", "failures", "refusals", "rules", "metrics", "device_types", "roles"}
    )


def test_a_row_that_somebody_changes_by_hand_is_seen_on_every_page(tmp_path):
    copies = [tmp_path / Path(page).name for page in WRITTEN]
    for page, copy in zip(WRITTEN, copies, strict=True):
        copy.write_text(re.sub(r"\n<!-- \[\[\[end", f" by hand in {page}\\g<0>", DOCS[page], count=1), encoding="utf-8")
    done = cog(*copies)
    assert done.returncode != 0
    assert [page for page in WRITTEN if f"by hand in {page}\n" not in done.stdout] == []


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


def test_every_format_is_documented():
    assert len(discover()) > 1
    for name in discover():
        assert re.search(rf"\*\*{name}\b", DOCS[VENDORS], re.IGNORECASE), name


def spans(text):
    """What is written as code: blocks line by line, and what stands between backticks."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in re.sub(r"\s*\\\n\s*", " ", block).splitlines()]
    return lines + re.findall(r"`([^`]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE))


def slug(heading):
    """The anchor that a heading gets."""
    return re.sub(r"[^\w -]", "", heading.replace("`", "").lower()).replace(" ", "-")


def broken_links(docs):
    """Links to files or to headings that are not there."""
    for page, text in docs.items():
        for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text):
            if "://" in target:
                continue
            path = (ROOT / page).parent.joinpath(target).resolve() if target else ROOT / page
            heads = re.findall(r"^#+ (.+)$", text if not target else path.read_text() if anchor else "", re.MULTILINE)
            if not path.exists() or (anchor and anchor not in map(slug, heads)):
                yield page, target, anchor


def unknown_settings(docs):
    """Environment variables that neither the settings, nor the code, nor the containers know."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    read = [*SOURCES.values(), (ROOT / "docker-compose.yml").read_text(encoding="utf-8")]
    for page, text in docs.items():
        for name in (
            set(re.findall(rf"{PREFIX}[A-Z0-9_]*[A-Z0-9]", text)) - known - {f"{PREFIX}NAME", f"{PREFIX}NAME_FILE"}
        ):
            if not any(name in one for one in read):
                yield page, name


def unknown_commands(docs):
    """Commands, verbs and options that `shouwang` does not have, or only as a former name."""
    for page, text in docs.items():
        for span in spans(text):
            for said in re.findall(r"(?:\bshouwang|shouwang-as \w+|\brun --rm (?:-T )?admin) ([a-z][^;&|<>]*)", span):
                if wrong := _wrong(said):
                    yield page, span, wrong


def _wrong(said):
    """What of `vendor add acme --name …` there is not."""
    words = shlex.split(said.replace("…", " "), comments=True, posix=False)
    command = COMMANDS.get(words[0])
    if command is None:
        return words[0]
    found = [command]
    if hasattr(command, "commands"):
        verbs = [word for word in words[1:2] if re.fullmatch(r"[a-z-]+", word)]
        found = [command.commands.get(verb) for verb in verbs]
        if not all(found) or any(one.hidden for one in found):
            return " ".join(words[:2])
    options = {opt for one in found for part in one.params for opt in part.opts} | {"--help"}
    return next((word for word in words if re.fullmatch(r"--[a-z-]+", word) and found and word not in options), None)


def missing_files(docs):
    """Files of the repository that are named and not there."""
    folders = "alerts|api|bench|console|core|deploy|device_sim|docs|ingest|registry|shouwang|tests"
    for page, text in docs.items():
        for name in re.findall(rf"`((?:{folders})/[\w./@-]+)", text):
            if page != "CONTRIBUTING.md" and not (ROOT / name).exists():  # there they are to be made
                yield page, name


def unknown_targets(docs):
    """Targets that the Makefile does not have."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for page, text in docs.items():
        for name in (name for span in spans(text) for name in re.findall(r"(?<![\w-])make ([a-z-]+)", span)):
            if name not in targets:
                yield page, name


def unknown_tests(docs):
    """Tests that are named and not there; a name that ends in … may be any that begins so."""
    files = list((ROOT / "tests").rglob("test_*.py"))
    known = {path.stem for path in files} | {
        name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    for page, text in docs.items():
        for name, more in re.findall(r"(?<!def )\b(test_\w+)(…?)", text):
            if not (any(one.startswith(name) for one in known) if more else name in known):
                yield page, name


PLANTED = [
    (broken_links, "see [there](nowhere.md)"),
    (broken_links, "see [there](api.md#no-such-heading)"),
    (broken_links, "# Here\n\nsee [above](#hear)"),
    (unknown_settings, "set `SHOUWANG_NO_SUCH_THING`"),
    (unknown_settings, "set `SHOUWANG_MQTT_PORTS_FILE=x`"),
    (unknown_commands, "run `shouwang conquer`"),
    (unknown_commands, "run `shouwang vendor befriend acme`"),
    (unknown_commands, "the former name, `shouwang user token op1 label`"),
    (unknown_commands, "```\nshouwang register homes.csv \\\n  --wet-run\n```"),
    (unknown_commands, "   ```\n   shouwang-as admin home forget 1\n   ```"),
    (unknown_commands, "```\ndocker compose run --rm admin user add chief --nom x\n```"),
    (missing_files, "see `alerts/no_such_file.py`"),
    (unknown_targets, "```\nmake coffee\n```"),
    (unknown_tests, "`test_api_login.py::test_nobody_wrote_this`"),
    (unknown_tests, "`test_whoever_wrote_this_…`"),
]
CHECKS = list(dict.fromkeys(check for check, _ in PLANTED))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_documents_have_none_of(check):
    assert list(check(DOCS)) == []


@pytest.mark.parametrize(("check", "text"), PLANTED)
def test_what_is_planted_is_seen(check, text):
    assert len(list(check({"docs/planted.md": text}))) == 1


def test_no_program_names_a_command_that_there_is_not():
    """The API's document and what the commands say name some."""
    said = {path: "\n".join(re.findall(r"`shouwang [^`]+`", text)) for path, text in SOURCES.items()}
    assert sum(map(bool, said.values())) > 5
    assert list(unknown_commands(said)) == []
