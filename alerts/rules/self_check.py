"""What to do: Call the technician at once: real emergencies may not come through. Until it is mended, telephone those
who are most at risk.

What it sees: A virtual terminal sends a signal every few seconds by the way an emergency takes: broker, ingest,
database, engine, console.

Limits: None has come round for 15 s (own choice: a program that is restarted is back sooner). It is raised by the
program that sends the signals and not by the engine, because a stopped engine is one of the things it must report.

When it ends: Cleared when a signal comes round again; a person still closes it, for emergencies may have been
missed in the gap.
"""

from dataclasses import dataclass
from datetime import timedelta

from core.model import Severity

TITLE_ZH, TITLE_EN = "系统自检失败", "Self-check failed"
ABOUT_ZH = (
    "怎么办：立即联系技术人员：真正的险情也可能报不上来。修好之前，用电话逐户问候重点老人。\n"
    "看什么：虚拟终端每几秒发出一个自检信号，走完险情上报的全程：消息服务器、接收、数据库、判断、值班台。\n"
    "界限：15 秒没有一个信号走完全程（自定：程序重启比这快）。由发信号的程序报警，而不由判断程序报警，因为判断程"
    "序停了也要能报。\n"
    "何时结束：信号又走完全程就标为“已解除”，仍由值班员问过后办结：中断的那段时间可能漏掉了险情。"
)
SEVERITY = Severity.EMERGENCY
SCENARIO = "device"
METRICS = ("canary",)
CLEAR_AFTER = timedelta(0)
BACKOFF = None  # never only shown
RAISED_BY = "canary"


@dataclass(frozen=True)
class Params:
    """None: `SHOUWANG_CANARY_LATE` is the limit."""
