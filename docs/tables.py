"""What the documentation's tables and lists are written from: the code itself. `make check` runs it, by cog."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from alerts.lifecycle.backoff import HOLD_OFF, Backoff, pause
from alerts.policy.chain import settable
from alerts.rules import Rule, discover
from core import catalogue
from core.model import Disposition, Severity
from core.roles import ABOUT, ROLES

ROOT = Path(__file__).parents[1]
OURS = ("canary", "unreadable")  # which no vendor installs or sends


def said_of(path: Path) -> str:
    """A module's or a package's first sentence of documentation."""
    source = path / "__init__.py" if path.is_dir() else path
    about = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    first = about.split("\n\n")[0].replace("\n", " ")
    return first.split(". ")[0].removesuffix(".")


def modules(folder: str, *names: str) -> Iterator[str]:
    """A line for each module of a folder, in the order given, in which data passes them."""
    for name in names:
        path = ROOT / folder / name
        yield f"- `{folder}/{name}{'/' if path.is_dir() else ''}`: {said_of(path)}"


def folders(*roots: str) -> Iterator[str]:
    """A line for each folder that is a package, the given ones and all below them."""
    for root in roots:
        found = sorted(path.parent for path in (ROOT / root).rglob("__init__.py"))
        for path in found:
            yield f"- `{path.relative_to(ROOT)}/`: {said_of(path)}"


def metrics() -> Iterator[str]:
    """The table of metrics that a vendor may send."""
    yield "| metric | 名称 | kind | unit | range | |"
    yield "|---|---|---|---|---|---|"
    for one in catalogue.metrics().values():
        if one.name not in OURS:
            yield (
                f"| `{one.name}` | {one.zh} | {one.kind} | {one.unit} | {one.low:g} to {one.high:g} | {_urgent(one)} |"
            )


def _urgent(metric: catalogue.Metric) -> str:
    if metric.urgent_from is None:
        return ""
    return "urgent lane" if metric.high <= 1 else f"urgent lane from {metric.urgent_from:g}"


def device_types() -> Iterator[str]:
    """The table of device types that can be installed."""
    yield "| type | 名称 | says | at least every | silent after |"
    yield "|---|---|---|---|---|"
    for one in catalogue.device_types().values():
        if one.code not in OURS:
            says = ", ".join(one.metrics)
            yield f"| `{one.code}` | {one.zh} | {says} | {span(one.cadence)} | {span(one.silent_after)} |"


def rules() -> Iterator[str]:
    """The table of rules."""
    yield (
        "| rule | 名称 | name | severity it starts from | reads | clears after | ends with its condition"
        " | answered and goes on |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for one in discover().values():
        clears = "a person closes it" if one.clear_after is None else span(one.clear_after)
        yield (
            f"| `{one.name}` | {one.title_zh} | {one.title_en} | {one.severity} | {', '.join(one.metrics)} | {clears}"
            f" | {'yes' if one.recovers else 'no'} | {ladder(one)} |"
        )


def rules_in_words() -> Iterator[str]:
    """A section for each rule: what it says of itself in both languages, and its parameters."""
    for one in discover().values():
        yield f"## `{one.name}` {one.title_zh} · {one.title_en}\n"
        for line in (*one.about_zh.split("\n"), *one.about_en.split("\n")):
            yield f"{line}\n"
        if known := settable(one):
            yield "| can be set | what | default | from | to | sooner | source |\n|---|---|---|---|---|---|---|"
            for name, bound in known.items():
                said = f"| `{name}` | {bound.zh} · {bound.en} | {bound.default:g} {bound.unit} | {bound.least:g}"
                yield f"{said} | {bound.most:g} | {bound.sooner} | {bound.source or 'own choice'} |"
            yield ""


def roles() -> Iterator[str]:
    """The table of who may do what."""
    yield f"| permission | {' | '.join(f'{office.zh} {office.en}' for office in ROLES.values())} |"
    yield f"|---|{'---|' * len(ROLES)}"
    for permission, (zh, en) in ABOUT.items():
        marks = " | ".join("●" if permission in office.may else "" for office in ROLES.values())
        yield f"| `{permission}` {zh}: {en} | {marks} |"


def ladder(rule: Rule) -> str:
    """How soon what was answered and goes on is raised again."""
    if rule.clear_after is None:
        return "a new alert each time"
    if rule.backoff is None:
        return f"aloud every {span(HOLD_OFF)}"
    return f"{_pauses(rule.backoff, rule.severity)}, then shown for {span(rule.backoff.longest)}"


def _pauses(backoff: Backoff, severity: Severity) -> str:
    steps = range(1, backoff.repeats + 1)
    return ", ".join(span(pause(backoff, severity, Disposition.REAL, step)) for step in steps)


def span(length: timedelta) -> str:
    """`7 d`, `26 h`, `30 min`, `0 s`: in the largest unit that is whole, hours up to two days."""
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
