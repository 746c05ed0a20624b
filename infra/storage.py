"""One door to a folder or to s3://bucket/prefix.

The one idea: a name is either absent or whole. Files appear under their final name by a rename (folder) or by the
object store's own atomic put (S3); everything above works with names below one prefix and never with paths.
"""

from __future__ import annotations

import json
import os
import tempfile
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.errors import UserError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def open_storage(url: str | os.PathLike[str]) -> Storage:
    """Storage for a folder or `s3://bucket/prefix`; nothing is touched yet."""
    text = os.fspath(url)
    parts = urlsplit(text)
    if parts.scheme == "s3":
        if not parts.netloc:
            raise UserError(f"storage '{text}' names no bucket; write s3://bucket/prefix")
        return S3Storage(parts.netloc, parts.path.strip("/"))
    if parts.scheme and len(parts.scheme) > 1:
        raise UserError(f"storage '{text}' is neither a folder nor s3://bucket/prefix")
    return FolderStorage(Path(text).expanduser().absolute())


class Storage(ABC):
    """Files by name below one prefix. Names use '/' and may be nested."""

    url: str

    @abstractmethod
    def __truediv__(self, part: str) -> Storage:
        """The storage one level below."""

    @abstractmethod
    def read_bytes(self, name: str) -> bytes:
        """Content of a file. Raises `FileNotFoundError`."""

    @abstractmethod
    def write_bytes(self, name: str, data: bytes) -> None:
        """Write a file whole, or not at all."""

    @abstractmethod
    def put(self, local: Path, name: str) -> None:
        """Copy a local file to `name`, whole or not at all."""

    @abstractmethod
    def fetch(self, name: str) -> Path:
        """A local path with the file's content, to be read only. Raises `FileNotFoundError`."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether the file is there."""

    @abstractmethod
    def list(self, suffix: str = "") -> list[str]:
        """Names of all files below, sorted, that end with `suffix`."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a file; one that is not there is fine."""

    @abstractmethod
    def check_writable(self) -> None:
        """Raise `UserError` when nothing can be written here."""

    def read_json(self, name: str) -> Any:
        """Content of a JSON file."""
        return json.loads(self.read_bytes(name))

    def write_json(self, name: str, value: Any) -> None:
        """Write plain data as indented JSON with a stable order of keys as given."""
        self.write_bytes(name, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())

    def clear(self) -> None:
        """Remove every file below."""
        for name in self.list():
            self.delete(name)

    def __repr__(self) -> str:
        return f"Storage({self.url!r})"


class FolderStorage(Storage):
    """Files in a local (or shared) folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = str(root)

    def __truediv__(self, part: str) -> Storage:
        return FolderStorage(self.root / part)

    def read_bytes(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def write_bytes(self, name: str, data: bytes) -> None:
        with self._new(name) as handle:
            handle.write(data)

    def put(self, local: Path, name: str) -> None:
        with self._new(name) as handle, open(local, "rb") as source:
            while block := source.read(1 << 22):
                handle.write(block)

    def fetch(self, name: str) -> Path:
        path = self.root / name
        if not path.is_file():
            raise FileNotFoundError(path)
        return path

    def exists(self, name: str) -> bool:
        return (self.root / name).is_file()

    def list(self, suffix: str = "") -> list[str]:
        found = (path for path in self.root.rglob("*") if path.is_file() and not path.name.startswith(_PARTIAL))
        return sorted(path.relative_to(self.root).as_posix() for path in found if path.name.endswith(suffix))

    def delete(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def check_writable(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise UserError(f"cannot write to {self.root}: {error.strerror}; choose another --workspace") from None

    def _new(self, name: str) -> _AtomicFile:
        return _AtomicFile(self.root / name)


_PARTIAL = ".partial-"


class _AtomicFile:
    """A file written beside its final name and renamed onto it once it is on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, self._partial = tempfile.mkstemp(prefix=_PARTIAL, dir=self._path.parent)
        self._handle = os.fdopen(descriptor, "wb")
        return self._handle

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            with self._handle:
                self._handle.flush()
                os.fsync(self._handle.fileno())
            if kind is None:
                os.chmod(self._partial, 0o666 & ~_umask())
                os.replace(self._partial, self._path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(self._partial)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class S3Storage(Storage):
    """Objects below one prefix of a bucket, through boto3 and its standard chain of credentials.

    `AWS_ENDPOINT_URL` (or `AWS_ENDPOINT_URL_S3`) names another endpoint than AWS.
    """

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket, self.prefix = bucket, prefix
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")

    def __truediv__(self, part: str) -> Storage:
        return S3Storage(self.bucket, self._key(part))

    def read_bytes(self, name: str) -> bytes:
        from botocore.exceptions import ClientError

        try:
            return self._client().get_object(Bucket=self.bucket, Key=self._key(name))["Body"].read()
        except ClientError as error:
            raise self._missing(error, name) from None

    def write_bytes(self, name: str, data: bytes) -> None:
        self._client().put_object(Bucket=self.bucket, Key=self._key(name), Body=data)

    def put(self, local: Path, name: str) -> None:
        self._client().upload_file(str(local), self.bucket, self._key(name))

    def fetch(self, name: str) -> Path:
        from botocore.exceptions import ClientError

        client = self._client()
        try:
            head = client.head_object(Bucket=self.bucket, Key=self._key(name))
        except ClientError as error:
            raise self._missing(error, name) from None
        tag = head["ETag"].strip('"')
        local = Path(tempfile.gettempdir()) / f"turnery-s3-{os.getuid()}" / self.bucket / self._key(name)
        local = local.with_name(f"{tag}-{local.name}")
        if not local.is_file():
            with _AtomicFile(local) as handle:
                client.download_fileobj(self.bucket, self._key(name), handle)
        return local

    def exists(self, name: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            self._client().head_object(Bucket=self.bucket, Key=self._key(name))
        except ClientError as error:
            if isinstance(self._missing(error, name), FileNotFoundError):
                return False
            raise
        return True

    def list(self, suffix: str = "") -> list[str]:
        start = f"{self.prefix}/" if self.prefix else ""
        pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=start)
        keys = (item["Key"][len(start) :] for page in pages for item in page.get("Contents", []))
        return sorted(key for key in keys if key.endswith(suffix))

    def delete(self, name: str) -> None:
        self._client().delete_object(Bucket=self.bucket, Key=self._key(name))

    def check_writable(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.write_bytes(".writable", b"")
            self.delete(".writable")
        except (BotoCoreError, ClientError) as error:
            mend = "check the bucket, AWS_ENDPOINT_URL and the credentials"
            raise UserError(f"cannot write to {self.url}: {error}; {mend}") from None

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}".strip("/")

    def _missing(self, error: Any, name: str) -> Exception:
        missing = error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound")
        return FileNotFoundError(f"{self.url}/{name}") if missing else error

    @staticmethod
    def _client() -> S3Client:
        # Made on use, not kept: a client does not travel between processes, and boto3 caches its connections.
        import boto3
        from botocore.config import Config

        retries = Config(retries={"max_attempts": 8, "mode": "adaptive"})
        return boto3.session.Session().client("s3", config=retries)
