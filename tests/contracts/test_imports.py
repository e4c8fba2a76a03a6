"""The contracts of pyproject.toml hold what they say: a violation of each is planted, and the linter names it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
PLANTED = {  # by contract: (who imports, what)
    "layers": [("core.log_format", "registry.store"), ("ingest.steward", "alerts.engine.jobs")],
    "alerts": [
        ("alerts.lifecycle.backoff", "alerts.judging.told"),
        ("alerts.judging.learn", "alerts.rules.sos"),
        ("alerts.rules.gas", "alerts.response.desk"),
        ("alerts.selfcheck.space", "alerts.engine.latency"),
    ],
    "answering": [("alerts.response.desk", "alerts.judging.fleet")],
    "api": [
        ("api.ops", "ingest.quota"),
        ("api.homes.store", "ingest.letters.store"),
        ("api.search_store", "alerts.engine.latest"),
    ],
    "letters": [("ingest.letters.store", "ingest.writer")],
    "api-judging": [("api.events.store", "alerts.judging.slots")],
    "simulator": [("device_sim.schedule", "alerts.rules.fall"), ("device_sim.load", "ingest.pipeline")],
    "rules": [("alerts.rules.fire", "alerts.rules.co")],
    "formats": [("ingest.formats.senml", "ingest.formats.flat")],
    "pure": [
        ("alerts.judging.entries", "psycopg"),
        ("alerts.rules.battery_low", "time"),
        ("alerts.lifecycle.states", "fastapi"),
        ("ingest.formats._json", "socket"),
        ("core.packed", "core.database"),
        ("alerts.selfcheck.links", "httpx"),
    ],
}


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> dict[str, str]:
    """What the linter says of a copy of the tree in which every contract is broken, by the contract's id."""
    root = tmp_path_factory.mktemp("tree")
    for package in SETTINGS["root_packages"]:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for who, what in (one for planted in PLANTED.values() for one in planted):
        path = root.joinpath(*who.split(".")).with_suffix(".py")
        path.write_text(f"{path.read_text(encoding='utf-8')}\nimport {what}\n", encoding="utf-8")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    told = done.stdout[done.stdout.index("Broken contracts") :]
    names = {one["id"]: one["name"] for one in SETTINGS["contracts"]}
    starts = {contract: re.search(rf"^{re.escape(name)}\n-+$", told, re.MULTILINE) for contract, name in names.items()}
    ends = sorted([match.start() for match in starts.values() if match] + [len(told)])
    return {
        contract: told[match.end() : next(end for end in ends if end > match.start())]
        for contract, match in starts.items()
        if match
    }


def test_a_violation_of_every_contract_is_planted():
    assert list(PLANTED) == [contract["id"] for contract in SETTINGS["contracts"]]


@pytest.mark.parametrize("contract", PLANTED)
def test_the_linter_names_what_breaks(contract, report):
    for who, what in PLANTED[contract]:
        line = rf"{re.escape(who)} -> {re.escape(what)} \(l\.\d+"
        assert re.search(line, report[contract]), f"{who} may import {what}"
