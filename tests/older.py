"""A database of an earlier version's schema, for the tests of what a migration does to a site that is running."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

from yoyo import get_backend, read_migrations

from tests.conftest import Cluster


@contextmanager
def older(cluster: Cluster, below: str) -> Iterator[str]:
    """The URL, as the schema's owner, of a new database with every migration whose name sorts before `below`."""
    name = f"t_{secrets.token_hex(6)}"
    cluster.execute(f"CREATE DATABASE {name}")
    url = cluster.server.url(name)
    backend = get_backend(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with as_file(files("core").joinpath("migrations")) as folder:
        earlier = read_migrations(str(folder)).filter(lambda migration: migration.id < below)
        backend.apply_migrations(backend.to_apply(earlier))
    backend.connection.close()
    yield url
    cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")
