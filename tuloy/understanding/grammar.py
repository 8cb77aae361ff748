"""Grammar: the lexicons of the languages of one text, as sets and phrases that rules ask.

Owns telling languages apart and the forms of words (gerunds, participles). Adding a language is adding a file to
`lexicon/`; a text uses English and every other language that it shows signs of.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from importlib.resources import files

from tuloy.plan import Language
from tuloy.understanding.tokens import Token
from tuloy.understanding.words import Phrases, table

__all__ = ["Grammar", "grammar", "language_of"]

_SETS = (
    "action_nouns", "adverbs", "alternatives", "announcing_verbs", "articles", "askers", "auxiliaries",
    "building_verbs", "changers", "check_verbs", "checkable", "consumers", "contrasts", "coordinators",
    "determiners", "elliptic", "elliptic_no", "everyone", "fails", "files", "finds", "finished", "fragments",
    "heavy_verbs", "keepers", "kept", "large_things", "loops", "makers", "makers_of_tools", "negations", "no_work",
    "not_wanted", "nouns_too", "occasions", "ongoing", "outside_verbs", "outside_with_production", "particles",
    "passes", "past", "plural", "prepositions", "production", "pronouns", "relatives", "repeats", "results", "singular",
    "vague", "verbs", "whether",
)  # fmt: skip
_PHRASES = (
    "announces", "assurances", "background", "constraint_starts", "criteria", "examples", "existence", "exists",
    "idioms", "lead_ins", "obligations", "ordered_intro", "outside", "parallel_intro", "politeness", "stage_words",
    "step_words", "wants",
)  # fmt: skip


@cache
def _languages() -> tuple[str, ...]:
    names = (entry.name for entry in (files("tuloy.understanding") / "lexicon").iterdir())
    stems = sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))
    return tuple(stem for stem in stems if "marks" in table(stem))


def language_of(tokens: Sequence[Token]) -> tuple[Language, tuple[str, ...]]:
    """Return the language of a text, and the lexicons that read it, the more particular ones first."""
    words = [token.norm for token in tokens if token.kind == "word"]
    others = []
    for name in _languages():
        if name == "en":
            continue
        marks = frozenset(table(name)["marks"])
        verbs = frozenset(table(name)["verbs"])
        prefixes = tuple(table(name).get("verb_prefixes", ()))
        strong = tuple(prefix for prefix in prefixes if len(prefix) > 1 and prefix.endswith("-"))
        hits = sum(word in marks or word in verbs or (word.startswith(strong) and len(word) > 4) for word in words)
        if hits >= 2 or (hits and len(words) <= 10):
            others.append(name)
    if not others:
        return "en", ("en",)
    english = frozenset(table("en")["marks"]) | frozenset(table("en")["verbs"])
    mixed = any(word in english or word.split("-")[-1] in english for word in words)
    return ("taglish" if mixed else "fil"), (*others, "en")


class Grammar:
    """What the words of some languages do. One object per set of languages and process."""

    announces: Phrases
    assurances: Phrases
    background: Phrases
    examples: Phrases
    constraint_starts: Phrases
    criteria: Phrases
    existence: Phrases
    exists: Phrases
    idioms: Phrases
    lead_ins: Phrases
    obligations: Phrases
    ordered_intro: Phrases
    outside: Phrases
    parallel_intro: Phrases
    politeness: Phrases
    stage_words: Phrases
    step_words: Phrases
    wants: Phrases

    def __init__(self, names: tuple[str, ...]) -> None:
        tables = [table(name) for name in names]
        for name in _SETS:
            setattr(self, name, frozenset(word for one in tables for word in one.get(name, ())))
        for name in _PHRASES:
            setattr(self, name, Phrases((phrase, name) for one in tables for phrase in one.get(name, ())))
        self.prefixes = tuple(prefix for one in tables for prefix in one.get("verb_prefixes", ()))
        self.finite_prefixes = tuple(p for one in tables for p in one.get("finite_prefixes", ()))
        self.polite_prefixes = tuple(p for one in tables for p in one.get("polite_prefixes", ()))
        self.check_title = str(tables[0].get("check_title", "Check whether"))
        self.spoken: dict[str, str] = {**tables[-1]["words"], **tables[0]["words"]}
        self.connectives = Phrases(_meanings(tables, "connectives"))
        self.connectives_first = frozenset(
            phrase.split()[0] for phrase, meaning in _meanings(tables, "connectives") if meaning not in ("reason",)
        )
        self.priorities = Phrases(_meanings(tables, "priority"))
        self.deadlines, self.schedules, self.times, self.units = (
            {key: tuple(word for one in tables for word in one.get(name, {}).get(key, ())) for key in tables[-1][name]}
            for name in ("deadline", "schedule", "times", "units")
        )
        self.vague_readings: dict[str, tuple[str, ...]] = {
            verb: tuple(forms) for one in tables for verb, forms in one.get("vague_readings", {}).items()
        }
        self.numbers, self.hours = (
            {word: int(number) for one in tables for word, number in one.get(name, {}).items()}
            for name in ("numbers", "hours")
        )
        self.irregular = {form: base for one in tables for form, base in one.get("irregular", {}).items()}

    @cached_property
    def forms(self) -> dict[str, str]:
        """Gerunds and participles of every verb, to their bases; made when first asked for."""
        return {form: verb for verb in sorted(self.verbs) for form in _inflected(verb)} | self.irregular

    def base(self, word: str) -> str | None:
        """Return the verb that an inflected word belongs to."""
        if word in self.forms:
            return self.forms[word]
        if word.endswith("ing") and len(word) > 6:
            return _stem(word[:-3])
        return None

    def is_verb(self, word: str) -> bool:
        """Whether the word is a verb as commands have it."""
        return word in self.verbs or self.has_verb_prefix(word)

    def has_verb_prefix(self, word: str) -> bool:
        """Whether a prefix makes the word a verb ("i-deploy"), as far as it has a hyphen."""
        if word.startswith(self.polite_prefixes) and len(word) > 6:
            return True
        return any(
            prefix.endswith("-") and word.startswith(prefix) and len(word) > len(prefix) + 1 for prefix in self.prefixes
        )

    def root(self, verb: str) -> str:
        """Return a borrowed verb without the prefix that it was borrowed with: "i-build" is "build"."""
        if verb in self.verbs and "-" not in verb:
            return verb
        for prefix in self.prefixes:
            if prefix.endswith("-") and verb.startswith(prefix) and verb[len(prefix) :] in self.verbs:
                return verb[len(prefix) :]
        return verb

    def __getattr__(self, name: str) -> frozenset[str]:
        """Tell type checkers that every name in `_SETS` is a set of words."""
        raise AttributeError(f"no lexicon has a list {name!r}; add it to `_SETS` of {__name__}")


def _stem(stem: str) -> str:
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz":
        return stem[:-1]
    return stem


def _inflected(verb: str) -> list[str]:
    """English -ing and -ed forms, with the doubled consonant and the dropped e."""
    if not verb.replace("-", "").isascii():
        return []
    if verb.endswith("e"):
        return [verb[:-1] + "ing", verb + "d"]
    if verb.endswith("y") and verb[-2:-1] not in "aeou":
        return [verb + "ing", verb[:-1] + "ied"]
    double = [verb + verb[-1] + end for end in ("ing", "ed")] if verb[-1] not in "wxy" else []
    return [verb + "ing", verb + "ed", *double]


def _meanings(tables: Sequence[object], key: str) -> list[tuple[str, str]]:
    """Phrases with their meanings; the first table's word stands where two have the same phrase."""
    return [
        (phrase, meaning)
        for one in reversed(tables)
        for meaning, phrases in one[key].items()  # type: ignore[index]
        for phrase in phrases
    ]


@cache
def grammar(names: tuple[str, ...]) -> Grammar:
    """Return the grammar of these lexicons, the more particular ones first."""
    return Grammar(names)
