"""Words for people: who is greeted, at what time of day, in which language."""

import sys
import os
from typing import Dict, List, Optional

GREETINGS: Dict[str, Dict[str, str]] = {
    "en": {"morning": "Good morning", "noon": "Good afternoon", "evening": "Good evening"},
    "fil": { "morning" : "Magandang umaga", "noon" : "Magandang hapon", "evening" : "Magandang gabi" },
}


def part_of_day(hour: int) -> str:
    if not 0 <= hour <= 23:
        raise ValueError(f"hour {hour} is not between 0 and 23")
    if hour < 12:
        return 'morning'
    return "noon" if hour < 18 else "evening"


def greet( name: str, hour: int = 9, language: str = 'en', title: Optional[str] = None ) -> str:
    """Return a greeting, e.g. ``Good morning, Ana!``."""
    words = GREETINGS[language][part_of_day(hour)]
    who = f"{title} {name}" if title else name
    return f"{words}, {who}!"


def greet_all(names: List[str], **how) -> List[str]:
    return [greet(name, **how) for name in names]
