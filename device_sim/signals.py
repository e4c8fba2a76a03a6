"""What each terminal reports of a person's day: one function per kind of signal, all driven by the same life."""

import zlib
from collections.abc import Callable
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.catalogue import Simulated, device_types
from core.clock import to_us
from device_sim.fleet import Device, Home
from device_sim.life import Stay, day, habits

F8 = NDArray[np.float64]
LYING = ("asleep", "nap")
EPOCH = date(2026, 1, 1)  # counters start here


class Series(NamedTuple):
    """One metric's readings of one day."""

    metric: str
    second: F8  # seconds from local midnight
    value: F8


class Context(NamedTuple):
    """What a signal may look at."""

    seed: int
    home: Home
    on: date
    stays: list[Stay]
    random: np.random.Generator
    cadence: float  # seconds
    simulated: Simulated

    def steady(self, factor: float = 1.0) -> F8:
        """The instants of the regular reports, each home at its own second."""
        step = self.cadence * factor
        return np.arange(self.home.number * 7.3 % step, 86400, step)

    def at(self, seconds: F8, *what: str) -> NDArray[np.bool_]:
        """Whether she is doing one of these at each instant."""
        begins = np.array([stay.begin * 60 for stay in self.stays])
        doing = np.array([stay.what in what for stay in self.stays])
        return doing[np.maximum(np.searchsorted(begins, seconds, side="right") - 1, 0)]


def readings(
    seed: int, home: Home, device: Device, on: date, zone: ZoneInfo, slower: float = 1.0
) -> list[tuple[str, NDArray[np.int64], F8]]:
    """(metric, µs UTC, values) of one device on one local day; `slower` stretches the regular reports' cadence."""
    kind = device_types()[device.type]
    random = np.random.default_rng(zlib.crc32(f"{seed}/{device.serial}/{on.isoformat()}".encode()))
    stays = day(seed, home.number, on)
    assert kind.simulated is not None, f"{device.type} is not part of simulated homes"
    context = Context(seed, home, on, stays, random, kind.cadence.total_seconds() * slower, kind.simulated)
    midnight = to_us(datetime.combine(on, time(), zone))
    found = SIGNALS[kind.simulated.signal](context)
    if "battery" in kind.metrics:
        found.append(_battery(context, device))
    if "signal" in kind.metrics:
        found.append(_level(context, "signal", -65, 4, 4))
    return [
        (series.metric, midnight + (series.second * 1000).astype(np.int64) * 1000, series.value)
        for series in found
        if len(series.second)
    ]


def _level(context: Context, metric: str, mean: float, spread: float, factor: float = 1.0) -> Series:
    at = context.steady(factor)
    return Series(metric, at, np.round(context.random.normal(mean, spread, len(at)), 1))


def _battery(context: Context, device: Device) -> Series:
    """A battery lasts about two years; it is replaced at a quarter."""
    start = zlib.crc32(device.serial.encode()) % 70
    level = 100 - (start + (context.on - EPOCH).days * 0.1) % 72
    at = np.array([context.home.number * 11.7 % 86000])
    return Series("battery", at, np.array([float(round(level))]))


def _quiet(context: Context, metric: str) -> Series:
    at = context.steady()
    return Series(metric, at, np.zeros(len(at)))


def _edges(context: Context, metric: str, *what: str) -> Series:
    """1 when a stay of this kind begins, 0 when it ends; the state is repeated at the cadence."""
    inside = [stay for stay in context.stays if stay.what in what]
    times = np.array([edge * 60 for stay in inside for edge in (stay.begin, stay.end)])
    values = np.array([1.0, 0.0] * len(inside))
    steady = context.steady()
    repeated = context.at(steady, *what).astype(np.float64)
    second = np.concatenate([times, steady])
    order = np.argsort(second, kind="stable")
    return Series(metric, second[order], np.concatenate([values, repeated])[order])


def sos(context: Context) -> list[Series]:
    """Nobody presses it on an ordinary day; its battery report is its sign of life."""
    return []


