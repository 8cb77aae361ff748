"""Roots and moods of Filipino forms, and mistyped words."""

import pytest

from tuloy.understanding.words.grammar import grammar
from tuloy.understanding.words.spelling import Spelling

KNOWN = grammar(("fil", "en"))


@pytest.mark.parametrize(
    ("word", "root", "mood"),
    [
        ("ayusin", "ayos", "order"),
        ("inayos", "ayos", "told"),
        ("aayusin", "ayos", "will"),
        ("dadagdagan", "dagdag", "will"),
        ("magdadagdag", "dagdag", "will"),
        ("gumawa", "gawa", "either"),
        ("tumatakbo", "takbo", "told"),
        ("patakbuhin", "takbo", "order"),
        ("pagandahin", "ganda", "order"),
        ("pagbuo", "buo", "noun"),
        ("nagpapaliit", "liit", "told"),
        ("i-push", "push", "order"),
        ("nagse-send", "send", "told"),
        ("nag-iimport", "import", "told"),
        ("ide-deploy", "deploy", "will"),
        ("na-merge", "merge", "told"),
        ("ipa-review", "review", "order"),
        ("pakisuri", "suri", "order"),
        ("magtest", "test", "order"),
    ],
)
def test_a_form_has_a_root_and_a_mood(word: str, root: str, mood: str) -> None:
    """Prefixes, infixes, suffixes and a doubled syllable are taken off; what they were says what the form does."""
    assert (root, mood) == KNOWN.form(word)


@pytest.mark.parametrize("word", ["main", "image", "message", "pagination", "package", "install", "napapanahon"])
def test_words_without_affixes_are_left_alone(word: str) -> None:
    """A word whose rest is no known root has no form."""
    assert KNOWN.form(word) is None


@pytest.mark.parametrize(
    ("word", "order"),
    [
        ("aayusin", "ayusin"),
        ("pakibura", "burahin"),
        ("na-run", "i-run"),
        ("nagbi-build", "i-build"),
        ("mabuo", "buuin"),
    ],
)
def test_a_form_leads_to_its_order(word: str, order: str) -> None:
    """Requests, plans and what is told are said as orders in titles."""
    assert order == KNOWN.base(word)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("tpos", "tapos"), ("patakbuhn", "patakbuhin"), ("udpate", "update"), ("tehn", "then"), ("finaly", "finally")],
)
def test_one_slip_is_mended(typo: str, meant: str) -> None:
    """One letter missing, doubled or swapped."""
    assert meant == Spelling(["tapos", "patakbuhin", "update", "then", "finally"]).mended(typo)


@pytest.mark.parametrize("word", ["tests", "parser", "least", "white", "a" * 50_000, "ta"])
def test_other_words_are_no_slips(word: str) -> None:
    """Endings, other words and endless ones stay what they are."""
    assert Spelling(["test", "parse", "last", "while", "tapos"]).mended(word) is None
