"""JSON with places: what is wrong in a document, by line, column and path; where a value stands, to the character."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Never, TypeVar

from pydantic import BaseModel, ValidationError

from tuloy.errors import UsageError
from tuloy.printable import one_line

__all__ = ["load", "path_text", "span_of", "validated"]

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
Model = TypeVar("Model", bound=BaseModel)
Path = Sequence[str | int]


def load(text: str, name: str) -> Any:
    """Parse JSON text.

    Raises:
        UsageError: naming line and column where it is damaged.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        said = _seen_at(text, error.pos) or error.msg
        raise UsageError(f"{name!r} is no whole JSON document: {said} at {at}; correct it there") from error
    except RecursionError as error:
        raise UsageError(f"{name!r} is nested too deeply to be read; flatten it") from error
    except ValueError as error:
        raise UsageError(f"{name!r} is no JSON document: {error}; correct it") from error


def _seen_at(text: str, place: int) -> str:
    """Say what is no JSON at the place, where it is one of the usual things."""
    line = text[text.rfind("\n", 0, place) + 1 :]
    if line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
        return "a merge conflict is not resolved"
    at = text[place : place + 2]
    if at in ("//", "/*") or at[:1] == "#":
        return "JSON has no comments, and one begins"
    return {",": "a comma stands where a value should", "": "the text ends too early"}.get(at[:1], "")


def _no_constant(word: str) -> Never:
    raise ValueError(f"{word} is no JSON value")


def validated(model: type[Model], data: Any, text: str, name: str, at: Path = ()) -> Model:
    """Check data, which stands in the text under the path `at`, against a model.

    Raises:
        UsageError: naming path and line of the first value that does not fit.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = [(_path_in(data, one["loc"], one["type"] == "missing"), one) for one in error.errors(include_url=False)]
        first = found[0][0]
        what = _complaint(data, first, [one for path, one in found if path == first])
        path = [*at, *first]
        raise UsageError(f"{name!r}: {path_text(path)}{_line(text, path)} {what}; correct it there") from error


_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def _path_in(data: Any, told: Path, missing: bool) -> list[str | int]:
    """Return the part of a path that stands in the data; pydantic names the ways that it tried as well."""
    path: list[str | int] = []
    for part in told:
        holds = isinstance(data, dict) and part in data
        if not holds and not (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            return [*path, part] if missing else path
        path, data = [*path, part], data[part]
    return path


def _complaint(data: Any, path: Path, errors: Sequence[Mapping[str, Any]]) -> str:
    """Say what is wrong with the value under the path in the words of JSON, and what it should be."""
    kinds = [str(one["type"]) for one in errors]
    if "missing" in kinds:
        return "is missing"
    for part in path:
        data = data[part]
    value, limits = one_line(json.dumps(data, ensure_ascii=False), 60), errors[0].get("ctx", {})
    if wanted := list(dict.fromkeys(_WANTED[kind] for kind in kinds if kind in _WANTED)):
        return f"is {value}; it should be {' or '.join(wanted)}"
    if "string_too_short" in kinds:
        return f"is {value}, and should have words"
    bounds = [f"{words} {limits[name]:g}" for name, words in (("ge", "at least"), ("le", "at most")) if name in limits]
    if bounds:
        return f"is {value}; it should be {' and '.join(bounds)}"
    return f"is {value}: {str(errors[0]['msg']).removeprefix('Value error, ')}"


def path_text(path: Path) -> str:
    """Write a path as people do: `features[3].title`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "the document"


def _line(text: str, path: Path) -> str:
    """Say on which line the value stands, or what should hold it where it is missing."""
    for length in range(len(path), -1, -1):
        if span := span_of(text, path[:length]):
            return f" (line {text.count(chr(10), 0, span[0]) + 1})"
    return ""


def span_of(text: str, path: Path) -> tuple[int, int] | None:
    """Return where the value under the path starts and ends in valid JSON text, None where there is none.

    Of equal names in an object the last one counts, as it does for `load`.
    """
    start = _after_space(text, 0)
    for part in path:
        found = [at for name, at in _members(text, start) if name == part and type(name) is type(part)]
        if not found:
            return None
        start = found[-1]
    return start, _DECODER.raw_decode(text, start)[1]


def _members(text: str, start: int) -> Iterator[tuple[str | int, int]]:
    """Yield name or number of each member of an object or array, and where its value starts."""
    opening, number = text[start], 0
    if opening not in "{[":
        return
    at = _after_space(text, start + 1)
    while text[at] not in "}]":
        name: str | int = number
        if opening == "{":
            name, at = _DECODER.raw_decode(text, at)
            at = _after_space(text, _after_space(text, at) + 1)
        yield name, at
        at = _after_space(text, _DECODER.raw_decode(text, at)[1])
        at = _after_space(text, at + 1) if text[at] == "," else at
        number += 1


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
