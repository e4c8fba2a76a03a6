"""What registrars write of homes: the home, its people and contacts, the photo of its door, the list of categories."""

from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Depends, Path, Request, Response
from psycopg import Connection

from api.access import Db, Now, Shared, may
from api.accounts.store import Caller
from api.errors import ApiError, documented, invalid, not_found
from api.homes import store
from api.homes.models import Home
from api.homes.people_models import CategoryCode, CategoryEdit, CategoryItem, HomeEdit, is_phone
from api.values import V1, Id
from core.roles import Permission
from registry import fields, photo_store
from registry import people_store as people
from registry.photo import PhotoError, rewrite

router = APIRouter(prefix=V1, tags=["homes"])
CONTRADICTS = "纬度和经度要一起填；协议到期不能早于协议开始"
HomeId = Annotated[Id, Path()]
Reads = Annotated[Db, may(Permission.HOMES_READ)]
Registrar = Annotated[Db, may(Permission.REGISTER_WRITE)]
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "the photo"}}
PICTURE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put("/homes/{home_id}", responses=documented(401, 403, 404, 409))
def write_home(home_id: HomeId, body: HomeEdit, db: Registrar, now: Now, shared: Shared) -> Home:
    """Change what is known of a home and its people. Who is missing from `residents` is deleted."""
    home, residents, contacts = _taken(body, db.me)
    local = now.astimezone(shared.settings.zone)
    with db.begin() as conn:
        _visible(conn, home_id)
        try:
            people.save(conn, home_id, body.revision, home, residents, contacts)
        except people.ConflictError:
            raise ApiError(
                409, "conflict", "档案刚被别人改过，请重新打开再改 (somebody else has just changed this home)"
            ) from None
        except psycopg.errors.ForeignKeyViolation:
            raise invalid("residents", "a category is not in the list of categories", zh="类别不在类别表里") from None
        except psycopg.errors.UniqueViolation:
            raise invalid(
                "residents", "two people of one home can't have the same name", zh="同一户的两个人不能同名"
            ) from None
        except psycopg.errors.CheckViolation:
            raise invalid(
                "body", "latitude and longitude go together; an agreement ends after it begins", zh=CONTRADICTS
            ) from None
        found = store.get_home(conn, db.me, home_id, shared.settings.timezone, local)
    if found is None:
        raise not_found("住户")
    return found


def _taken(body: HomeEdit, me: Caller) -> tuple[dict[str, Any], Any, Any]:
    """What was given, as the registry takes it; 403 where a field is not the caller's to see, 422 where it is wrong."""
    given = body.model_dump(exclude_unset=True, exclude={"revision", "contacts"})
    residents = given.pop("residents", None)
    contacts = [one.model_dump() for one in body.contacts] if "contacts" in body.model_fields_set else None
    everybody = [(one.pop("id", None), one.pop("name"), one) for one in residents or ()]
    used = {*given, *(name for _, _, one in everybody for name in one)}
    _allowed(used | (set() if contacts is None else {"contacts"}), me)
    numbers = [number for _, _, one in everybody for number in one.get("phones", ())]
    numbers += [number for one in contacts or () for number in (one["phone"], *one["other_phones"])]
    for number in numbers:
        if not is_phone(number):
            raise invalid("phone", f"{number!r} is not a telephone number", zh=f"“{number}”不是电话号码")
    for values in (given, *(one for _, _, one in everybody)):
        if wrong := fields.contradiction(values):
            raise invalid(*wrong, zh=CONTRADICTS)
    return given, None if residents is None else everybody, contacts


def _allowed(used: set[str], me: Caller) -> None:
    sees = me.permissions
    mine = {"address", *fields.visible((*fields.HOME, *fields.PERSON), sees)}
    mine |= {"contacts"} if fields.CONTACTS in sees else set()
    if used - mine:
        raise ApiError(
            403, "forbidden", "此账号无权修改这些内容 (this account may not change these)", fields=sorted(used - mine)
        )


def _visible(conn: Connection, home_id: int) -> None:
    if not store.is_visible(conn, home_id):
        raise not_found("住户")


async def _picture(request: Request, _db: Registrar) -> bytes:
    """The body, read only once it is known who sends it; the middleware bounds it."""
    return await request.body()


@router.get("/homes/{home_id}/photo", response_class=Response, responses=JPEG | documented(401, 403, 404))
def get_photo(home_id: HomeId, db: Reads) -> Response:
    """The door, as a JPEG of at most 1280 pixels."""
    with db.begin() as conn:
        _visible(conn, home_id)
        found = photo_store.read(conn, home_id)
    if found is None:
        raise not_found("照片")
    return Response(found, media_type="image/jpeg")


@router.put("/homes/{home_id}/photo", status_code=204, responses=documented(401, 403, 404), openapi_extra=PICTURE)
def write_photo(home_id: HomeId, db: Registrar, picture: Annotated[bytes, Depends(_picture)], now: Now) -> None:
    """Take a JPEG, PNG or WebP of at most 8 MiB. It is written anew: small, upright, without place, time or device."""
    try:
        jpeg = rewrite(picture)
    except PhotoError as error:
        raise invalid("body", str(error), zh="照片读不了：请用 8 MB 以内的 JPEG、PNG 或 WebP") from None
    with db.begin() as conn:
        _visible(conn, home_id)
        photo_store.write(conn, home_id, jpeg, now)


@router.delete("/homes/{home_id}/photo", status_code=204, responses=documented(401, 403, 404))
def remove_photo(home_id: HomeId, db: Registrar) -> None:
    """Delete the photo."""
    with db.begin() as conn:
        _visible(conn, home_id)
        if not photo_store.remove(conn, home_id):
            raise not_found("照片")


@router.get("/categories", responses=documented(401, 403))
def list_categories(db: Reads) -> list[CategoryItem]:
    """Kinds of hardship by which the bureau serves people, in its order."""
    with db.begin() as conn:
        return [CategoryItem(code=c, zh=zh, en=en, offered=on) for c, zh, en, on in people.category_rows(conn)]


@router.put("/categories/{code}", status_code=204, responses=documented(401, 403))
def write_category(code: CategoryCode, body: CategoryEdit, db: Registrar, now: Now) -> None:
    """Add a category, change its names, or withdraw it: who has it keeps it."""
    with db.begin() as conn:
        people.write_category(conn, code, body.zh, body.en, body.position, None if body.offered else now)
