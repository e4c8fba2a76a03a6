"""The wheel in an environment of its own does what the checkout does: nothing that it reads was left behind."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")


def run(*command: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SHOUWANG_", "PYTHON"))}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=inherited | environment, capture_output=True, text=True,
        timeout=150, check=False,
    )  # fmt: skip


def done(*command: object, cwd: Path, **environment: str) -> str:
    finished = run(*command, cwd=cwd, **environment)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def shouwang(tmp_path_factory):
    """The command of the wheel, which knows nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    listed = done("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    done(
        sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, tree, cwd=folder
    )
    [wheel] = folder.glob("*.whl")
    done(UV, "venv", "-q", "--python", sys.executable, folder / "env", cwd=folder)
    into = (UV, "pip", "install", "-q", "--python", folder / "env/bin/python")
    done(*into, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=folder)
    done(*into, "--no-deps", wheel, cwd=folder)
    return folder / "env/bin/shouwang"


def test_the_wheel_shows_its_commands_and_makes_a_deployments_files(shouwang, tmp_path):
    assert "provision" in done(shouwang, "--help", cwd=tmp_path)
    places = ("--dir", tmp_path / "secrets", "--broker-dir", tmp_path / "broker", "--broker-name", "mqtt.example.org")
    done(shouwang, "provision", *places, "--broker-uid", os.getuid(), cwd=tmp_path)
    made = {path.name for path in (tmp_path / "broker").rglob("*")}
    assert {"mosquitto.conf", "dynamic-security.json", "server.pem"} <= made


def test_the_wheel_shapes_a_database_and_looks_at_it(shouwang, cluster, tmp_path):
    cluster.execute("CREATE DATABASE of_the_wheel")
    url = cluster.server.url("of_the_wheel")
    try:
        migrated = done(shouwang, "migrate", cwd=tmp_path, SHOUWANG_DATABASE_URL=url)
        assert all(path.stem in migrated for path in (ROOT / "core/migrations").glob("*.sql"))
        found = run(shouwang, "doctor", "--disk", tmp_path, cwd=tmp_path, SHOUWANG_DATABASE_URL=url)
        assert "✓ database" in found.stdout
        assert "Traceback" not in found.stderr
    finally:
        cluster.execute("DROP DATABASE of_the_wheel WITH (FORCE)")