def radar(context: Context) -> list[Series]:
    """A fall radar in the bathroom: presence while she is there."""
    return [_edges(context, "presence", "toilet")]


def steady(context: Context) -> list[Series]:
    """What the type's file says: 0 of some metrics at the cadence, of others a value around a mean."""
    quiet = [_quiet(context, metric) for metric in context.simulated.quiet]
    return quiet + [_level(context, metric, *usual) for metric, usual in context.simulated.levels.items()]


def air(metric: str) -> Callable[[Context], list[Series]]:
    """A concentration near zero, a little up while she cooks."""

    def signal(context: Context) -> list[Series]:
        at = context.steady()
        base: F8 = np.where(context.at(at, "meal"), 1.5, 0.3)
        return [Series(metric, at, np.round(np.abs(context.random.normal(base, 0.3)), 1).astype(np.float64))]

    return signal


def door(context: Context) -> list[Series]:
    """Open for some seconds when she leaves and comes back, and when a visitor does; closed otherwise."""
    moments = [edge * 60 for stay in context.stays if stay.what in ("out", "visit") for edge in (stay.begin, stay.end)]
    pairs = [(at, at + context.random.uniform(8, 25)) for at in moments]
    steady = context.steady()
    steady = steady[[all(not a <= s <= b for a, b in pairs) for s in steady]] if len(steady) else steady
    second = np.array([edge for pair in pairs for edge in pair] + list(steady))
    value = np.array([1.0, 0.0] * len(pairs) + [0.0] * len(steady))
    order = np.argsort(second, kind="stable")
    return [Series("door_open", second[order], value[order])]


def motion(context: Context) -> list[Series]:
    """Movement every few minutes while she is up and in; each followed by a 0."""
    at: list[float] = []
    for stay in context.stays:
        if stay.what in ("out", *LYING):
            continue
        pause = {"toilet": 100, "meal": 240, "visit": 200, "seat": 4800}.get(stay.what, 700)
        count = max(0 if stay.what == "seat" else 1, int((stay.end - stay.begin) * 60 / pause))
        at += list(stay.begin * 60 + np.sort(context.random.uniform(0, (stay.end - stay.begin) * 60, count)))
    starts = np.array(at)
    second = np.concatenate([starts, starts + 30])
    order = np.argsort(second, kind="stable")
    values = np.concatenate([np.ones(len(starts)), np.zeros(len(starts))])
    return [Series("motion", second[order], values[order])]


def presence(context: Context) -> list[Series]:
    """Somebody is in the living room."""
    return [_edges(context, "presence", "rest", "seat", "visit", "meal")]


def bed(context: Context) -> list[Series]:
    """In bed, with pulse and breath while she lies there."""
    at = context.steady()
    at = at[context.at(at, *LYING)]
    pulse = habits(context.seed, context.home.number).pulse - 8
    return [
        _edges(context, "in_bed", *LYING),
        Series("heart_rate", at, np.round(context.random.normal(pulse, 3, len(at)))),
        Series("breathing_rate", at, np.round(context.random.normal(15, 1.2, len(at)))),
    ]


def wristband(context: Context) -> list[Series]:
    """Pulse, oxygen, skin temperature and steps; worn by day."""
    at = context.steady()
    up = ~context.at(at, *LYING)
    pulse = habits(context.seed, context.home.number).pulse + np.where(up, 6, -6)
    walk = np.where(context.at(at, "out"), 60, np.where(up, 8, 0)) * context.cadence / 60
    steps = 4000.0 * ((context.on - EPOCH).days % 225) + np.cumsum(np.round(walk))
    return [
        Series("heart_rate", at, np.round(context.random.normal(pulse, 4)).astype(np.float64)),
        Series("spo2", at, np.round(np.clip(context.random.normal(96.5, 0.7, len(at)), 94, 99)).astype(np.float64)),
        Series("skin_temperature", at, np.round(context.random.normal(33, 0.5, len(at)), 1)),
        Series("steps", at, steps),
        Series("worn", at, np.ones(len(at))),
    ]


