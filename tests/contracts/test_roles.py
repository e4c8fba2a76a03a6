"""Roles and permissions: one table, from which the document is written."""

from core.roles import ABOUT, ROLES, Permission, Role


def test_every_role_and_permission_has_words_in_both_languages():
    assert set(ROLES) == set(Role)
    assert set(ABOUT) == set(Permission)
    assert all(zh and en for zh, en in ABOUT.values())
    assert all(office.zh and office.en and office.may for office in ROLES.values())


def test_nobody_who_does_not_answer_may_and_whoever_answers_sees_whom_to_call():
    answering = {role for role, office in ROLES.items() if Permission.ALERTS_ANSWER in office.may}
    assert answering == {Role.OPERATOR, Role.CHIEF}
    for role in answering:
        assert ROLES[role].may >= {Permission.ALERTS_READ, Permission.ALERTS_NOTE, Permission.PEOPLE_CONTACTS}


def test_an_installer_and_a_site_administrator_see_nothing_of_health_or_people():
    private = {
        Permission.PEOPLE_READ, Permission.PEOPLE_CONTACTS, Permission.PEOPLE_HEALTH, Permission.READINGS_READ,
        Permission.ALERTS_READ,
    }  # fmt: skip
    assert not private & (ROLES[Role.INSTALLER].may | ROLES[Role.SITE_ADMIN].may)
