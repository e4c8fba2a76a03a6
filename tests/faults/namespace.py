"""A network namespace of a test's own: programs in it reach us by links that can be taken down."""

import random
import secrets
import subprocess
from dataclasses import dataclass, field

from deploy.local.programs import Program


def ip(*words: str, inside: str = "") -> str:
    """Run `ip`, in a namespace if one is named."""
    command = ["ip", *(["-n", inside] if inside else []), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass
class Link:
    """A pair of interfaces with one address each; nothing else can be reached by it."""

    namespace: str
    name: str
    here: str  # our address
    there: str  # the namespace's

    def make(self) -> None:
        """Lay it and take it into use."""
        ip("link", "add", self.name, "type", "veth", "peer", "name", self.name, "netns", self.namespace)
        for address, inside in ((self.here, ""), (self.there, self.namespace)):
            ip("address", "add", f"{address}/30", "dev", self.name, inside=inside)
        self.up()

    def down(self, end: str) -> None:
        """Take one end down, `here` or `there`: what is sent is lost, and nobody is told."""
        ip("link", "set", self.name, "down", inside=self.namespace if end == "there" else "")

    def up(self) -> None:
        """Both ends."""
        for inside in ("", self.namespace):
            ip("link", "set", self.name, "up", inside=inside)


@dataclass
class Namespace:
    """The namespace and its two links; use as a context manager."""

    name: str = field(default_factory=lambda: f"sw-{secrets.token_hex(3)}")

    def __post_init__(self) -> None:
        net = f"198.18.{random.randrange(256)}"  # RFC 2544: no network in use has these addresses
        self.database = Link(self.name, f"{self.name}-d", f"{net}.1", f"{net}.2")
        self.broker = Link(self.name, f"{self.name}-b", f"{net}.5", f"{net}.6")

    def __enter__(self) -> "Namespace":
        ip("netns", "add", self.name)
        ip("link", "set", "lo", "up", inside=self.name)
        self.database.make()
        self.broker.make()
        return self

    def __exit__(self, *_: object) -> None:
        for link in (self.database, self.broker):
            ip("link", "delete", link.name)
        ip("netns", "delete", self.name)

    def take_in(self, program: Program) -> None:
        """Its next start is in here."""
        program.command = ["ip", "netns", "exec", self.name, *program.command]

    def connections(self, address: str) -> list[str]:
        """What stands between a program in here and that address, as far as in here is known."""
        command = ["ip", "netns", "exec", self.name, "ss", "-Htn", "state", "established", "dst", address]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
