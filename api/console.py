"""The operators' console: the files that Vite has built into api/static."""

from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import NotModifiedResponse

from api.encodings import chosen
from api.errors import ApiError

STATIC = Path(__file__).parent / "static"
NOT_BUILT = """The console is not built yet. Build it with

    npm --prefix console ci && npm --prefix console run build

The API is at /api/v1, its document at /api/docs of the site's own listener (SHOUWANG_OPS_PORT).
"""
FORMS = {"br": ".br", "gzip": ".gz"}  # console/vite.config.ts wrote them beside each text file
FOREVER = "public, max-age=31536000, immutable"  # Vite puts a hash of the content into the name
router = APIRouter(include_in_schema=False)


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def console(path: str, request: Request) -> Response:
    """A built file, or index.html for the console's own addresses."""
    if path == "api" or path.startswith("api/"):
        raise ApiError(404, "not_found", "没有这个地址 (there is no such address)")
    file = _file(path)
    if file:
        return _send(file, request, FOREVER if path.startswith("assets/") else "no-cache")
    if path.startswith("assets/"):
        raise ApiError(404, "not_found", "没有这个文件 (there is no such file)")
    index = _file("index.html")
    if index is None:
        return PlainTextResponse(NOT_BUILT)
    return _send(index, request, "no-cache")


def _file(path: str) -> Path | None:
    """The file behind a path; None when there is none, it would lie outside the folder, or is a form of another."""
    if "\0" in path or len(path) > 500 or path.endswith(tuple(FORMS.values())):
        return None
    file = (STATIC / path).resolve()
    return file if file.is_relative_to(STATIC.resolve()) and file.is_file() else None


def _send(file: Path, request: Request, cache: str) -> Response:
    """The file, in the smallest form that is there and the browser takes."""
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    forms = {coding: form for coding, end in FORMS.items() if (form := file.with_name(file.name + end)).is_file()}
    coding = chosen(request.headers, list(forms))
    if coding:
        headers["Content-Encoding"] = coding
    sent = forms.get(coding or "", file)
    kind = guess_type(file.name)[0] or "application/octet-stream"
    response = FileResponse(sent, headers=headers, media_type=kind, stat_result=sent.stat())
    if coding:  # each form has a tag of its own: what a browser keeps must never be taken for another
        response.headers["etag"] = f'{response.headers["etag"][:-1]}-{coding}"'
    return NotModifiedResponse(response.headers) if _is_kept(request, response.headers["etag"]) else response


def _is_kept(request: Request, tag: str) -> bool:
    """Whether the browser says that it has this; a proxy may have made the tag a weak one."""
    return tag in [kept.strip().removeprefix("W/") for kept in request.headers.get("if-none-match", "").split(",")]
