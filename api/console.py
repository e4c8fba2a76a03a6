"""The operators' console: the files that Vite has built into api/static."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import NotModifiedResponse

from api.errors import ApiError

STATIC = Path(__file__).parent / "static"
NOT_BUILT = """The console is not built yet. Build it with

    npm --prefix console ci && npm --prefix console run build

The API is at /api/v1, its document at /api/docs of the site's own listener (SHOUWANG_OPS_PORT).
"""
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
    """The file behind a path; None when there is none, or it would lie outside the folder."""
    if "\0" in path or len(path) > 500:
        return None
    file = (STATIC / path).resolve()
    return file if file.is_relative_to(STATIC.resolve()) and file.is_file() else None


def _send(file: Path, request: Request, cache: str) -> Response:
    response = FileResponse(file, headers={"Cache-Control": cache}, stat_result=file.stat())
    if request.headers.get("if-none-match") == response.headers["etag"]:
        return NotModifiedResponse(response.headers)
    return response
