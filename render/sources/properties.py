"""Java's property files, as furniture libraries hold them: ISO-8859-1 with backslash escapes and continued lines."""

from __future__ import annotations

import re

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def parse(data: bytes) -> dict[str, str]:
    """Keys and values; of a key that comes twice the last value."""
    values: dict[str, str] = {}
    line = ""
    for natural in re.split(r"\r\n|\r|\n", data.decode("latin-1")):
        piece = natural.lstrip(" \t\f")
        if not line and piece[:1] in ("#", "!", ""):
            continue
        line += piece
        slashes = len(line) - len(line.rstrip("\\"))
        if slashes % 2:
            line = line[:-1]
            continue
        key, value = _halves(line)
        values[_unescaped(key)] = _unescaped(value)
        line = ""
    if line:
        key, value = _halves(line)
        values[_unescaped(key)] = _unescaped(value)
    return values


def _halves(line: str) -> tuple[str, str]:
    """A key ends at the first '=', ':' or space that no backslash precedes."""
    end = re.match(r"(?:\\.|[^\\=: \t\f])*", line)
    key = end.group() if end else ""
    return key, re.sub(r"^[ \t\f]*[=:]?[ \t\f]*", "", line[len(key) :], count=1)


def _unescaped(text: str) -> str:
    def meant(match: re.Match[str]) -> str:
        code, letter = match.group(1), match.group(2)
        return chr(int(code, 16)) if code else _ESCAPES.get(letter, letter)

    plain = re.sub(r"\\(?:u([0-9A-Fa-f]{4})|(.))", meant, text)
    # Letters beyond the first 65,536 are written as two halves.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
