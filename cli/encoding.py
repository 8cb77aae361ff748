"""What is printed where the output is not UTF-8: marks become ASCII, other letters that it does not have `?`.

Owns the two standard streams of a command. No command ends because a terminal, a pipe or a locale lacks a letter.
"""

import codecs
import json
import sys
from typing import Any, TextIO

__all__ = ["json_for", "speak_everywhere"]

_PLAIN = {
    "✓": "+", "✗": "x", "…": "...", "○": "o", "·": "-", "–": "-", "—": "-", "←": "<-", "→": "->", "↳": "-", "≈": "~",
    "⏎": ";", "’": "'", "‘": "'", "“": '"', "”": '"', "─": "-", "│": "|", "•": "*",
}  # fmt: skip
_RULE = "tuloy.plain"


def speak_everywhere() -> None:
    """Let stdout and stderr print any text, whatever their encoding."""
    codecs.register_error(_RULE, _plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_RULE)


def json_for(stream: TextIO, document: Any) -> str:
    """Return JSON text that the stream can print letter by letter; nothing of a document becomes a `?`."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(document, indent=2)
    return text


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(char, "?") for char in error.object[error.start : error.end]), error.end
