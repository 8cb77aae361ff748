"""Which words made what."""

from tuloy.understanding.explain import explain


def test_words_are_told_by_what_they_made() -> None:
    """Steps, edges, priority, deadline and limits name the words of the text that made them."""
    text = "ASAP: run the tests. If they fail, fix them by Friday, but don't touch the docs."
    found = {(one.what, text[slice(*one.span)]) for one in explain(text)}
    assert ("priority", "ASAP") in found
    assert ("edge", "If") in found
    assert ("deadline", "by Friday") in found
    assert ("constraint", "don't touch the docs") in found
    assert any(what == "step" and "run the tests" in words for what, words in found)
