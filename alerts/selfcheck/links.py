"""Which link of the chain is broken, and how an operator is told. Pure; times are microseconds, `now` an argument."""

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

MOST_UNDER_WAY = 1000  # signals remembered while none comes back


class Link(StrEnum):
    """A part of the way from a terminal to the operator."""

    BROKER = "broker"
    DATABASE = "database"
    INGEST = "ingest"
    ENGINE = "engine"
    API = "api"
    QUEUE = "queue"  # whole, but the broker keeps so much for absent programs that it will soon drop messages
    SESSION = "session"  # whole, but one of our programs' sessions at the broker was taken over


class Words(NamedTuple):
    """What an operator reads."""

    zh: str
    en: str


CALL_ZH = "真正的险情也可能报不上来。请立即联系技术人员，并用电话联系重点老人。"
CALL_EN = "Real emergencies may not arrive either. Call the technician now, and phone those most at risk."
WORDS = MappingProxyType(
    {
        Link.BROKER: Words(
            f"消息服务器没有收下自检信号。{CALL_ZH}", f"The message broker takes no messages. {CALL_EN}"
        ),
        Link.DATABASE: Words(f"数据库无法访问。{CALL_ZH}", f"The database can't be reached. {CALL_EN}"),
        Link.INGEST: Words(
            f"设备消息没有存入数据库：数据接收程序没有工作。{CALL_ZH}",
            f"Messages are not stored: the ingest program does not work. {CALL_EN}",
        ),
        Link.ENGINE: Words(
            f"设备消息已存入，但没有人判断：报警判断程序没有工作。{CALL_ZH}",
            f"Messages are stored but not judged: the alert engine does not work. {CALL_EN}",
        ),
        Link.API: Words(
            f"报警已判断，但送不到值班台：值班台服务没有工作。{CALL_ZH}",
            f"Alerts are judged but do not reach the console: the API does not work. {CALL_EN}",
        ),
        Link.QUEUE: Words(
            f"消息服务器积压过多，再满就会丢消息：数据接收程序可能没有工作，或有厂商大量发送。{CALL_ZH}",
            "The broker keeps so much that it will drop messages, or has: the ingest program does not take them, or a"
            f" vendor floods. {CALL_EN}",
        ),
        Link.SESSION: Words(
            f"系统程序在消息服务器上的连接被另一个连接顶替：可能有人冒用，也可能是线路断后重连。{CALL_ZH}",
            "Another connection took over one of our programs' sessions at the broker: an intruder, or the program"
            f" itself after a broken line. {CALL_EN}",
        ),
    }
)


@dataclass(slots=True)
class Signal:
    """How far one signal came, as far as is known."""

    taken: bool = False  # the broker acknowledged it
    judged: bool = False  # the engine announced it


@dataclass(slots=True)
class Rounds:
    """The signals under way since the last one that came back; by the time they were sent, the oldest first."""

    late: int  # µs after which a signal counts as lost
    under_way: dict[int, Signal] = field(default_factory=dict)
    round_trip: int | None = None  # µs, of the last that came back
    came_back: int | None = None  # when

    def sent(self, at: int) -> None:
        """A signal is on its way."""
        if len(self.under_way) < MOST_UNDER_WAY:
            self.under_way[at] = Signal()

    def back(self, sent: int, now: int) -> None:
        """A signal was heard on the operators' stream; what was sent before it is no longer waited for."""
        if sent not in self.under_way:
            return
        self.round_trip, self.came_back = now - sent, now
        self.under_way = {at: signal for at, signal in self.under_way.items() if at > sent}

    def overdue(self, now: int) -> int | None:
        """When the oldest signal that should have been back was sent; None when all is well."""
        oldest = next(iter(self.under_way), None)
        return oldest if oldest is not None and now - oldest > self.late else None


def broken(signal: Signal, *, connected: bool, database: bool, stored: bool) -> Link:
    """The first link that an overdue signal did not pass."""
    if not database:
        return Link.DATABASE
    if signal.judged:
        return Link.API
    if stored:
        return Link.ENGINE
    return Link.INGEST if connected and signal.taken else Link.BROKER
