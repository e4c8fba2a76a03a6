"""The tick of two states of the code is measured in one run."""

import argparse
import subprocess

import pytest

from bench import tick

TOLD = """import json
print(json.dumps({{"all": {all}, "gib": 0.1}}))
"""


@pytest.fixture
def checkout(tmp_path):
    """A repository whose commit takes 20 ms a tick by its own word, and whose working tree takes 10."""
    program = tmp_path / "bench" / "tick.py"
    program.parent.mkdir()
    program.write_text(TOLD.format(all=20.0))
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    for command in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "20 ms"), ("tag", "v1")):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    program.write_text(TOLD.format(all=10.0))
    return tmp_path


@pytest.mark.parametrize("base", ["HEAD", "v1"])
def test_the_base_is_measured_by_its_own_code_and_the_working_tree_by_its(checkout, base):
    assert tick.beside(100, tick.commit(base, checkout), checkout) == (10.0, 20.0)


@pytest.mark.parametrize("name", ["nonsense", "", "--all"])
def test_a_base_that_is_no_commit_is_refused_before_anything_is_measured(checkout, name):
    with pytest.raises(argparse.ArgumentTypeError, match="no commit"):
        tick.commit(name, checkout)
