"""Objects below one prefix of a bucket, through boto3 and its standard chain of credentials.

The one idea: every call ends within a bounded time, whole or with one line. botocore repeats requests that fail; what
it does not repeat, a download whose stream breaks off in the middle, is repeated here.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.storage import cache
from infra.storage.base import Storage, StorageError
from infra.storage.folder import room_in

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CONNECT_S, READ_S = 5.0, 20.0
"""Seconds to wait for a connection, and for the next bytes of an answer."""
ATTEMPTS = 5
"""Requests made for one call in all; between them up to 1, 2, 4 and 8 seconds, at random."""
PART_BYTES = 8 << 20
"""Files from this size on go up and come down in parts of this size, four at a time."""


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
        with self._told("read", name) as client:
            for attempt in range(ATTEMPTS):
                body = client.get_object(Bucket=self.bucket, Key=self._key(name))["Body"]
                try:
                    return body.read()
                except _broken_off():
                    if attempt == ATTEMPTS - 1:
                        raise
                    _pause(attempt)
        raise AssertionError("the loop returns or raises")

    def write_bytes(self, name: str, data: bytes) -> None:
        with self._told("write to", name) as client:
            client.put_object(Bucket=self.bucket, Key=self._key(name), Body=data)

    def create(self, name: str, data: bytes) -> bool:
        from botocore.exceptions import ClientError

        with self._told("write to", name) as client:
            for attempt in range(ATTEMPTS):
                try:
                    client.put_object(Bucket=self.bucket, Key=self._key(name), Body=data, IfNoneMatch="*")
                    return True
                except ClientError as error:
                    if _code(error) in ("PreconditionFailed", "412"):
                        return False
                    # Another conditional write of this name is under way; it may still fail.
                    if _code(error) not in ("ConditionalRequestConflict", "409") or attempt == ATTEMPTS - 1:
                        raise
                    _pause(attempt)
        raise AssertionError("the loop returns or raises")

    def put(self, local: Path, name: str) -> None:
        # A transfer that fails takes back its parts; those of a killed process are found by `sweep`.
        with self._told("write to", name) as client:
            client.upload_file(str(local), self.bucket, self._key(name), Config=_transfer())

    def get(self, name: str, local: Path) -> None:
        with self._told("read", name) as client, room_in(local.parent):
            client.download_file(self.bucket, self._key(name), str(local), Config=_transfer())

    def fetch(self, name: str) -> Path:
        with self._told("read", name) as client:
            head = client.head_object(Bucket=self.bucket, Key=self._key(name))
        entry = cache.Entry(Path(self.bucket) / self._key(name), head["ETag"].strip('"'), head["ContentLength"])
        return entry.kept() or entry.filled(lambda local: self.get(name, local))

    def exists(self, name: str) -> bool:
        try:
            with self._told("read", name) as client:
                client.head_object(Bucket=self.bucket, Key=self._key(name))
        except FileNotFoundError:
            return False
        return True

    def list(self, suffix: str = "") -> list[str]:
        start = self._start()
        with self._told("read") as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=start)
            keys = [item["Key"][len(start) :] for page in pages for item in page.get("Contents", [])]
        return sorted(key for key in keys if key.endswith(suffix))

    def delete(self, name: str) -> None:
        with self._told("write to", name) as client:
            client.delete_object(Bucket=self.bucket, Key=self._key(name))

    def sweep(self, older_than_s: float) -> int:
        removed = 0
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        with self._told("write to") as client:
            pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=self._start())
            for upload in (upload for page in pages for upload in page.get("Uploads", [])):
                if upload["Initiated"] <= before:
                    client.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                    removed += 1
        return removed

    def check_writable(self) -> None:
        self.write_bytes(".writable", b"")
        self.delete(".writable")

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}".strip("/")

    def _start(self) -> str:
        return f"{self.prefix}/" if self.prefix else ""

    @contextmanager
    def _told(self, what: str, name: str = "") -> Iterator[S3Client]:
        """A client; the service's refusals and silence become one line, a missing object `FileNotFoundError`."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        environment = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
        endpoint = "the endpoint"
        try:
            client = _client(os.getpid(), environment, (CONNECT_S, READ_S, ATTEMPTS))
            endpoint = f"the endpoint {client.meta.endpoint_url}"
            yield client
        except (BotoCoreError, ClientError, Boto3Error) as error:
            if _code(error) in ("404", "NoSuchKey", "NotFound"):
                raise FileNotFoundError(f"{self.url}/{name}") from None
            mend = (
                f"check the bucket, {endpoint} (AWS_ENDPOINT_URL) and the credentials, then run the same command again"
            )
            raise StorageError(f"cannot {what} {self.url}: {error}; {mend}") from error


@lru_cache(4)
def _client(pid: int, environment: tuple[tuple[str, str], ...], limits: tuple[float, float, int]) -> S3Client:
    """A client for this process and its environment: it costs 50 ms to make, may serve all threads, cannot travel."""
    import boto3
    from botocore.config import Config

    connect_s, read_s, attempts = limits
    config = Config(
        connect_timeout=connect_s, read_timeout=read_s, retries={"total_max_attempts": attempts, "mode": "standard"}
    )
    return boto3.session.Session().client("s3", config=config)


def _transfer() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(
        multipart_threshold=PART_BYTES,
        multipart_chunksize=PART_BYTES,
        max_concurrency=4,
        num_download_attempts=ATTEMPTS,
    )


def _broken_off() -> tuple[type[Exception], ...]:
    """What a stream raises that breaks off in the middle."""
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    return IncompleteReadError, ReadTimeoutError, ResponseStreamingError


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0.5, 1) * min(2.0**attempt, 8))


def _code(error: Exception) -> str:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
