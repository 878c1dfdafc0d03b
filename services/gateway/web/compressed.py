"""Pages and web files compressed for browsers.

What programs read (JSON, NDJSON) and what is packed already (xlsx, parquet, tar) goes out as it is, live events above
all: they must leave at once.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

LEVEL = 4  # a page is made anew for each reader: higher ones take half as long again, and save a twentieth
AS_THEY_ARE = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/*")
TEXTS = (".css", ".js", ".svg")


class WebFiles(StaticFiles):
    """The files of the web app, each compressed once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, compressed for who takes that."""
        response = await super().get_response(path, scope)
        if not isinstance(response, FileResponse) or not path.endswith(TEXTS):
            return response
        response.headers["Vary"] = "Accept-Encoding"
        asked = Headers(scope=scope)
        if "gzip" not in asked.get("Accept-Encoding", "") or "Range" in asked:
            return response
        body = await run_in_threadpool(packed, str(response.path), response.headers["ETag"])
        kept = {name: response.headers[name] for name in ("Content-Type", "ETag", "Last-Modified", "Vary")}
        return Response(body, response.status_code, kept | {"Content-Encoding": "gzip"})


@cache
def packed(path: str, edition: str) -> bytes:
    """The file, compressed as far as it goes; `edition` is another when it was built anew."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)
