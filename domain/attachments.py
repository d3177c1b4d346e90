"""What a file is, by its first bytes: never by its name, nor by what the sender calls it."""

from __future__ import annotations

from typing import Final

from domain.events import MediaType

_BEGINNINGS: Final[tuple[tuple[bytes, MediaType], ...]] = (
    (b"%PDF-", "application/pdf"),  # ISO 32000-1 7.5.2
    (b"\x89PNG\r\n\x1a\n", "image/png"),  # ISO/IEC 15948 5.2
    (b"\xff\xd8\xff", "image/jpeg"),  # ITU-T T.81 annex B: start of image, then a marker
)

SUFFIXES: Final[dict[MediaType, str]] = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
"""Media type -> how the name of a file of it ends."""


def media_type_of(data: bytes) -> MediaType | None:
    """The media type of a file that begins with these bytes; none: nothing that is taken as a paper."""
    return next((media_type for beginning, media_type in _BEGINNINGS if data.startswith(beginning)), None)
