"""Judging from heartbeats whether the watch is kept. Pure: `now` is an argument."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from alerts.selfcheck.links import WORDS
from api.health.models import CanaryHealth, EngineHealth, Health, IngestHealth, Problem
from core.model import Beat

DEAD_AFTER = timedelta(seconds=10)  # programs beat every 2 s
LAG_LIMIT = timedelta(seconds=10)
FORGOTTEN_AFTER = timedelta(days=1)  # a worker that was taken away is not missed for ever


@dataclass(frozen=True, slots=True)
class Unheard:
    """Urgent messages of one vendor for which no home is known, and nobody has answered yet."""

    vendor: str
    letters: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the database says about the programs, and about what they could not raise."""

    beats: list[Beat]
    oldest_unjudged: datetime | None
    unheard: list[Unheard] = field(default_factory=list)


def judge(vitals: Vitals, shards: int, now: datetime) -> Health:
    """What an operator must know."""
    engines = {beat.process: beat for beat in vitals.beats if beat.process.startswith("engine/")}
    workers = [beat for beat in vitals.beats if beat.process.startswith("ingest/") and now - beat.at < FORGOTTEN_AFTER]
    lag = _lag(engines, vitals.oldest_unjudged, now)
    wanted = [engines.get(f"engine/{shard}") for shard in range(shards)]
    ingest = [_ingest(beat, now) for beat in workers]
    canary = next((_canary(beat, now) for beat in vitals.beats if beat.process == "canary"), None)
    problems = [
        *_unheard_problems(vitals.unheard), *_engine_problems(wanted, lag, now), *_ingest_problems(ingest, now),
        *_canary_problems(canary, now),
    ]  # fmt: skip
    alive = all(beat is not None and _alive(beat, now) for beat in wanted)
    engine = EngineHealth(
        at=min((beat.at for beat in wanted if beat), default=None),
        lag_seconds=None if lag is None else round(lag.total_seconds(), 3),
        alive=alive,
    )
    down = not alive or not any(worker.alive for worker in ingest)
    status: Literal["ok", "degraded", "down"] = "down" if down else "degraded" if problems else "ok"
    return Health(status=status, problems=problems, engine=engine, ingest=ingest, canary=canary, now=now)


def unreachable(since: datetime, now: datetime) -> Health:
    """The database does not answer: nothing can be stored, judged or shown."""
    problem = Problem(
        code="database_unreachable",
        message_zh="数据库无法访问，新的报警收不到也看不到。请立即联系技术人员，并用电话联系重点老人。",
        message_en="The database can't be reached: new alerts are neither raised nor shown. Call the technician now.",
        since=since,
    )
    engine = EngineHealth(at=None, lag_seconds=None, alive=False)
    return Health(status="down", problems=[problem], engine=engine, ingest=[], canary=None, now=now)


def _alive(beat: Beat, now: datetime) -> bool:
    return now - beat.at <= DEAD_AFTER


def _lag(engines: dict[str, Beat], oldest: datetime | None, now: datetime) -> timedelta | None:
    """The engines' own figure, or what the table shows if that is worse: a stuck engine measures nothing."""
    told = [timedelta(seconds=float(beat.detail.get("lag_seconds") or 0)) for beat in engines.values()]
    waiting = [max(now - oldest, timedelta(0))] if oldest else []
    return max([*told, *waiting], default=None)


def _ingest(beat: Beat, now: datetime) -> IngestHealth:
    return IngestHealth(
        worker=beat.process.removeprefix("ingest/"), at=beat.at, alive=_alive(beat, now),
        connected=bool(beat.detail.get("connected", False)),
    )  # fmt: skip


def _canary(beat: Beat, now: datetime) -> CanaryHealth:
    return CanaryHealth(
        at=beat.at, alive=_alive(beat, now), round_trip_seconds=beat.detail.get("round_trip_seconds"),
        broken=beat.detail.get("broken"),
    )  # fmt: skip


def _unheard_problems(unheard: list[Unheard]) -> Iterator[Problem]:
    for one in unheard:
        yield Problem(
            code="unheard_emergency",
            message_zh=f"{one.vendor}的未登记设备发来 {one.letters} 条紧急消息，找不到住户。请立即联系厂商核实，"
            "并在“被拒消息”页答复。",
            message_en=f"{one.letters} urgent messages of unregistered devices of {one.vendor}: no home is known. "
            "Call the vendor now, and answer on the page Rejected messages.",
            since=one.since, aloud=True,
        )  # fmt: skip


def _engine_problems(wanted: list[Beat | None], lag: timedelta | None, now: datetime) -> Iterator[Problem]:
    if None in wanted:
        yield Problem(
            code="engine_missing",
            message_zh="报警判断程序没有启动，任何险情都不会报警。请立即联系技术人员。",
            message_en="The alert engine has not been started: nothing raises an alert. Call the technician now.",
            since=now,
        )
    for beat in wanted:
        if beat and not _alive(beat, now):
            yield Problem(
                code=f"{beat.process.replace('/', '_')}_stopped",
                message_zh="报警判断程序已停止，新的险情不会报警。请立即联系技术人员，并用电话联系重点老人。",
                message_en="The alert engine has stopped: new emergencies raise no alert. Call the technician now.",
                since=beat.at,
            )
    if lag is not None and lag > LAG_LIMIT and all(beat and _alive(beat, now) for beat in wanted):
        seconds = int(lag.total_seconds())
        yield Problem(
            code="engine_lagging",
            message_zh=f"报警判断落后 {seconds} 秒，新的报警会晚到。",
            message_en=f"The alert engine is {seconds} seconds behind: new alerts come late.",
            since=now - lag,
        )


def _ingest_problems(workers: list[IngestHealth], now: datetime) -> Iterator[Problem]:
    if not workers:
        yield Problem(
            code="ingest_missing",
            message_zh="数据接收程序没有运行，收不到任何设备的消息。请立即联系技术人员。",
            message_en="No ingest worker runs: no device's messages arrive. Call the technician now.",
            since=now,
        )
    for worker in workers:
        if not worker.alive:
            yield Problem(
                code=f"ingest_{worker.worker}_stopped",
                message_zh=f"数据接收程序 {worker.worker} 已停止，设备消息可能收不到。请联系技术人员。",
                message_en=f"Ingest worker {worker.worker} has stopped: messages of devices may not arrive.",
                since=worker.at,
            )
        elif not worker.connected:
            yield Problem(
                code=f"ingest_{worker.worker}_disconnected",
                message_zh=f"数据接收程序 {worker.worker} 与消息服务器断开，设备消息暂时收不到。请联系技术人员。",
                message_en=f"Ingest worker {worker.worker} has lost the message broker: no messages arrive there.",
                since=worker.at,
            )


def _canary_problems(canary: CanaryHealth | None, now: datetime) -> Iterator[Problem]:
    if canary and not canary.alive:
        yield Problem(
            code="canary_stopped",
            message_zh="系统自检程序已停止：值班台还在工作，但线路断了不会自动发现。请联系技术人员。",
            message_en="The self-check has stopped: a broken link would not be noticed by itself. Call the technician.",
            since=canary.at,
        )
    elif canary and canary.broken:
        words = WORDS[canary.broken]
        yield Problem(
            code=f"canary_{canary.broken}", message_zh=f"系统自检失败：{words.zh}",
            message_en=f"Self-check failed. {words.en}", since=canary.at,
        )  # fmt: skip
