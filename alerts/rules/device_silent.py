"""What to do: See whether it is the power, the network or the device: ask somebody in the home by telephone to look at
plug and router, then the vendor or the grid worker. Until it is back the home is not fully watched: call more
often.

What it sees: When each device was last heard, and whether its connection to the broker is gone.

Limits: Nothing for longer than the device's type allows (about two of its reporting periods, see the catalogue), or
a connection gone for ten minutes (own choice: routers restart). Silence is never taken for safety. A silent gateway
leaves the whole home unwatched and asks for attention; other devices are maintenance.

When it ends: By itself, when all of the home's devices have been heard again for one minute, whoever has answered
and however far.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Fleet
from alerts.judging.params import limit
from alerts.lifecycle.backoff import Backoff
from alerts.rules._common import (
    Rows,
    device_names,
    en_duration,
    evidence,
    iso,
    one_per_home,
    watching_since,
    zh_duration,
)
from core.arrays import F8
from core.clock import MINUTE, SECOND
from core.model import Severity

TITLE_ZH, TITLE_EN = "设备失联", "Device silent"
ABOUT_ZH = (
    "怎么办：先看是停电、断网还是设备坏了：打电话请家里人看看电源和网络；联系厂商或网格员处理。恢复之前，这一户的"
    "守护不完整，请用电话多问候。\n"
    "看什么：每台设备最后一次有消息的时间，以及它与消息服务器的连接是否中断。\n"
    "界限：超过这类设备规定的时间没有消息（约为上报周期的两倍，见设备目录），或连接中断超过 10 分钟（自定：路由器"
    "重启要几分钟）。没有消息决不当作平安。家庭终端（网关）失联使整户无人守护，按“注意”处理；其他设备按“维护”处理。\n"
    "何时结束：本户所有设备都恢复消息满 1 分钟，自动办结，不论是谁、已处理到哪一步。"
)
SEVERITY = Severity.MAINTENANCE
SCENARIO = "device"
METRICS = ("online",)
CLEAR_AFTER = timedelta(minutes=1)
BACKOFF = Backoff()
RECOVERS = True


@dataclass(frozen=True)
class Params:
    """How long a lost connection is tolerated."""

    offline_minutes: F8 = limit(10, 2, 60, "min", "断线多久报警", "how long a connection may be lost", sooner="lower")


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes with a silent device; the gateway stands for the home, then the newest, for the others may be known."""
    cut = np.zeros(len(fleet.device_ids), bool)
    cut[_cut_off(fleet, now, params)] = True
    mute = cut.copy()
    mute[_unheard(fleet, now)] = True
    silent = np.flatnonzero(mute)
    known = np.where(cut[silent], fleet.column("online").since[silent], _known(fleet, now, silent))
    gateway = _gateways(fleet, silent)
    count = np.bincount(fleet.device_home[silent], minlength=len(fleet.home_ids))
    worst = one_per_home(fleet.device_home[silent], known / (now + 1) + gateway)
    rows, known, gateway = silent[worst], known[worst], gateway[worst]

    def show(position: int) -> Evidence:
        row = int(rows[position])
        zh, en = device_names(fleet, row)
        quiet, others = float(now - known[position]), int(count[fleet.device_home[row]]) - 1
        texts = f"已 {zh_duration(quiet)}没有消息", f"has been silent for {en_duration(quiet)}"
        if cut[row]:
            texts = f"连接中断已 {zh_duration(quiet)}", f"lost its connection {en_duration(quiet)} ago"
        more = (
            (f"；本户共 {others + 1} 台失联", f"; {others + 1} devices of this home are lost") if others else ("", "")
        )
        return evidence(
            fleet, row, f"{zh}{texts[0]}{more[0]}", f"The {en} {texts[1]}{more[1]}", since=iso(known[position]),
            reason="cut_off" if cut[row] else "unheard", silent_devices=others + 1,
            silent_after_seconds=int(fleet.silent_after[row]) // SECOND,
        )  # fmt: skip

    severity = [Severity.ATTENTION if one else SEVERITY for one in gateway]
    return Findings.of(
        fleet.device_home[rows], known, severity=severity, evidence=show, device=rows.astype(np.int32),
        clear=count == 0,
    )  # fmt: skip


def _unheard(fleet: Fleet, now: int) -> Rows:
    """Devices of which nothing was heard for longer than their type allows, nor were they installed since."""
    rows = np.flatnonzero(fleet.last_seen < now - fleet.silent_after)
    unheard: Rows = rows[now - _known(fleet, now, rows) > fleet.silent_after[rows]]
    return unheard


def _cut_off(fleet: Fleet, now: int, params: Params) -> NDArray[np.int32]:
    """Devices whose connection has been gone for too long."""
    online = fleet.column("online")
    soonest = params.offline_minutes.min(initial=np.inf) * MINUTE  # in no home sooner
    gone = np.flatnonzero((online.value == 0) & (online.since < now - soonest))
    return online.device[gone[online.since[gone] < now - params.offline_minutes[online.home[gone]] * MINUTE]]


def _known(fleet: Fleet, now: int, rows: Rows) -> NDArray[np.int64]:
    """Since when devices are silent (µs): the last word, or from when one could be expected."""
    return np.maximum(np.maximum(fleet.last_seen[rows], fleet.installed_at[rows]), watching_since(fleet, now))


def _gateways(fleet: Fleet, rows: Rows) -> NDArray[np.bool_]:
    return np.array([kind.code == "gateway" for kind in fleet.types] or [False])[fleet.device_type[rows]]
