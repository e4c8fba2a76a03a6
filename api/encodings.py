"""Which form of an answer a client takes: RFC 9110, 12.5.3."""

from collections.abc import Sequence

from starlette.datastructures import Headers


def chosen(headers: Headers, offered: Sequence[str]) -> str | None:
    """The coding to answer in, of those `offered`, ours first; None: as it is, which nobody is refused."""
    weights = _weights(",".join(headers.getlist("accept-encoding")))
    other = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, other), default=None)
    if best is None or weights.get(best, other) <= 0 or weights.get("identity", 0.0) > weights.get(best, other):
        return None
    return best


def _weights(accept: str) -> dict[str, float]:
    """Each coding that is named and how much it is wanted; what can't be read is not wanted."""
    found = {}
    for part in accept.lower().split(","):
        coding, _, parameter = part.partition(";")
        name, _, value = parameter.partition("=")
        found[coding.strip()] = 1.0 if not parameter else _weight(name.strip(), value.strip())
    return found


def _weight(name: str, value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if name == "q" and 0 <= weight <= 1 else 0.0
