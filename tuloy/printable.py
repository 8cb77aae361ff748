"""Text from outside (tools, repositories, models) made safe to show in a terminal or a page."""

import re

__all__ = ["headline", "one_line", "printable"]

_SEQUENCES = re.compile(
    r"""
      \x1b\[ [0-?]* [ -/]* [@-~]?                  # CSI: colours, cursor, clear screen
    | (?: \x1b[\]PX^_] | [\x90\x98\x9d\x9e\x9f] )   # OSC, DCS, SOS, PM, APC: up to their end or the line's, so
      [^\x07\x18\x1a\x1b\x9c\r\n]* (?: \x07 | \x1b\\ | \x9c )?   # that an open one hides no further line
    | \x9b [0-?]* [ -/]* [@-~]?                    # CSI as one C1 character
    | \x1b [ -/]* [0-~]?                           # other escapes
    """,
    re.VERBOSE,
)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 without tab, newline, return; C1
    "\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f"  # formats of scripts, joiners
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, bidirectional control
    "\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f"  # fillers, variation selectors
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"  # tags and further variation selectors: whole messages fit into them
)
_SURROGATE = re.compile("[\ud800-\udfff]")  # a byte that was no UTF-8; no terminal takes it

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(\S.*?)[ \t#]*$|^(\S[^\n]*)\n(?:=+|-{3,})[ \t]*$", re.MULTILINE)


def printable(text: str) -> str:
    """Return the text without terminal sequences and invisible characters; a lone return starts a new line."""
    if text.isascii() and text.isprintable():
        return text
    text = _SEQUENCES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _UNSEEN.sub("", text))


def one_line(text: str, width: int = 100) -> str:
    """Return the text on one printable line of at most `width` characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def headline(text: str, width: int = 100) -> str:
    """Return what a text is called on one printable line: its first heading where it has one, else its words."""
    body = _FENCE.sub("", _FRONT_MATTER.sub("", text, count=1))
    found = _HEADING.search(body)
    return one_line((found[1] or found[2] or "") if found else "", width) or one_line(text, width)
