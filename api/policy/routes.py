"""What is set of the rules (一户一策): what holds where, its history, what is quieter, and setting it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from psycopg import Connection

from alerts.policy import care
from alerts.policy.chain import Assessed, Layer, OutOfBoundsError, Wish, chains, check, settable
from alerts.rules import Rule, discover
from api.access import Db, Now, may
from api.catalogue.rules import title
from api.errors import ApiError, documented, invalid, not_found
from api.policy.models import PlaceQuery, Policy, PolicyWrite, RulePolicy, Setting, Settings, Step, Value
from api.values import V1, BigId
from core.roles import Permission
from registry import policy_store as store
from registry.policy_store import NewValue, Place

router = APIRouter(prefix=f"{V1}/policy", tags=["policy"])
Reads = Annotated[Db, may(Permission.HOMES_READ, Permission.PEOPLE_HEALTH)]  # a reason may tell of an illness
Writes = Annotated[Db, may(Permission.POLICY_WRITE)]


@router.get("", responses=documented(401, 403, 404))
def policy_at(db: Reads, now: Now, query: Annotated[PlaceQuery, Query()]) -> Policy:
    """Every rule's values at a home or an area, each with its bounds and where it comes from."""
    with db.begin() as conn:
        place = _place(conn, query)
        given, assessed = store.holding_at(conn, place, now), _assessed(conn, place)
    by_id = {one.id: _setting(one) for one in given}
    rules = [
        RulePolicy(
            rule=rule.name, title_zh=title(rule.name).zh, title_en=title(rule.name).en,
            values=_values(rule, chains(rule, assessed, given), by_id),
        )
        for rule in discover().values()
    ]  # fmt: skip
    return Policy(rules=[one for one in rules if one.values])


@router.get("/history", responses=documented(401, 403, 404))
def policy_history(db: Reads, query: Annotated[PlaceQuery, Query()]) -> Settings:
    """What was ever set for a home or an area itself, the newest first."""
    with db.begin() as conn:
        return _told(store.history(conn, _place(conn, query)))


@router.get("/quieter", responses=documented(401, 403))
def policy_quieter(db: Reads, now: Now) -> Settings:
    """What makes a rule quieter anywhere in the caller's area, the first to end first."""
    with db.begin() as conn:
        return _told(store.quieter(conn, now))


@router.put("", responses=documented(401, 403, 404))
def write_policy(body: PolicyWrite, db: Writes, now: Now) -> Setting:
    """Set a value, in place of the one that was set there; every engine judges by it within two seconds."""
    rule = discover().get(body.rule)
    if rule is None:
        raise invalid("body.rule", "there is no such rule; see /catalogue", "unknown_rule")
    with db.begin() as conn:
        place = _place(conn, body, own=True)
        wish = Wish(*place, body.field, body.value, body.until, body.review_at)
        try:
            verdict = check(rule, _assessed(conn, place), store.holding_at(conn, place, now), wish, now)
        except OutOfBoundsError as error:
            raise ApiError(422, "out_of_bounds", str(error)) from None
        change = NewValue(
            body.rule, body.field, body.value, verdict.quieter, body.reason.strip(), body.until, verdict.review_at
        )
        number = store.put(conn, place, change, db.me.id, now)
        found = next(one for one in store.history(conn, place) if one.id == number)
    return _setting(found)


@router.post("/{setting_id}/end", status_code=204, responses=documented(401, 403, 404))
def end_policy(setting_id: Annotated[BigId, Path()], db: Writes, now: Now) -> None:
    """Take a value back: what would hold without it holds again. 404 where it has ended or is not yours."""
    with db.begin() as conn:
        if not store.end(conn, setting_id, db.me.id, now):
            raise not_found("设定")


def _place(conn: Connection, query: PlaceQuery, *, own: bool = False) -> Place:
    place = Place(query.area_id, query.home_id)
    if not (store.own(conn, place) if own else store.visible(conn, place)):
        raise not_found("住户" if query.home_id else "区域")
    return place


def _assessed(conn: Connection, place: Place) -> Assessed:
    return care.defaults_of(store.assessments(conn, place.home_id)) if place.home_id else {}


def _values(rule: Rule, found: dict[str, list[Layer]], by_id: dict[int, Setting]) -> list[Value]:
    return [
        Value(
            field=name, zh=one.zh, en=one.en, unit=one.unit, value=found[name][-1].value, default=one.default,
            least=one.least, most=one.most, sooner=one.sooner, source=one.source,
            steps=[
                Step(
                    value=link.value, origin=link.origin, source=link.source,
                    setting=None if link.setting is None else by_id[link.setting],
                )
                for link in found[name]
            ],
        )
        for name, one in settable(rule).items()
    ]  # fmt: skip


def _told(found: list[store.Setting]) -> Settings:
    return Settings(items=[_setting(one) for one in found])


def _setting(one: store.Setting) -> Setting:
    """With its words; a rule or a value that is no longer there is called what it was."""
    rule = discover().get(one.rule)
    bound = settable(rule).get(one.field) if rule else None
    named = title(one.rule)
    words = {
        "rule_zh": named.zh, "rule_en": named.en, "field_zh": bound.zh if bound else one.field,
        "field_en": bound.en if bound else one.field, "unit": bound.unit if bound else "",
    }  # fmt: skip
    return Setting.model_validate({**one._asdict(), **words})
