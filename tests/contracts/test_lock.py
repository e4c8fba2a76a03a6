"""What is installed is what was looked at: hashes for Python's packages, digests for images once somebody can ask."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEV = PROJECT["optional-dependencies"]["dev"]


def locked(name):
    """Package, its version and its hashes."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = {}
    for line in lines:
        package, version = re.match(r"([a-z0-9-]+)==(\S+)", line).groups()
        found[package] = version, re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
    return found


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_locked_with_hashes(name):
    assert all(hashes for _, hashes in locked(name).values())
    assert str(ROOT) not in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("requirements.lock", [*PROJECT["dependencies"], "setuptools>=77"]),
        ("requirements-dev.lock", [*PROJECT["dependencies"], *DEV, "setuptools>=77"]),
    ],
)
def test_the_lock_has_what_the_project_asks_for(name, wanted):
    """`make lock` mends it."""
    found = locked(name)
    for one in map(Requirement, wanted):
        assert found[canonicalize_name(one.name)][0] in one.specifier


def test_both_locks_agree():
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


def test_a_compiled_package_has_hashes_for_every_python_and_processor():
    """Python 3.11 to 3.13 on x86_64 and aarch64, glibc and musl: far more than one wheel and the source."""
    for package in (
        "numpy",
        "orjson",
        "psycopg-binary",
        "cffi",
        "cryptography",
        "pydantic-core",
        "argon2-cffi-bindings",
    ):
        assert len(locked("requirements.lock")[package][1]) > 12, package


def test_images_get_their_digests_beside_their_tags(tmp_path):
    """The registry is played; tags stay, our own image is left alone, a second run renews."""
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\nprintf "sha256:%s" "$(echo "$4 $TODAY" | sha256sum | cut -c1-64)"\n')
    docker.chmod(0o755)
    files = [tmp_path / "docker-compose.yml", tmp_path / "Dockerfile"]
    for path, source in zip(files, ("docker-compose.yml", "deploy/Dockerfile"), strict=True):
        path.write_text((ROOT / source).read_text(encoding="utf-8"), encoding="utf-8")
    before = ""
    for day in ("monday", "tuesday"):
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TODAY": day}
        subprocess.run([ROOT / "deploy/pin-images.sh", *files], env=environment, check=True, capture_output=True)
        text = "".join(path.read_text(encoding="utf-8") for path in files)
        images = re.findall(r"^ *(?:image:|FROM) +(\S+)", text, re.MULTILINE)
        assert len(images) >= 5
        assert all(
            re.search(r":[\w.-]+@sha256:[0-9a-f]{64}$", one) for one in images if not one.startswith("shouwang:")
        )
        assert "shouwang:0.2.0\n" in text
        assert text != before
        before = text
    assert "AS console" in before
