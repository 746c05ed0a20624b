"""Objects below one prefix of a bucket, through boto3 and its standard chain of credentials.

The one idea: every call ends within a bounded time, whole or with one line. What may pass (a connection that breaks,
also in the middle of a stream; a server that restarts, is busy or silent) is tried again for a minute.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from infra.storage import cache
from infra.storage.base import Storage, StorageError, Stored
from infra.storage.folder import room_in

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CONNECT_S, READ_S = 5.0, 20.0
"""Seconds to wait for a connection, and for the next bytes of an answer."""
PATIENCE_S = 60.0
"""No call is tried again after so many seconds; between tries it waits up to 1, 2, 4 and then 8 seconds, at random."""
PART_BYTES = 8 << 20
"""Files from this size on go up and come down in parts of this size, four at a time."""

_PASSING = ("SlowDown", "RequestTimeout", "IncompleteBody", "BadDigest")  # the last two: what came was cut off

Result = TypeVar("Result")


class S3Storage(Storage):
    """Objects below one prefix of a bucket.

    `AWS_ENDPOINT_URL` (or `AWS_ENDPOINT_URL_S3`) names another endpoint than AWS.
    """

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket, self.prefix = bucket, prefix
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")

    def __truediv__(self, part: str) -> Storage:
        return S3Storage(self.bucket, self._key(part))

    def read_bytes(self, name: str) -> bytes:
        key = self._key(name)
        return self._call("read", name, lambda client: client.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def write_bytes(self, name: str, data: bytes) -> None:
        key = self._key(name)
        self._call("write to", name, lambda client: client.put_object(Bucket=self.bucket, Key=key, Body=data))

    def create(self, name: str, data: bytes) -> bool:
        key = self._key(name)

        def create(client: S3Client) -> bool:
            from botocore.exceptions import ClientError

            try:
                client.put_object(Bucket=self.bucket, Key=key, Body=data, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) in ("PreconditionFailed", "412"):
                    return False
                raise
            return True

        return self._call("write to", name, create)

    def put(self, local: Path, name: str) -> None:
        # A transfer that fails takes back its parts; those of a killed process are found by `sweep`.
        key, config = self._key(name), _transfer()
        self._call("write to", name, lambda client: client.upload_file(str(local), self.bucket, key, Config=config))

    def get(self, name: str, local: Path) -> None:
        key, config = self._key(name), _transfer()
        with room_in(local.parent):
            self._call("read", name, lambda client: client.download_file(self.bucket, key, str(local), Config=config))

    def fetch(self, name: str) -> Path:
        head = self._head(name)
        entry = cache.Entry(Path(self.bucket) / self._key(name), head["ETag"].strip('"'), head["ContentLength"])
        return entry.kept() or entry.filled(lambda local: self.get(name, local))

    def exists(self, name: str) -> bool:
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def list(self, suffix: str = "") -> list[str]:
        start = self._start()

        def keys(client: S3Client) -> list[str]:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=start)
            return [item["Key"][len(start) :] for page in pages for item in page.get("Contents", [])]

        return sorted(key for key in self._call("read", "", keys) if key.endswith(suffix))

    def contents(self) -> tuple[Stored, ...]:
        start = self._start()

        def objects(client: S3Client) -> Iterator[Stored]:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=start)
            for page in pages:
                for item in page.get("Contents", []):
                    yield Stored(item["Key"][len(start) :], item["Size"], item["LastModified"].timestamp())

        found = self._call("read", "", lambda client: tuple(objects(client)))
        return tuple(sorted(found, key=lambda each: each.name))

    def delete(self, name: str) -> None:
        key = self._key(name)
        self._call("write to", name, lambda client: client.delete_object(Bucket=self.bucket, Key=key))

    def unfinished(self, older_than_s: float) -> tuple[Stored, ...]:
        start = self._start()

        def uploads(client: S3Client) -> Iterator[Stored]:
            for upload in self._uploads(client, older_than_s):
                pages = client.get_paginator("list_parts").paginate(
                    Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
                size = sum(part["Size"] for page in pages for part in page.get("Parts", []))
                yield Stored(upload["Key"][len(start) :], size, upload["Initiated"].timestamp())

        return self._call("read", "", lambda client: tuple(uploads(client)))

    def sweep(self, older_than_s: float) -> int:
        def sweep(client: S3Client) -> int:
            uploads = self._uploads(client, older_than_s)
            for upload in uploads:
                client.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            return len(uploads)

        return self._call("write to", "", sweep)

    def check_writable(self) -> None:
        self.write_bytes(".writable", b"")
        self.delete(".writable")

    def _uploads(self, client: S3Client, older_than_s: float) -> tuple[Any, ...]:
        """Uploads in parts that were begun so long ago and not ended."""
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=self._start())
        return tuple(upload for page in pages for upload in page.get("Uploads", []) if upload["Initiated"] <= before)

    def _head(self, name: str) -> Any:
        key = self._key(name)
        return self._call("read", name, lambda client: client.head_object(Bucket=self.bucket, Key=key))

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}".strip("/")

    def _start(self) -> str:
        return f"{self.prefix}/" if self.prefix else ""

    def _call(self, what: str, name: str, operation: Callable[[S3Client], Result]) -> Result:
        """The operation's result; a service that refuses or stays away is a `StorageError`, a missing object
        `FileNotFoundError`."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        environment = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
        start, pause_s, endpoint = time.monotonic(), 1.0, "the endpoint"
        while True:
            try:
                client = _client(os.getpid(), environment, (CONNECT_S, READ_S))
                endpoint = f"the endpoint {client.meta.endpoint_url}"
                return operation(client)
            except (BotoCoreError, ClientError, Boto3Error) as error:
                if _code(error) in ("404", "NoSuchKey", "NotFound"):
                    raise FileNotFoundError(f"{self.url}/{name}") from None
                if not _passing(error) or time.monotonic() - start > PATIENCE_S:
                    mend = f"check the bucket, {endpoint} (AWS_ENDPOINT_URL) and the credentials"
                    raise StorageError(f"cannot {what} {self.url}: {error}; {mend}, then run it again") from error
            time.sleep(random.uniform(0.5, 1) * pause_s)
            pause_s = min(2 * pause_s, 8)


@lru_cache(4)
def _client(pid: int, environment: tuple[tuple[str, str], ...], limits: tuple[float, float]) -> S3Client:
    """A client for this process and its environment: it costs 50 ms to make, may serve all threads, cannot travel."""
    import boto3
    from botocore.config import Config

    connect_s, read_s = limits
    config = Config(
        connect_timeout=connect_s, read_timeout=read_s, retries={"total_max_attempts": 2, "mode": "standard"}
    )
    return boto3.session.Session().client("s3", config=config)


def _transfer() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4)


def _passing(error: BaseException | None) -> bool:
    """Whether the same call may well succeed a little later."""
    from boto3.exceptions import RetriesExceededError
    from botocore.exceptions import (
        ClientError,
        ConnectionError as NoConnectionError,
        HTTPClientError,
        IncompleteReadError,
        ResponseStreamingError,
    )

    if isinstance(error, ClientError):
        status = int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))
        return status >= 500 or status in (408, 409, 429) or _code(error) in _PASSING
    broken = (HTTPClientError, NoConnectionError, IncompleteReadError, ResponseStreamingError, RetriesExceededError)
    if isinstance(error, broken):
        return True
    # boto3 tells of a failed transfer in words of its own and keeps the cause behind them.
    return error is not None and _passing(error.__cause__ or error.__context__)


def _code(error: Exception) -> str:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
