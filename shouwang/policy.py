"""`shouwang policy`: what is set of the rules, by home or by area (一户一策)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import psycopg
import typer

from alerts.policy import care
from alerts.policy.chain import OutOfBoundsError, Wish, chains, check, settable
from alerts.rules import discover
from core import settings
from registry import policy_store as store
from registry.policy_store import NewValue, Place
from shouwang.common import connect, end_of, fail, table

app = typer.Typer(
    help="What is set of the rules, by home or by area. A value for a home stands over what an assessment of\n"
    "self-care sets, that over its area, wider areas and the default; one that was set as stricter never loosens.",
    no_args_is_help=True,
)

Home = Annotated[str | None, typer.Option("--home", metavar="CODE", help="one home")]
Area = Annotated[str | None, typer.Option("--area", metavar="PATH", help="an area and everything below it")]


@app.command("show")
def show(home: Home = None, area: Area = None) -> None:
    """List every value that can be set: what holds, its bounds, where it comes from."""
    now = datetime.now(UTC)
    with connect() as conn:
        place = _place(conn, home, area)
        given = store.holding_at(conn, place, now)
        assessed = care.defaults_of(store.assessments(conn, place.home_id)) if place.home_id else {}
    table(
        (
            rule.name,
            name,
            f"{links[name][-1].value:g}",
            f"{one.least:g}-{one.most:g} {one.unit}",
            links[name][-1].origin,
        )
        for rule in discover().values()
        for links in [chains(rule, assessed, given)]
        for name, one in settable(rule).items()
    )


@app.command("set")
def set_value(
    rule: Annotated[str, typer.Argument(help="a rule, see docs/rules.md")],
    field: Annotated[str, typer.Argument(help="one of its values, or on: 0 switches the rule off")],
    value: float,
    by: Annotated[str, typer.Option(metavar="USERNAME", help="the account that answers for it")],
    reason: Annotated[str, typer.Option(help="why; operators read it")],
    home: Home = None,
    area: Area = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="the last day; required, within 92 days, of what makes a rule quieter"),
    ] = None,
) -> None:
    """Set a value, in place of the one that was set there. Every engine judges by it within two seconds."""
    found = discover().get(rule)
    if found is None:
        raise fail(f"no rule {rule!r}; there are {', '.join(discover())}")
    if not 2 <= len(reason.strip()) <= 500:
        raise fail("a reason has 2 to 500 characters")
    now = datetime.now(UTC)
    ends = end_of(until, settings.load().zone, now) if until else None
    with connect() as conn:
        place = _place(conn, home, area)
        assessed = care.defaults_of(store.assessments(conn, place.home_id)) if place.home_id else {}
        try:
            verdict = check(
                found, assessed, store.holding_at(conn, place, now), Wish(*place, field, value, ends, None), now
            )
        except OutOfBoundsError as error:
            raise fail(str(error)) from None
        change = NewValue(rule, field, value, verdict.quieter, reason.strip(), ends, verdict.review_at)
        number = store.put(conn, place, change, _account(conn, by), now)
    typer.echo(f"set {number}: to be looked at again by {verdict.review_at:%Y-%m-%d}")


@app.command("end")
def end_value(number: int, by: Annotated[str, typer.Option(metavar="USERNAME")]) -> None:
    """Take a value back by its number in the history: what would hold without it holds again."""
    with connect() as conn:
        if not store.end(conn, number, _account(conn, by), datetime.now(UTC)):
            raise fail(f"{number} has ended, or there is none")
    typer.echo("ended")


@app.command("history")
def history(home: Home = None, area: Area = None) -> None:
    """List what was ever set for a home or an area itself, the newest first, 200 at most."""
    with connect() as conn:
        _lines(store.history(conn, _place(conn, home, area)))


@app.command("quieter")
def quieter() -> None:
    """List what makes a rule quieter anywhere now, the first to end first."""
    with connect() as conn:
        _lines(store.quieter(conn, datetime.now(UTC)))


def _lines(found: Iterable[store.Setting]) -> None:
    zone = settings.load().zone
    table(
        (
            str(one.id), one.home or one.area or "", one.rule, one.field, f"{one.value:g}",
            f"{one.since.astimezone(zone):%Y-%m-%d %H:%M}",
            *(f"{at.astimezone(zone):%Y-%m-%d}" if at else "-" for at in (one.until, one.ended_at)),
            one.set_by or "", one.reason,
        )
        for one in found
    )  # fmt: skip


def _place(conn: psycopg.Connection, home: str | None, area: str | None) -> Place:
    if (home is None) == (area is None):
        raise fail("give --home or --area, and not both")
    place = store.place(conn, home, area)
    if place is None:
        raise fail(f"no home {home}" if home else f"no area {area}")
    return place


def _account(conn: psycopg.Connection, username: str) -> int:
    number = store.account(conn, username)
    if number is None:
        raise fail(f"no account {username}")
    return number
