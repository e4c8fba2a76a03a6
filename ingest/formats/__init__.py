"""Payload formats, one module each, found by discovery.

A format is a module with `decode(payload) -> Decoded`, `encode(samples) -> bytes`, a docstring, and `EXAMPLES`: literal
bytes with a sentence each, good ones with what they decode to and bad ones with the code they are refused with. A field
that can't be read refuses itself, not the message: an SOS beside a firmware's name in words is still an SOS.
Decoding knows the format only; units, ranges and clocks are the business of `ingest.normalise`.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, Protocol

from core.refusals import RefusalCode

MAX_SAMPLES = 2000  # a day of minutes, with room; a larger message is refused


class FormatError(ValueError):
    """The payload can't be read. `code` classes the refusal, the message tells the vendor what to change."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class Sample(NamedTuple):
    """One value as the vendor sent it."""

    metric: str
    value: float
    ts: int | None  # microseconds since 1970-01-01 UTC; None: not said
    unit: str | None = None  # None: the catalogue's
    doubt: FormatError | None = None  # why the time that was said can't be read; `ts` is None then


class Complaint(NamedTuple):
    """One field that can't be read, and why."""

    metric: str
    value: object  # as it was sent
    error: FormatError


class Decoded(NamedTuple):
    """What a payload says, and what in it can't be read."""

    samples: list[Sample]
    complaints: list[Complaint]


@dataclass(frozen=True, slots=True)
class Example:
    """Literal bytes from a vendor's documentation, and what becomes of them."""

    about: str
    payload: bytes
    samples: tuple[Sample, ...] = ()
    refused: RefusalCode | None = None  # the FormatError's code, of the whole payload or of its first bad field


class Format(Protocol):
    """What a format module holds."""

    EXAMPLES: Sequence[Example]

    def decode(self, payload: bytes) -> Decoded:
        """Bytes to samples and complaints; raises FormatError when nothing in them can be read."""

    def encode(self, samples: Iterable[Sample]) -> bytes:
        """Samples to bytes; units are the catalogue's."""


@cache
def discover() -> MappingProxyType[str, Format]:
    """Every format by name; a module that is broken or incomplete stops the start."""
    found: dict[str, Format] = {}
    for info in pkgutil.iter_modules(__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{info.name}")
        for needed in ("decode", "encode", "EXAMPLES", "__doc__"):
            if not getattr(module, needed, None):
                raise ImportError(f"{module.__file__}: a payload format needs {needed}")
        found[info.name] = module
    return MappingProxyType(found)
