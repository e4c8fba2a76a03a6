"""A whole site of real processes for a fault test."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.local.programs import Program
from deploy.local.site import Site
from tests.faults.harness import Load, eventually
from tests.registry import Registry, seed

HOMES = 10


@dataclass
class Running:
    """The site, its programs and its load."""

    site: Site
    registry: Registry
    load: Load
    ingest: Program
    engine: Program
    api: Program


@pytest.fixture
def running(root, tmp_path) -> Iterator[Running]:
    """Database, broker, ingest, engine and API of their own, with a vendor publishing."""
    name = f"fault-{os.getpid()}-{secrets.token_hex(3)}"
    site = Site(root, name, ["acme", "beta"], tmp_path, ports=(55440, 51890, 8090), shared_buffers="128MB")
    site.start_services()
    registry = seed(site.owner_url, homes=HOMES, types=("sos_button", "water_meter"))
    programs = [site.program("ingest"), site.program("engine"), site.program("api")]
    load = Load(site, registry)
    try:
        for program in programs:
            program.start()
        site.wait_for_api(programs[2])
        eventually(lambda: "connected" in programs[0].tail())
        load.start()
        yield Running(site, registry, load, *programs)
    finally:
        for program in reversed(programs):
            program.stop()
        site.stop_services()
        site.delete()
