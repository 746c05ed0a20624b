"""URLs carry no credentials: they end in leases, manifests, MLflow and logs, and whoever runs a job may read those.

The one idea: what is secret comes by the environment, under the names that boto3, MLflow and PostgreSQL give it, so a
URL that carries a password is refused before anything is written; and whoever writes text that others may read (logs,
leases) passes it through `without_secrets`, whatever it came from. Standard library alone: the doctor stands on it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from infra.errors import UserError

HIDDEN = "…"
SHORTEST = 6
"""Shorter values of secret variables are words that stand elsewhere too."""

_PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s]+@")
_QUERY = re.compile(r"([?&](?:token|password|secret|key|signature|x-amz-[a-z-]+)=)[^&\s'\"]+", re.IGNORECASE)
_VARIABLE = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY", re.IGNORECASE)
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


def refuse_credentials(url: str, name: str) -> None:
    """Raise `UserError`, which does not repeat them, when a URL carries credentials; `name` is what the user set."""
    parts = _parts(url)
    if parts is None or "@" not in parts.netloc:
        return
    if parts.scheme == "s3":
        raise UserError(f"{name} carries credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead")
    if parts.netloc.rpartition("@")[0].partition(":")[2]:
        names = {
            "http": "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
            "https": "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
            "postgresql": "PGPASSWORD",
        }
        mend = f"set {names[kind]} instead" if (kind := parts.scheme.partition("+")[0]) in names else "leave it out"
        raise UserError(f"{name} carries a password, which would be written into files and logs; {mend}")


def refuse_credentials_in(values: Mapping[str, Any]) -> None:
    """`refuse_credentials` for every text in nested settings, by its key with dots."""
    for key, text in _texts(values, ""):
        refuse_credentials(text, key)


def refuse_credentials_of_endpoints(environment: Mapping[str, str] | None = None) -> None:
    """`refuse_credentials` for the variables that name an S3 endpoint, which is shown when it does not answer."""
    for name in _ENDPOINTS:
        refuse_credentials((os.environ if environment is None else environment).get(name, ""), name)


def without_secrets(text: str) -> str:
    """A text with passwords of URLs, signed queries and the values of this process's secret variables left out."""
    values = {value for name, value in os.environ.items() if _VARIABLE.search(name) and len(value) >= SHORTEST}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return _QUERY.sub(rf"\1{HIDDEN}", _PASSWORD.sub(rf"\1:{HIDDEN}@", text))


def _parts(url: str) -> SplitResult | None:
    try:
        return urlsplit(url) if "://" in url else None
    except ValueError:  # half an IPv6 address and the like: whoever uses the URL says so
        return None


def _texts(value: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, f"{key}.{name}".lstrip("."))
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item, key)
