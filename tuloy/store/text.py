"""How values become text that any database can hold: canonical JSON, valid UTF-8."""

from tuloy.plan import canonical

__all__ = ["json_text", "unicode_text"]


def unicode_text(text: str) -> str:
    """Replace what UTF-8 cannot hold: file names and the output of tools may carry lone surrogates."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def json_text(value: object) -> str:
    """Return the canonical JSON of a value, as valid UTF-8."""
    return unicode_text(canonical(value))
