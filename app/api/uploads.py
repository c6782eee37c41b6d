"""An uploaded file on its way to disk: raw bytes, or the one file of a form. Never in memory."""

import errno
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from anyio import to_thread
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from app.api.guards import FORM_TYPE
from core.db.workspace import Workspace
from core.errors import InvalidInput, StorageFull

UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file's bytes, or a form with one file.",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            FORM_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


class Upload(NamedTuple):
    """A file that has arrived whole, in a folder that goes with the request."""

    path: Path
    name: str  # as the form names it; "" for raw bytes


@asynccontextmanager
async def received(workspace: Workspace, request: Request) -> AsyncIterator[Upload]:
    """The request's file on disk until the block ends.

    Raises InvalidInput when the client breaks off or the form is none, StorageFull.
    """
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    with tempfile.TemporaryDirectory(dir=workspace.folder("uploads")) as name, _named_errors():
        path = Path(name) / "upload"
        if media_type == FORM_TYPE.encode():
            upload = await _form_file(request, path, options.get(b"boundary", b""))
        else:
            upload = Upload(path, "")
            with path.open("wb") as file:
                async for piece in request.stream():
                    await to_thread.run_sync(file.write, piece)
        yield upload


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except ClientDisconnect as error:
        raise InvalidInput("The upload broke off.", remedy="Send the file again.") from error
    except FormParserError as error:
        raise InvalidInput("The form is malformed.", remedy="Send the file again.") from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise StorageFull(
            "The disk has no room for the upload.", remedy="Free some space and try again."
        ) from error


async def _form_file(request: Request, path: Path, boundary: bytes) -> Upload:
    """The only file of a form; other fields are passed over."""
    with path.open("wb") as file:
        part = _FormFile(file)
        parser = MultipartParser(boundary, part.callbacks())
        async for piece in request.stream():
            await to_thread.run_sync(parser.write, piece)
        parser.finalize()
    if part.whole != 1 or part.begun != 1:
        raise InvalidInput(
            f"The form holds {part.whole} whole files.", remedy="Send one file in each request."
        )
    return Upload(path, part.name.decode("utf-8", "replace"))


class _FormFile:
    """Writes the first file among a form's parts, and counts the files."""

    def __init__(self, file: BinaryIO) -> None:
        self.name = b""
        self.begun = 0
        self.whole = 0
        self._file = file
        self._is_file = False
        self._header = b""
        self._value = b""

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._take_header,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_part_data": self._take_content,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._is_file = False

    def _take_header(self, block: bytes, start: int, end: int) -> None:
        self._header += block[start:end]

    def _take_value(self, block: bytes, start: int, end: int) -> None:
        self._value += block[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            name = parse_options_header(self._value)[1].get(b"filename")
            if name is not None:
                self._is_file = True
                self.begun += 1
                self.name = self.name or name
        self._header = self._value = b""

    def _take_content(self, block: bytes, start: int, end: int) -> None:
        if self._is_file and self.begun == 1:
            self._file.write(block[start:end])

    def _end(self) -> None:
        self.whole += self._is_file
