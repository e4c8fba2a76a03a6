"""Who may do what: the one table that the API asks, the console's menus follow and docs/security.md shows.

A role says what; the account's area, or its vendor, says whose. Both are held: the permission by the API, the scope by
the database.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Role(StrEnum):
    """What an account is for."""

    READER = "reader"
    OPERATOR = "operator"
    CHIEF = "chief"
    REGISTRAR = "registrar"
    INSTALLER = "installer"
    FIELD_WORKER = "field_worker"
    VENDOR = "vendor"  # the only one without an area: sees what is its own
    SITE_ADMIN = "site_admin"


class Permission(StrEnum):
    """One thing that somebody may do."""

    ALERTS_READ = "alerts.read"
    ALERTS_NOTE = "alerts.note"
    ALERTS_ANSWER = "alerts.answer"
    RECORDS_READ = "records.read"
    HOMES_READ = "homes.read"
    PEOPLE_READ = "people.read"
    PEOPLE_CONTACTS = "people.contacts"
    PEOPLE_HEALTH = "people.health"
    READINGS_READ = "readings.read"
    DEVICES_READ = "devices.read"
    DEVICES_WRITE = "devices.write"
    REGISTER_WRITE = "register.write"
    POLICY_WRITE = "policy.write"
    DEAD_LETTERS_READ = "dead_letters.read"
    DEAD_LETTERS_REPLAY = "dead_letters.replay"
    HEALTH_READ = "health.read"
    ACCOUNTS_MANAGE = "accounts.manage"


P = Permission
ABOUT = MappingProxyType(
    {
        P.ALERTS_READ: ("看报警和实时消息", "see alerts, also as they come"),
        P.ALERTS_NOTE: ("给报警写备注", "remark on an alert"),
        P.ALERTS_ANSWER: ("接警、派人、办结、撤销", "acknowledge, dispatch, resolve, undo"),
        P.RECORDS_READ: ("看办结记录", "see the record of what was answered"),
        P.HOMES_READ: ("看住户编号和地址", "see homes: code and address"),
        P.PEOPLE_READ: ("看老人姓名、出生日期", "see who lives there: name, date of birth"),
        P.PEOPLE_CONTACTS: ("看联系人和电话", "see whom to call, with telephone numbers"),
        P.PEOPLE_HEALTH: ("看疾病、用药和备注", "see illnesses, medication, remarks on a person"),
        P.READINGS_READ: ("看设备测得的数值", "see what devices measure"),
        P.DEVICES_READ: ("看设备", "see devices"),
        P.DEVICES_WRITE: ("登记、移装、停用设备", "install, move and retire devices"),
        P.REGISTER_WRITE: ("维护住户和老人档案", "keep the register of homes and people"),
        P.POLICY_WRITE: ("调整规则的取值", "change the values of rules"),
        P.DEAD_LETTERS_READ: ("看被拒消息", "see refused messages"),
        P.DEAD_LETTERS_REPLAY: ("重新处理被拒消息", "replay refused messages"),
        P.HEALTH_READ: ("看系统运行状况", "see whether the watch is kept"),
        P.ACCOUNTS_MANAGE: ("管理账号", "manage accounts"),
    }
)


class Office(NamedTuple):
    """A role in words, and what it may do."""

    zh: str
    en: str
    may: frozenset[Permission]


_SEES = frozenset({P.ALERTS_READ, P.HOMES_READ, P.PEOPLE_READ, P.READINGS_READ, P.DEVICES_READ, P.HEALTH_READ})
_ANSWERS = _SEES | {
    P.ALERTS_NOTE, P.ALERTS_ANSWER, P.RECORDS_READ, P.PEOPLE_CONTACTS, P.PEOPLE_HEALTH,
    P.DEAD_LETTERS_READ, P.DEAD_LETTERS_REPLAY,
}  # fmt: skip
ROLES = MappingProxyType(
    {
        Role.READER: Office("查看员", "reader", _SEES | {P.RECORDS_READ}),
        Role.OPERATOR: Office("值班员", "operator", _ANSWERS),
        Role.CHIEF: Office("值班长", "chief", _ANSWERS | {P.POLICY_WRITE}),
        Role.REGISTRAR: Office(
            "登记员", "registrar",
            frozenset({
                P.HOMES_READ, P.PEOPLE_READ, P.PEOPLE_CONTACTS, P.PEOPLE_HEALTH, P.REGISTER_WRITE,
                P.DEVICES_READ, P.DEVICES_WRITE, P.DEAD_LETTERS_READ, P.DEAD_LETTERS_REPLAY,
            }),
        ),
        Role.INSTALLER: Office("安装员", "installer", frozenset({P.HOMES_READ, P.DEVICES_READ, P.DEVICES_WRITE})),
        Role.FIELD_WORKER: Office(
            "走访员", "field worker", _SEES | {P.ALERTS_NOTE, P.PEOPLE_CONTACTS, P.PEOPLE_HEALTH}
        ),
        Role.VENDOR: Office(
            "厂商", "vendor",
            frozenset({P.DEVICES_READ, P.READINGS_READ, P.DEAD_LETTERS_READ, P.DEAD_LETTERS_REPLAY}),
        ),
        Role.SITE_ADMIN: Office(
            "系统管理员", "site administrator",
            frozenset({
                P.ACCOUNTS_MANAGE, P.HEALTH_READ, P.DEVICES_READ, P.DEAD_LETTERS_READ, P.DEAD_LETTERS_REPLAY,
            }),
        ),
    }
)  # fmt: skip


def may(role: str, permission: Permission) -> bool:
    """Whether somebody of that role may do it."""
    return permission in ROLES[Role(role)].may
