"""Why a message is refused: the codes, and what each means to a vendor and to an operator. What is stored bears one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from core.model import Note

RefusalCode = Literal[
    "bad_topic", "unknown_vendor", "bad_serial", "unknown_device", "retired_device", "device_in_stock", "too_large",
    "empty", "not_json", "not_senml", "no_values", "too_many", "not_a_number", "bad_status", "bad_time",
    "unknown_metric", "unknown_unit", "implausible", "session_taken", "refused_by_database", "internal_error",
]  # fmt: skip


class Meaning(NamedTuple):
    """What a code means and what to change, in both languages."""

    zh: str
    en: str


# In the order in which a message is looked at.
REFUSALS: Mapping[str, Meaning] = MappingProxyType(
    {
        "bad_topic": Meaning(
            "主题不合格式：应为 sw/v1/厂商/设备编号/telemetry、event 或 status",
            "the topic is not sw/v1/{vendor}/{device}/ and telemetry, event or status",
        ),
        "unknown_vendor": Meaning("主题里的厂商没有登记", "the topic names a vendor that is not registered"),
        "bad_serial": Meaning(
            "设备编号不合规定，无法登记：应为 1 到 64 个字母、数字或 _ . : -",
            "the device's name in the topic can't be a serial, so it can't be registered",
        ),
        "unknown_device": Meaning(
            "设备没有登记：消息已保存，登记后自动处理", "not registered yet; kept, and taken once it is"
        ),
        "retired_device": Meaning("设备已停用", "was taken out of service"),
        "device_in_stock": Meaning(
            "设备还在库里，没有装到住户家：按设备和日期计数；可能是求救的，全文保存并提示值班员",
            "hangs in no home yet: counted by device and day; a cry for help is kept whole and shown to people",
        ),
        "too_large": Meaning("一条消息超过 64 kB，请分成几条", "more than 64 kB in one message: send several"),
        "empty": Meaning("消息是空的", "the payload is empty"),
        "not_json": Meaning("内容不是 JSON，原因写明了位置", "the payload is not JSON; the reason says where"),
        "not_senml": Meaning("内容不合 SenML（RFC 8428）", "the payload is not SenML (RFC 8428)"),
        "no_values": Meaning("没有读到任何数值", "nothing in it is a value"),
        "too_many": Meaning("一条消息里的数值太多，请分成几条", "too many values in one message: send several"),
        "not_a_number": Meaning(
            "某一项不是数字，也不是是/否；其余各项已保存",
            "one field is neither a finite number nor true or false; the others are stored",
        ),
        "bad_status": Meaning("状态只能是 online 或 offline", "a status is online or offline"),
        "bad_time": Meaning(
            "时间读不懂：读数被拒；紧急信号按收到的时间处理",
            "the time can't be read: a reading is refused, an emergency is taken at the time of receipt",
        ),
        "unknown_metric": Meaning(
            "这种设备不测这一项；其余各项已保存", "this type of device does not measure that; the others are stored"
        ),
        "unknown_unit": Meaning(
            "单位不认识；其余各项已保存", "the unit is unknown; the message's other values are stored"
        ),
        "implausible": Meaning(
            "数值超出可能的范围；其余各项已保存", "beyond the plausible range; the message's other values are stored"
        ),
        "session_taken": Meaning(
            "不是消息：这台终端的连接被另一个同样标识的连接顶替。可能是断线后重连，也可能是两台用了同一套凭据或被冒用",
            "no message: a second connection used this terminal's client id while the first was open. It came back"
            " before its old connection was noticed to be dead (a shorter keepalive helps), or two use one id, or"
            " somebody has its credentials: ask for new ones",
        ),
        "refused_by_database": Meaning("数据库没有接受这个数值", "the database would not take the value"),
        "internal_error": Meaning(
            "是本系统的错误，不是厂商的：消息已保存，修好后重新处理",
            "our fault, not yours: the message is kept and replayed once it is mended",
        ),
    }
)


def meaning(code: str) -> Meaning:
    """What a code means; nothing of one that a later version stored."""
    return REFUSALS.get(code, Meaning("", ""))


# What is taken, and should still be mended at the device.
NOTES: Mapping[Note, str] = MappingProxyType(
    {
        Note.QOS_0: "publish with QoS 1",
        Note.RETAINED: "publish readings and emergencies without the retain flag",
        Note.CLOCK_SECONDS: "`ts` looks like epoch seconds; send milliseconds",
        Note.CLOCK_AHEAD: "the clock is ahead: set the terminal's clock (NTP)",
        Note.CLOCK_BEHIND: "the clock is behind: set the terminal's clock (NTP)",
        Note.THINNED: "it sent more than your quota allows: of each device and metric one reading in ten seconds was"
        " stored, changes once a second",
    }
)
