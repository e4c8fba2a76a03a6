"""From what a vendor sent to what the catalogue means: units, plausible ranges, clocks. Pure."""

from core.catalogue import Kind, Metric
from core.clock import micros
from core.model import Note
from core.packed import Flag
from core.settings import Settings
from ingest.formats import FormatError

# (unit as sent, unit of the catalogue): factor, offset. Names as in the IANA registry "SenML Units" (RFC 8428, 8798).
CONVERSIONS: dict[tuple[str, str], tuple[float, float]] = {
    ("Cel", "°C"): (1, 0),
    ("K", "°C"): (1, -273.15),
    ("%RH", "%"): (1, 0),
    ("%EL", "%"): (1, 0),
    ("/", "%"): (100, 0),
    ("beat/min", "1/min"): (1, 0),
    ("1/s", "1/min"): (60, 0),
    ("Hz", "1/min"): (60, 0),
    ("l", "L"): (1, 0),
    ("m3", "L"): (1000, 0),
    ("kW", "W"): (1000, 0),
    ("Wh", "kWh"): (0.001, 0),
    ("J", "kWh"): (1 / 3.6e6, 0),
    ("Pa", "mmHg"): (0.00750062, 0),
    ("hPa", "mmHg"): (0.750062, 0),
    ("kPa", "mmHg"): (7.50062, 0),
    ("dBW", "dBm"): (1, 30),
    ("mg/dL", "mmol/L"): (0.0555, 0),  # glucose, 180.16 g/mol: nothing else is measured in it
    ("A", "mA"): (1000, 0),
    ("count", ""): (1, 0),
}


def in_unit(value: float, unit: str | None, metric: Metric) -> float:
    """`value` in the metric's own unit; raises FormatError when the unit is not one that can be converted."""
    if unit is None or unit == metric.unit:
        return value
    try:
        factor, offset = CONVERSIONS[unit, metric.unit]
    except KeyError:
        raise FormatError(
            "unknown_unit", f"{metric.name}: unit {unit!r} can't be read as {metric.unit or 'a plain number'!r}"
        ) from None
    return value * factor + offset


def plausible(value: float, metric: Metric) -> str | None:
    """Why the value can't be true, or None."""
    if not metric.low <= value <= metric.high:
        return f"{metric.name}: {value:g} is outside {metric.low:g} to {metric.high:g} {metric.unit}".rstrip()
    if metric.kind in (Kind.BINARY, Kind.EVENT) and value not in (0, 1):
        return f"{metric.name}: {value:g} is neither 0 nor 1"
    return None


class Clock:
    """Believes device time within bounds (settings clock_ahead, clock_behind), else takes the time of receipt."""

    def __init__(self, settings: Settings) -> None:
        self._ahead = micros(settings.clock_ahead)
        self._behind = micros(settings.clock_behind)
        self._late = micros(settings.late_after)

    def judge(self, ts: int | None, received: int) -> tuple[int, int]:
        """(time to store in µs, flags) for a device time in µs, None when it said none."""
        if ts is None:
            return received, 0
        if not self._credible(ts, received):
            return received, Flag.CLOCK.value
        return ts, Flag.LATE.value if ts < received - self._late else 0

    def doubt(self, ts: int, received: int) -> Note:
        """What its vendor is told of a time that was not believed."""
        if self._credible(ts * 1000, received):
            return Note.CLOCK_SECONDS
        return Note.CLOCK_AHEAD if ts > received else Note.CLOCK_BEHIND

    def _credible(self, ts: int, received: int) -> bool:
        return received - self._behind <= ts <= received + self._ahead
