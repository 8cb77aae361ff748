"""Text from outside (tools, repositories, models) made safe to show in a terminal or a page."""

import re

__all__ = ["one_line", "printable"]

_SEQUENCES = re.compile(
    r"""
      \x1b\[ [0-?]* [ -/]* [@-~]?                  # CSI: colours, cursor, clear screen
    | (?: \x1b[\]PX^_] | [\x90\x98\x9d\x9e\x9f] ) .*? (?: \x07 | \x1b\\ | \x9c | \Z )   # OSC, DCS, SOS, PM, APC
    | \x9b [0-?]* [ -/]* [@-~]?                    # CSI as one C1 character
    | \x1b [ -/]* [0-~]?                           # other escapes
    """,
    re.VERBOSE | re.DOTALL,
)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 without tab, newline, return; C1
    "\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # zero width, bidirectional control
    "\U000e0000-\U000e007f]"  # tag characters
)


def printable(text: str) -> str:
    """Return the text without terminal sequences and invisible characters; a lone return starts a new line."""
    text = _SEQUENCES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub("", text)


def one_line(text: str, width: int = 100) -> str:
    """Return the text on one printable line of at most `width` characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"
