"""Refuses the files of a form unless a valid code stands before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser


class CodeFirst(FileUploadHandler):
    """Stands before the handlers that keep files. Browsers send fields in the order of the form: a code after
    a file counts as no code.

    `opens` is called once, at the first file. With a wrong code the rest of the body stays unread: neither
    memory nor disk holds any of it, and the page can still be answered.
    """

    def __init__(self, request: HttpRequest, opens: Callable[[str], bool]) -> None:
        super().__init__(request)
        self._opens = opens
        self._is_open: bool | None = None
        self._parser: Any = None

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],
        content_length: int,  # noqa: ARG002
        boundary: str,  # noqa: ARG002
        encoding: str | None = None,
    ) -> Any:
        """Parse as Django would, with a parser that this handler can ask for the fields read so far."""
        if self._parser is not None:
            return None
        assert self.request is not None
        self._parser = MultiPartParser(META, input_data, list(self.request.upload_handlers), encoding)
        return self._parser.parse()

    def new_file(self, *_args: Any, **_kwargs: Any) -> None:
        """Raises StopUpload before the first file of a request without a valid code."""
        if self._is_open is None:
            self._is_open = self._opens(self._parser._post.get("code", ""))
        if not self._is_open:
            raise StopUpload(connection_reset=False)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002
        return None
