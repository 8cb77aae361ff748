"""No text from outside may steer a terminal or hide from a reader."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuloy.printable import one_line, printable

NOISY = st.text(
    st.one_of(
        st.sampled_from("\x1b\x9b\x9d\x90\x07\x9c\\[]();?0123456789mHJKPX^_ \n\r\t\b\x18abc"),
        st.characters(),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]52;c;cm0gLXJmIH4=\x07safe", "safe"),
        ("\x1b]52;c;cm0gLXJmIH4=\x1b\\safe", "safe"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b[2J\x1b[H\x1b[3Jgone?", "gone?"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1bcreset", "reset"),
        ("\x1b(0lqk\x1b(B", "lqk"),
        ("\x1bP+q544e\x1b\\x", "x"),
        ("\x9b31mred\x9b0m", "red"),
        ("\x9d0;title\x9cx", "x"),
        ("a\x85b\x84c", "abc"),
        ("3 failed\rall passed", "3 failed\nall passed"),
        ("one\r\ntwo", "one\ntwo"),
        ("bad\b\b\bgood", "badgood"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("a\u2066b\u2069c\u061cd", "abcd"),
        ("pass\u200bword\ufeff\u00ad\u2060\u180e", "password"),
        ("a\u115fb\u3164c\uffa0d\u034fe", "abcde"),
        ("ok" + "".join(chr(0xE0000 + ord(c)) for c in "ignore all"), "ok"),
        ("ok" + "".join(chr(0xE0100 + n) for n in range(16)) + "\ufe0f", "ok"),
        ("a\u2028b\u2029c", "abc"),
        ("\x00nul\x7fdel", "nuldel"),
        ("caf\udce9", "caf\ufffd"),
        ("tab\tand\nline é ñ 日本 ✓", "tab\tand\nline é ñ 日本 ✓"),
    ],
)
def test_what_steers_or_hides_is_taken_out(raw: str, shown: str) -> None:
    """Terminal sequences, overwriting, direction marks and invisible characters leave only the words."""
    assert shown == printable(raw)


@pytest.mark.parametrize("start", ["\x1b]", "\x1b]0;", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x90", "\x9d", "\x9f"])
def test_an_unfinished_sequence_hides_no_further_line(start: str) -> None:
    """A tool, or a hostile test, cannot swallow the failures that follow by opening a string and not closing it."""
    assert printable(f"{start}junk\n2 failed") == "\n2 failed"


@given(NOISY)
def test_only_what_can_be_seen_survives(text: str) -> None:
    """No control, format, surrogate or separator of lines and paragraphs is left but newline and tab."""
    left = {unicodedata.category(char) for char in printable(text) if char not in "\n\t"}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_every_character_alone_is_judged_by_what_it_is() -> None:
    """Over all of Unicode, only invisible characters are dropped, and every format character is."""
    for code in range(0x110000):
        char = chr(code)
        invisible = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in "\t\n\r"
        if invisible:
            assert printable(char) in ("", "\ufffd"), hex(code)
        elif unicodedata.category(char)[0] in "NPSZ" or char.isascii():
            assert printable(char) == char.replace("\r", "\n"), hex(code)


@given(NOISY)
def test_it_is_idempotent(text: str) -> None:
    """Taking something out never makes a new sequence."""
    assert printable(text) == printable(printable(text))


@given(NOISY)
def test_the_result_can_be_written_anywhere(text: str) -> None:
    """It is valid UTF-8."""
    assert printable(text).encode().decode() == printable(text)


@given(NOISY, st.integers(1, 40))
def test_one_line_is_one_line(text: str, width: int) -> None:
    """Whatever the text, the line has no break in it and is no longer than asked."""
    line = one_line(text, width)
    assert len(line) <= width
    assert len(line.splitlines()) <= 1


def test_one_line_says_that_it_was_cut() -> None:
    """An ellipsis stands for what is missing, and only then."""
    assert one_line("abcdefgh", 5) == "abcd…"
    assert one_line("abcde", 5) == "abcde"
    assert one_line(" a \n\t b ") == "a b"


@pytest.mark.parametrize(
    "unit", ["\x1b", "\x1b[", "\x1b]", "\x1b[1;", "\x9d", "\x1b(", "\x1b]\n", "\r", "\x1bP\x1b", "\u200b"]
)
def test_a_megabyte_of_it_takes_linear_time(unit: str) -> None:
    """No input makes the expression run for longer than its length."""
    text = (unit * 1_000_000)[:1_000_000] + "end"
    began = time.monotonic()
    printable(text)
    assert time.monotonic() - began < 2
