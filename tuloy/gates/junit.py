"""JUnit XML, read so that a report can neither expand nor fetch anything."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.parsers import expat

from tuloy.gates.judging import Unproved
from tuloy.printable import printable

__all__ = ["Case", "read_cases"]

State = Literal["passed", "failed", "skipped", "xfailed"]
MOST_TEXT = 20_000
ESCAPED = re.compile(r"#x1B(?:\[[0-9;]*[A-Za-z])?")  # how pytest writes what XML cannot hold


@dataclass(frozen=True, slots=True)
class Case:
    """One `<testcase>`: `suites` are the names around it, outermost first; `line` is as written."""

    name: str
    classname: str
    file: str
    line: int | None
    suites: tuple[str, ...]
    state: State
    message: str
    text: str


def read_cases(data: bytes, *, tool: str) -> list[Case]:
    """Return the test cases of a JUnit report.

    Raises:
        Unproved: when it is not XML, or declares a document type or entities.
    """
    try:
        _refuse_declarations(data)
        root = ET.fromstring(data)
    except (ET.ParseError, expat.ExpatError, _Declared) as error:
        raise Unproved(f"{tool}'s report cannot be trusted or parsed: {error}") from error
    return list(_cases(root, ()))


class _Declared(ValueError):
    """Raised at the first declaration, before anything is expanded."""


def _refuse_declarations(data: bytes) -> None:
    def refuse(*_: object) -> None:
        raise _Declared("it declares a document type or an entity, which no test tool writes")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.Parse(data, True)


def _cases(element: ET.Element, suites: tuple[str, ...]) -> Iterator[Case]:
    for child in element:
        if child.tag == "testsuite":
            yield from _cases(child, (*suites, child.get("name", "")))
        elif child.tag == "testcase":
            yield _case(child, suites)


def _case(element: ET.Element, suites: tuple[str, ...]) -> Case:
    failed = next((child for child in element if child.tag in ("failure", "error")), None)
    line = element.get("line", "")
    return Case(
        name=_clean(element.get("name", "")),
        classname=_clean(element.get("classname", "")),
        file=_clean(element.get("file", "")),
        line=int(line) if line.isdigit() else None,
        suites=tuple(map(_clean, suites)),
        state=_state(element, failed),
        message=_clean(failed.get("message", "")) if failed is not None else "",
        text=_clean((failed.text or "")[-MOST_TEXT:]) if failed is not None else "",
    )


def _state(element: ET.Element, failed: ET.Element | None) -> State:
    skipped = element.find("skipped")
    if skipped is not None:  # also a todo of node:test, which may have a failure beside it
        return "xfailed" if skipped.get("type") == "pytest.xfail" else "skipped"
    return "failed" if failed is not None else "passed"


def _clean(text: str) -> str:
    return printable(ESCAPED.sub("", text))
