"""Criteria: the items of a section as acceptance criteria, a scenario of several items as one."""

import re
from collections.abc import Iterable

__all__ = ["criteria_of"]

_SCENARIO = re.compile(r"(?i)(?:scenario(?: outline)?|senaryo|example|feature|background)\b[^.]{0,120}$")
_FIRST = re.compile(r"(?i)(?:given|ipagpalagay|sakaling)\b")
_NEXT = re.compile(r"(?i)(?:when|then|and|but|kapag|kung|saka|at)\b")


def criteria_of(items: Iterable[str]) -> list[str]:
    """Return one criterion per item, and one per scenario: its givens, whens and thens. Its title is none."""
    found: list[str] = []
    goes_on = False
    for item in items:
        if not item.strip() or (_SCENARIO.match(item) and re.match(r"(?i)scenario|senaryo", item)):
            goes_on = False
        elif goes_on and _NEXT.match(item):
            found[-1] = f"{found[-1].rstrip(' ,;.')}, {item}"
        else:
            found.append(item)
            goes_on = bool(_FIRST.match(item) or re.match(r"(?i)when\b", item))
    return found
