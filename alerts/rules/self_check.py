"""系统自检失败：自检信号没有走完“消息服务器→接收→数据库→判断→值班台”的全程，真正的险情也可能报不上来。立即联系技术人员。

A virtual terminal sends a reading every few seconds by the way an emergency takes. The alert opens when none has come
round for 15 s (own choice: a program that is restarted is back sooner). It is raised by the program that sends the
readings, `shouwang canary`, and not by the engine, because a stopped engine is one of the things it must report.
"""

from dataclasses import dataclass
from datetime import timedelta

from core.model import Severity

TITLE_ZH, TITLE_EN = "系统自检失败", "Self-check failed"
SEVERITY = Severity.EMERGENCY
SCENARIO = "device"
METRICS = ("canary",)
CLEAR_AFTER = timedelta(0)
BACKOFF = None  # never only shown
RAISED_BY = "canary"


@dataclass(frozen=True)
class Params:
    """None: `SHOUWANG_CANARY_LATE` is the limit."""
