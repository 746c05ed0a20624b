"""One door to a folder or to s3://bucket/prefix.

The one idea: a name is either absent or whole. Files appear under their final name by a rename (folder) or by the
object store's own atomic put (S3); everything above works with names below one prefix and never with paths.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from infra.credentials import refuse_credentials, refuse_credentials_of_endpoints
from infra.errors import UserError
from infra.storage.base import Storage, StorageError, Stored
from infra.storage.folder import FolderStorage, room_in
from infra.storage.s3 import S3Storage

__all__ = ["FolderStorage", "S3Storage", "Storage", "StorageError", "Stored", "open_storage", "room_in"]


def open_storage(url: str | os.PathLike[str]) -> Storage:
    """Storage for a folder or `s3://bucket/prefix`; nothing is touched yet.

    Raises `UserError` for another URL, and for one, or an endpoint, that carries credentials.
    """
    text = os.fspath(url)
    refuse_credentials(text, "the storage's URL")
    parts = urlsplit(text)
    if parts.scheme == "s3":
        if not parts.netloc:
            raise UserError(f"storage '{text}' names no bucket; write s3://bucket/prefix")
        refuse_credentials_of_endpoints()
        return S3Storage(parts.netloc, parts.path.strip("/"))
    if parts.scheme and len(parts.scheme) > 1:
        raise UserError(f"storage '{text}' is neither a folder nor s3://bucket/prefix")
    return FolderStorage(Path(text).expanduser().absolute())
