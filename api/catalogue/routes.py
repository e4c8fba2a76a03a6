"""The catalogue: metrics, device types, rules."""

from functools import cache

from fastapi import APIRouter

from alerts.rules import discover, rules_of
from api.access import AnyCaller
from api.catalogue.models import Catalogue, DeviceType, Metric, Rule
from api.errors import documented
from api.values import V1
from core.catalogue import device_types, metrics

router = APIRouter(prefix=V1, tags=["catalogue"])


@router.get("/catalogue", responses=documented(401))
def catalogue(me: AnyCaller) -> Catalogue:
    """What can be measured, by which kinds of device, and how it is judged."""
    return _catalogue()


@cache
def _catalogue() -> Catalogue:
    kinds = [
        DeviceType(
            code=kind.code, zh=kind.zh, en=kind.en, cadence_seconds=kind.cadence.total_seconds(),
            silent_after_seconds=kind.silent_after.total_seconds(), metrics=list(kind.metrics), rules=rules_of(kind),
        )
        for kind in device_types().values()
    ]  # fmt: skip
    rules = [
        Rule(
            name=name, title_zh=rule.title_zh, title_en=rule.title_en, severity=rule.severity,
            scenario=rule.scenario, about_zh=rule.about_zh, about_en=rule.about_en,
        )
        for name, rule in discover().items()
    ]  # fmt: skip
    return Catalogue(
        metrics=[Metric.model_validate(metric, from_attributes=True) for metric in metrics().values()],
        device_types=kinds,
        rules=rules,
    )
