"""Keeps an upload within bounds while it arrives, before anything of it fills the disk."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class UploadLimit(FileUploadHandler):
    """Skips a file beyond the upload limit; the form then says so (`request.META[TOO_LARGE]`).

    The rest of the request is read and thrown away, so that the person sees our page instead of
    a broken connection.
    """

    TOO_LARGE = "veilleur.upload_too_large"

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Counts each file from its first byte."""
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Passes the chunk on to the handlers that keep it, or gives the file up."""
        self.received = start + len(raw_data)
        if self.received > settings.UPLOAD_LIMIT:
            assert self.request is not None  # noqa: S101 - set by the parser
            self.request.META[self.TOO_LARGE] = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leaves the file to the handlers after this one."""
