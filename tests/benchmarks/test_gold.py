"""The published gold holds what its README says."""

import pytest

from benchmarks.understanding.check import faults
from benchmarks.understanding.gold import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_gold_has_no_fault(language: str):
    """Ids, edges, reduction, balance of the halves, number and difference of the texts, titles near the text."""
    assert faults(language) == []
