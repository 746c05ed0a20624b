"""What must not be shown: passwords in URLs and the values of secret environment variables, taken out of any text.

The one idea: whoever writes text that others may read (logs, leases) passes it through here, whatever it came from.
"""

from __future__ import annotations

import os
import re

HIDDEN = "…"
SHORTEST = 6
"""Shorter values of secret variables are words that stand elsewhere too."""

_PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s]+@")
_QUERY = re.compile(r"([?&](?:token|password|secret|key|signature|x-amz-[a-z-]+)=)[^&\s'\"]+", re.IGNORECASE)
_VARIABLE = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """A text with passwords of URLs, signed queries and the values of this process's secret variables left out."""
    values = {value for name, value in os.environ.items() if _VARIABLE.search(name) and len(value) >= SHORTEST}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return _QUERY.sub(rf"\1{HIDDEN}", _PASSWORD.sub(rf"\1:{HIDDEN}@", text))
