"""The codes of the API's failures: their statuses, what each means and what the caller does. A code never changes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

ErrorCode = Literal[
    "unauthenticated", "bad_credentials", "forbidden", "csrf", "not_found", "method_not_allowed", "too_large",
    "conflict", "held_by_other", "undo_refused", "invalid", "bad_cursor", "bad_range", "unknown_metric",
    "unknown_rule", "out_of_bounds",
    "too_many_points", "too_many_failures", "too_many_streams", "internal", "unavailable", "busy",
]  # fmt: skip


class Failure(NamedTuple):
    """HTTP statuses a code comes with, and what it means and what to do in both languages."""

    statuses: tuple[int, ...]
    zh: str
    en: str


FAILURES: Mapping[ErrorCode, Failure] = MappingProxyType(
    {
        "unauthenticated": Failure((401,), "没有登录，或登录已结束：重新登录", "not logged in, or no longer: log in"),
        "bad_credentials": Failure(
            (401,), "用户名或密码不正确，或账号已停用", "wrong user name or password, or the account is disabled"
        ),
        "forbidden": Failure(
            (403,),
            "此账号的角色不允许；`details.fields` 写明哪些内容",
            "the account's role does not allow it; `details.fields` names what of it, where it is about fields",
        ),
        "csrf": Failure(
            (403,), "缺少请求头 X-Shouwang: 1", "a change made with the session cookie lacks the header `X-Shouwang: 1`"
        ),
        "not_found": Failure(
            (404,),
            "不存在，或不在管辖范围内",
            "it does not exist, or lies outside the account's area, or is another vendor's",
        ),
        "method_not_allowed": Failure((405,), "这个地址不接受这种请求", "the address takes no such method"),
        "too_large": Failure((413,), "内容太长", "the body is too long"),
        "conflict": Failure(
            (409,),
            "别人先做了，或当前状态不允许：`details` 写明是谁、何时；重新读取再决定",
            "somebody else was first, or the state does not allow it: `details` says who and when; read it anew",
        ),
        "held_by_other": Failure(
            (409,), "别人正在处理：确认后带 `take_over` 再办结", "somebody else has it: ask, then say `take_over`"
        ),
        "undo_refused": Failure(
            (409,), "不能撤销：`details.reason` 写明原因", "it can't be taken back: `details.reason` says why"
        ),
        "invalid": Failure(
            (422,),
            "请求参数有误：`details.errors` 逐项写明",
            "the request is wrong: `details.errors` says where and what",
        ),
        "bad_cursor": Failure(
            (422,), "游标不是这个列表给的：从头读起", "the cursor is not one that this list gave: begin anew"
        ),
        "bad_range": Failure((422,), "开始时间应早于结束时间", "`from` must lie before `to`"),
        "unknown_rule": Failure((422,), "没有这条规则：见 `/catalogue`", "there is no such rule: see `/catalogue`"),
        "out_of_bounds": Failure(
            (422,),
            "超出规则允许的范围：说明里写明是哪个界限、出自哪项标准",
            "a rule does not take it: the message names the bound, and the standard that it comes from",
        ),
        "unknown_metric": Failure((422,), "没有这个指标：见 `/catalogue`", "there is no such metric: see `/catalogue`"),
        "too_many_points": Failure(
            (422,),
            "数据点超过上限（`details.limit`）：放宽间隔或缩短时间",
            "more points than `details.limit`: take a wider bucket or a shorter time",
        ),
        "too_many_failures": Failure(
            (429,), "登录失败次数过多：按 `Retry-After` 等待", "too many failed logins: wait as `Retry-After` says"
        ),
        "too_many_streams": Failure(
            (429, 503),
            "实时连接已满（429：此账号的；503：总数）：关闭多余的页面",
            "too many live connections, of this account (429) or in all (503): close some",
        ),
        "internal": Failure(
            (500,),
            "系统内部错误：把 `details.id` 告诉维护人员，日志里有",
            "a fault of ours: quote `details.id` to whoever runs the service; the log has it",
        ),
        "unavailable": Failure(
            (503,),
            "数据库暂时无法访问：按 `Retry-After` 再试",
            "the database is away: try again after `Retry-After`",
        ),
        "busy": Failure(
            (503,), "登录人数过多：按 `Retry-After` 再试", "too many are logging in: try again after `Retry-After`"
        ),
    }
)
