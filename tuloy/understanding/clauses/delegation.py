"""Delegation: "ask Bo to review the plan", "have legal review it". The work is another one's, and so is its object."""

from collections.abc import Sequence

from tuloy.understanding.words.grammar import Grammar

__all__ = ["delegated"]


def delegated(words: Sequence[str], known: Grammar) -> int:
    """Return at which word what another one acts on begins in a clause, 0 where nobody else is asked to act."""
    if not words or words[0] not in known.delegating:
        return 0
    for n in range(2, min(len(words) - 1, 7)):
        if words[n] not in known.verbs or words[n - 1] in known.determiners:
            continue
        acts = words[n] not in known.nouns_too or words[n + 1] in known.determiners | known.pronouns
        if words[n - 1] in known.infinitives or (acts and words[0] in known.causatives):
            return n + 1
    return 0
