"""Remembered: answers to questions about words that are asked again and again, kept for some thousand words."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

__all__ = ["remembered"]

_MOST = 20_000
_Of = TypeVar("_Of")
_Answer = TypeVar("_Answer")


class _Answers(dict[str, _Answer]):
    def __init__(self, find: Callable[[str], _Answer]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, word: str) -> _Answer:
        if len(self) >= _MOST:
            self.clear()
        self[word] = answer = self._find(word)
        return answer


class remembered(Generic[_Of, _Answer]):  # noqa: N801 - a decorator
    """A method that asks something of one word, and whose answer does not change."""

    def __init__(self, find: Callable[[_Of, str], _Answer]) -> None:
        self._find = find
        self.__doc__ = find.__doc__

    def __get__(self, owner: _Of, _: Any = None) -> Callable[[str], _Answer]:
        """Put the answers in the place of the method: from then on a question is one look into them."""
        answers = _Answers(partial(self._find, owner))
        vars(owner)[self._find.__name__] = answers.__getitem__
        return answers.__getitem__
