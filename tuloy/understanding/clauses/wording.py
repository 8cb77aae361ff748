"""Wording: the words of a block as rules look at them, without what is about the goal and not in it.

Owns clipped words, prefixes that are written apart, and slips. Titles keep the text's own words.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tuloy.understanding.clauses.blocks import Block
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token, tokenize

__all__ = ["Wording"]

_ENDS = frozenset({".", "!", "?", ";", ":"})


class Wording:
    """The words of one text, block by block; each block is cut into words once."""

    def __init__(self, text: str, known: Grammar, tokens: Sequence[Token], ignored: Sequence[tuple[int, int]]) -> None:
        self.text = text
        self.known = known
        self._whole = tokens
        self._starts = [token.start for token in tokens]
        self._plain = "*" not in text  # emphasis is that of a block alone
        self.ignored = sorted(ignored)
        self._cut: dict[tuple[int, int], list[Token]] = {}

    def tokens(self, block: Block) -> list[Token]:
        """Return the tokens of a block."""
        place = (block.start, block.end)
        if place not in self._cut:
            found = self._within(block)
            kept = [token for token in found if not self._is_ignored(token)] if self.ignored else found
            self._cut[place] = self._mended(self._joined(self._clipped(kept)))
        return list(self._cut[place])

    def _within(self, block: Block) -> list[Token]:
        """The text's own tokens where none of them reaches over an end of the block, else those of the block alone."""
        first, last = (bisect_left(self._starts, place) for place in (block.start, block.end))
        apart = not first or self._whole[first - 1].end <= block.start
        apart = apart and (not last or self._whole[last - 1].end <= block.end)
        ends = self.text[block.end : block.end + 1]
        if self._plain and apart and (not ends or ends.isspace()):
            return list(self._whole[first:last])
        return tokenize(self.text, block.start, block.end)

    def is_about_time(self, block: Block) -> bool:
        """ "Target: bago ang demo sa Biyernes": a deadline below a section says nothing of it."""
        return any(block.start <= start and end <= block.end for start, end in self.ignored)

    def _is_ignored(self, token: Token) -> bool:
        place = bisect_right(self.ignored, (token.start, len(self.text))) - 1
        return place >= 0 and token.end <= self.ignored[place][1]

    def _joined(self, tokens: list[Token]) -> list[Token]:
        """ "Paki alis", "mag deploy ka": a prefix that is written apart is one word with its verb."""
        known, found = self.known, [*tokens[:1]]
        prefixes = known.loose_prefixes.union(known.opening_prefixes, known.bare_requests)
        for token in tokens[1:]:
            before = found[-1]
            if before.norm not in prefixes:
                found.append(token)
                continue
            meant = known.spellings.get(token.norm, token.norm)
            spaced = before.kind == token.kind == "word" and before.end + 1 == token.start
            opens = len(found) < 2 or found[-2].kind == "mark" or found[-2].norm in known.connectives_first
            loose = before.norm in known.loose_prefixes
            loose = loose or (opens and before.norm in known.bare_requests)
            loose = loose and (before.end - before.start > 1 or self.text[before.start].islower())  # "i push", not "I"
            over = opens and before.norm in known.opening_prefixes and meant in known.borrowed  # "pag na push na"
            if spaced and (over or (loose and meant in known.roots | known.borrowed | known.outcomes)):
                dash = "" if meant in known.roots else "-"
                found[-1] = Token("word", f"{before.norm}{dash}{meant}", before.start, token.end)
            else:
                found.append(token)
        return found

    def _clipped(self, tokens: list[Token]) -> list[Token]:
        """ "'Pag", "'yon": a word whose first letters are left out is one token with its apostrophe."""
        found: list[Token] = []
        for token in tokens:
            before = found[-1] if found else None
            clips = before is not None and before.kind == "mark" and before.end == token.start
            if before and clips and token.kind == "word" and self.text[before.start] in "'’":
                found[-1] = Token("word", token.norm, before.start, token.end)
            else:
                found.append(token)
        return found

    def _calls(self, tokens: list[Token], place: int) -> bool:
        return place < len(tokens) and tokens[place].norm in self.known.callers

    def _mended(self, tokens: list[Token]) -> list[Token]:
        """Put the words that mistyped ones mean."""
        known, opens, found = self.known, True, []
        for n, token in enumerate(tokens):
            meant = (known.mended_opener if opens else known.mended)(token.norm) if token.kind == "word" else None
            if opens and token.norm in known.plain_orders and self._calls(tokens, n + 1):
                meant = known.first_form.get(token.norm)  # "gawa ka ng branch"
            found.append(token._replace(norm=meant) if meant else token)
            word = meant or token.norm
            opens = word in known.connectives_first or word in known.polite_anywhere or word in _ENDS
            opens = opens or token.kind == "arrow"
        return found
