"""The migrations also run on TimescaleDB's Community edition, where they make an aggregate and policies."""

import json
import subprocess
from pathlib import Path

import psycopg
import pytest

FOLDER = Path(__file__).parents[1] / "community"
MIGRATIONS = Path(__file__).parents[2] / "core/migrations"


@pytest.fixture(scope="module")
def made():
    """What the migrations made there."""
    if not (FOLDER / "node_modules").exists():
        subprocess.run(["npm", "--prefix", str(FOLDER), "ci", "--no-audit", "--no-fund", "--silent"], check=True)
    done = subprocess.run(
        ["node", str(FOLDER / "migrate.mjs"), str(MIGRATIONS)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_hourly_figures_are_a_continuous_aggregate_with_its_policies(made):
    assert made["license"] == ["timescale"]
    assert made["aggregates"] == ["reading_hourly"]
    assert {"policy_compression", "policy_refresh_continuous_aggregate"} <= set(made["jobs"])
    assert made["hourly"] == [300]


def test_readers_cannot_tell_the_editions_apart(made, database):
    with psycopg.connect(database.owner) as conn:
        columns = conn.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'reading_hourly'"
            " ORDER BY ordinal_position"
        ).fetchall()
    assert [name for (name,) in columns] == made["columns"]
