"""On which line of a TOML text a key stands, so that a mistake can be found with any editor."""

from __future__ import annotations

import re
import tomllib
from typing import Any


def line_of(text: str, path: str) -> int:
    """The line (from 1) of a key such as ``specifications[3].max``.

    Where the key is missing, the line of the table that should have it; for the file as a whole, the first.
    """
    known = _lines(text)
    while path and path not in known:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return known.get(path, 1)


def line_of_error(error: tomllib.TOMLDecodeError, text: str) -> int:
    """The line at which a text stops being TOML: the last one where the end is what is wrong."""
    said = re.search(r"line (\d+)", str(error))
    return int(said[1]) if said else text.rstrip("\n").count("\n") + 1


def _lines(text: str) -> dict[str, int]:
    """Path -> line, of every key of a text that is TOML. A value of several lines stands where it begins."""
    lines: dict[str, int] = {}
    last: dict[str, int] = {}  # path of an array of tables -> its newest
    table, chunk, began = "", "", 1
    for number, line in enumerate(text.split("\n"), start=1):
        began = began if chunk else number
        chunk += f"{line}\n"
        try:
            found = tomllib.loads(chunk)
        except tomllib.TOMLDecodeError:
            continue  # the value goes on
        if chunk.lstrip().startswith("["):
            table = _table(found, last)
            lines.setdefault(table, began)
            lines.setdefault(re.sub(r"\[\d+\]$", "", table), began)  # an array stands where its first table does
        else:
            _keys(found, table, began, lines)
        chunk = ""
    return lines


def _table(found: dict[str, Any], last: dict[str, int]) -> str:
    """The path of a table's header; ``[[header]]`` is one more of its array."""
    path = ""
    value: Any = found
    while value:
        (key,) = value
        value = value[key]
        path = _join(path, key)
        if isinstance(value, list):
            last[path] = last.get(path, -1) + 1
            value = value[0]
        if path in last:
            path = f"{path}[{last[path]}]"
    return path


def _keys(found: dict[str, Any], table: str, line: int, lines: dict[str, int]) -> None:
    for key, value in found.items():
        path = _join(table, key)
        lines.setdefault(path, line)
        if isinstance(value, dict):
            _keys(value, path, line, lines)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
