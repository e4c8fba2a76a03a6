"""What a caller may see and do of homes, by role."""

from typing import Annotated

from fastapi import Depends

from api.access import Operator
from api.accounts.store import Caller
from api.errors import ApiError
from core.model import Role
from registry import fields

EVERYTHING = frozenset({fields.HOMES, fields.SEEN, fields.CONTACTS, fields.HEALTH})


def permissions(me: Caller) -> frozenset[str]:
    """The permissions of the caller's role that concern homes and people."""
    return frozenset() if me.is_vendor else EVERYTHING


def registrar(me: Operator) -> Caller:
    """Who may write the register; 403 for others."""
    if me.role != Role.ADMIN:
        raise ApiError(403, "forbidden", "此账号无权修改档案 (this account may not change the register)")
    return me


Registrar = Annotated[Caller, Depends(registrar)]