def blood_pressure(context: Context) -> list[Series]:
    """Once in the morning."""
    at = np.array([next(stay.end for stay in context.stays if stay.what == "meal") * 60 + 300])
    upper = np.round(context.random.normal(138, 7, 1))
    return [
        Series("systolic", at, upper),
        Series("diastolic", at, np.round(upper * 0.6)),
        Series("heart_rate", at, np.round(context.random.normal(72, 4, 1))),
    ]


def glucose_meter(context: Context) -> list[Series]:
    """Once in the morning, before breakfast."""
    at = np.array([next(stay.begin for stay in context.stays if stay.what == "meal") * 60 - 120])
    return [Series("blood_glucose", at, np.round(context.random.normal(6.2, 0.7, 1), 1))]


def pill_box(context: Context) -> list[Series]:
    """After each meal; some are forgotten."""
    at = np.array([stay.end * 60 + 120 for stay in context.stays if stay.what == "meal"])
    at = at[context.random.random(len(at)) < 0.9]
    return [Series("pill_taken", at, np.ones(len(at)))]


def doorbell(context: Context) -> list[Series]:
    """Visitors ring."""
    at = np.array([stay.begin * 60 - 30 for stay in context.stays if stay.what == "visit"])
    return [Series("doorbell", at, np.ones(len(at)))]


def call_point(context: Context) -> list[Series]:
    """She says each morning that she is fine; at its cadence it says that nobody calls."""
    at = np.array([next(stay.end for stay in context.stays if stay.what == "meal") * 60 + 600])
    return [Series("ok_pressed", at, np.ones(1)), _quiet(context, "sos")]


def climate(context: Context) -> list[Series]:
    """A heated room: coolest before dawn."""
    at = context.steady()
    curve = 20 + 1.5 * np.sin((at / 86400 - 0.4) * 2 * np.pi)
    return [
        Series("temperature", at, np.round(curve + context.random.normal(0, 0.1, len(at)), 1)),
        Series("humidity", at, np.round(context.random.normal(55, 2, len(at)))),
    ]


def _counter(context: Context, flow: F8, at: F8, per_day: float) -> F8:
    """A meter's total: a fixed amount per day, spread over the day as it flows."""
    spread = np.cumsum(flow)
    share = spread / spread[-1] if spread[-1] else np.linspace(0, 1, len(at))
    return np.round((context.on - EPOCH).days * per_day + share * per_day, 2)


def water_meter(context: Context) -> list[Series]:
    """Litres: the toilet, the kitchen."""
    at = context.steady()
    uses = np.array([stay.end * 60 for stay in context.stays if stay.what in ("toilet", "meal")])
    second = np.sort(np.concatenate([at, uses]))
    flow = np.isin(second, uses).astype(np.float64)
    return [Series("water_volume", second, _counter(context, flow, second, 90))]


def electricity_meter(context: Context) -> list[Series]:
    """Watts by what she does, and their sum."""
    at = context.steady()
    watts: F8 = np.where(context.at(at, "meal"), 900.0, np.where(context.at(at, "rest", "seat", "visit"), 140.0, 55.0))
    watts = np.round(watts * context.random.uniform(0.85, 1.15, len(at)))
    return [Series("power", at, watts), Series("energy", at, _counter(context, watts, at, 4.0))]


def gateway(context: Context) -> list[Series]:
    """The home terminal says that it has mains power."""
    at = context.steady()
    return [Series("mains", at, np.ones(len(at)))]


SIGNALS: dict[str, Callable[[Context], list[Series]]] = {
    "sos": sos, "radar": radar, "door": door, "motion": motion, "presence": presence, "bed": bed,
    "wristband": wristband, "blood_pressure": blood_pressure, "climate": climate, "water_meter": water_meter,
    "electricity_meter": electricity_meter, "gateway": gateway, "steady": steady, "gas": air("gas"),
    "co": air("co"), "glucose_meter": glucose_meter, "pill_box": pill_box, "doorbell": doorbell,
    "call_point": call_point,
}  # fmt: skip
