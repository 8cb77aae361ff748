"""Grammar: the lexicons of the languages of one text, as sets and phrases that rules ask.

Owns telling languages apart and the forms of words (gerunds, participles). Adding a language is adding a file to
`lexicon/`; a text uses English and every other language that it shows signs of.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from importlib.resources import files
from typing import Any

from tuloy.plan import Language
from tuloy.understanding.words.affixes import Affixes, Form
from tuloy.understanding.words.kinds import Listed, Words
from tuloy.understanding.words.phrases import Phrases, table
from tuloy.understanding.words.remembered import remembered
from tuloy.understanding.words.spelling import Spelling
from tuloy.understanding.words.tokens import Token

__all__ = ["Grammar", "grammar", "language_of"]

_PHRASES = (
    "aims", "announces", "asides", "assurances", "background", "closings", "constraint_starts", "constraints",
    "criteria", "duties", "examples", "existence", "exists",
    "idioms", "introductions", "lead_ins", "loosely", "obligations", "ordered_intro", "outside", "parallel_intro",
    "politeness", "stage_words", "step_words", "wants",
)  # fmt: skip
_OPENING_DATES = ("openers", "weekdays_short", "within", "on", "tomorrow", "tonight", "month_end")
_OPENING_HINTS = ("each_hour", "each_day", "each_week", "each_month", "each_night", "every")
_BY_ROOT = (
    "changers", "check_verbs", "checkable", "consumers", "heavy_verbs", "makers", "outside_verbs",
    "outside_with_production",
)  # fmt: skip


@cache
def _languages() -> tuple[str, ...]:
    names = (entry.name for entry in (files("tuloy.understanding") / "lexicon").iterdir())
    stems = sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))
    return tuple(stem for stem in stems if "marks" in table(stem))


@cache
def _sets() -> tuple[str, ...]:
    """Return the names of the lists of words in any lexicon; what one language lacks is empty there."""
    lists = {name for one in _languages() for name, value in table(one).items() if isinstance(value, list)}
    return tuple(sorted(lists - set(_PHRASES)))


@cache
def _signs(name: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words and the prefixes that betray a language."""
    one = table(name)
    return frozenset((*one["marks"], *one["verbs"])), tuple(one.get("betraying_prefixes", ()))


def language_of(tokens: Sequence[Token]) -> tuple[Language, tuple[str, ...]]:
    """Return the language of a text, and the lexicons that read it, the more particular ones first."""
    words = [token.norm for token in tokens if token.kind == "word"]
    others = []
    for name in _languages():
        if name == "en":
            continue
        marks, strong = _signs(name)
        hits = sum(word in marks or (word.startswith(strong) and len(word) > 4) for word in words)
        if hits >= 2 or (hits and len(words) <= 10):
            others.append(name)
    if not others:
        return "en", ("en",)
    english, _ = _signs("en")
    mixed = any(word in english or word.split("-")[-1] in english for word in words)
    return ("taglish" if mixed else "fil"), (*others, "en")


class Grammar:
    """What the words of some languages do. One object per set of languages and process."""

    aims: Phrases
    announces: Phrases
    asides: Phrases
    assurances: Phrases
    background: Phrases
    duties: Phrases
    examples: Phrases
    closings: Phrases
    constraint_starts: Phrases
    constraints: Phrases
    introductions: Phrases
    criteria: Phrases
    existence: Phrases
    exists: Phrases
    idioms: Phrases
    lead_ins: Phrases
    loosely: Phrases
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
        for name in _sets():
            setattr(self, name, Words(word for one in tables for word in one.get(name, ())))
        self.outcomes = Words(phrase for phrase in (*self.passes, *self.fails, *self.finished) if " " not in phrase)
        self.borrowed = Words(tables[-1]["verbs"])
        for name in _PHRASES:
            setattr(self, name, Phrases((phrase, name) for one in tables for phrase in one.get(name, ())))
        self.affixes = [_affixes(one) for one in tables if "affixes" in one]
        self.roots = Words(root for one in tables for root in one.get("roots", ()))
        self.polite_prefixes = tuple(prefix for one in tables for prefix in one.get("polite_prefixes", ()))
        self.event_prefixes = tuple(prefix for one in tables for prefix in one.get("event_prefixes", ()))
        self.able_prefixes = tuple(prefix for one in tables for prefix in one.get("able_prefixes", ()))
        self.naming_prefixes = tuple(prefix for one in tables for prefix in one.get("naming_prefixes", ()))
        self.stative_prefixes = tuple(prefix for one in tables for prefix in one.get("stative_prefixes", ()))
        self.meanings = {root: verb for one in tables for root, verb in one.get("meanings", {}).items()}
        self.article_ends = tuple(f" {word}" for one in tables for word in one.get("articles", ()) if "affixes" in one)
        self.bare_requests = tuple(prefix for one in tables for prefix in one.get("bare_requests", ()))
        self.definite_of = {word: form for one in tables for word, form in one.get("definite_of", {}).items()}
        self.nouns_of = {noun: verb for one in tables for noun, verb in one.get("nouns_of", {}).items()}
        self.linked = {word: form for one in tables for word, form in one.get("linked", {}).items()}
        self.spellings: dict[str, str] = {
            short: word for one in tables for short, word in one.get("spellings", {}).items()
        }
        self.short_prefixes: dict[str, str] = {
            short: full for one in tables for short, full in one.get("short_prefixes", {}).items()
        }
        inflecting = [one for one in tables if "affixes" in one]
        self.linkers_of = Words(str(one["words"]["of"]) for one in tables if one["words"].get("of"))
        self.linkers = Words(word for one in inflecting for word in one["articles"])
        self.check_title = str(tables[0].get("check_title", "Check whether"))
        self.spoken: dict[str, str] = {**tables[-1]["words"], **tables[0]["words"]}
        self._connective_meanings = _meanings(tables, "connectives")
        self.connectives = Phrases(self._connective_meanings, _outcome_forms(tables))
        self.connectives_first = Words(
            phrase.split()[0] for phrase, meaning in _meanings(tables, "connectives") if meaning not in ("reason",)
        )
        self.priorities = Phrases(_meanings(tables, "priority"))
        self.deadlines, self.schedules, self.times, self.units = (
            {key: Listed(word for one in tables for word in one.get(name, {}).get(key, ())) for key in tables[-1][name]}
            for name in ("deadline", "schedule", "times", "units")
        )
        self.opening_dates = Words(word for name in _OPENING_DATES for word in self.deadlines[name].firsts)
        self.opening_hints = Words(word for name in _OPENING_HINTS for word in self.schedules[name].firsts)
        self.vague_readings: dict[str, tuple[str, ...]] = {
            verb: tuple(forms) for one in reversed(tables) for verb, forms in one.get("vague_readings", {}).items()
        }
        (self.vague_it,) = self.vague_readings.pop("it")
        self.numbers, self.hours = (
            {word: int(number) for one in tables for word, number in one.get(name, {}).items()}
            for name in ("numbers", "hours")
        )
        self.irregular = {form: base for one in tables for form, base in one.get("irregular", {}).items()}
        for name in _BY_ROOT if self.affixes else ():
            setattr(self, name, Words((*getattr(self, name), *map(self.root, getattr(self, name)))))

    @cached_property
    def forms(self) -> dict[str, str]:
        """Gerunds and participles of every verb, to their bases; made when first asked for."""
        return {form: verb for verb in sorted(self.verbs) for form in _inflected(verb)} | self.irregular

    @cached_property
    def nominals(self) -> dict[str, str]:
        """Nouns for what verbs do, to the verbs: "migration", "deployment", "removal"."""
        found: dict[str, str] = dict(self.nouns_of)
        for verb in self.borrowed:
            short = verb.removesuffix("e")
            for noun in (f"{verb}ment", f"{short}ion", f"{short}ation", f"{short}al", f"{verb}ing", f"{short}ing"):
                found.setdefault(noun, verb)
        return found

    @cached_property
    def first_form(self) -> dict[str, str]:
        """The verb of the lexicon that has a root, for roots of languages with affixes."""
        found: dict[str, str] = {}
        actor = tuple(prefix for one in self.affixes for prefix in one.actor)
        verbs = sorted(self.verbs, key=lambda verb: (verb.startswith(actor), verb))
        forms = [(verb, form) for verb in verbs if (form := self.form(verb))]
        for mood in ("order", "either"):
            for verb, form in forms:
                if form.mood == mood:
                    found.setdefault(form.root, verb)
        return found

    @cached_property
    def enclitics(self) -> Words:
        """The small words that stand behind the first of a clause, alone and with a linker: "mo", "mong"."""
        if not self.affixes:
            return Words()
        return Words(form for word in self.fragments for form in (word, f"{word.removesuffix('n')}ng"))

    @cached_property
    def lead_cores(self) -> Phrases:
        """Lead-ins of several words without their enclitics: "baka pwede" of "baka pwede mong"."""
        cores = {
            " ".join(words)
            for lead in self.lead_ins
            if len(words := [word for word in lead.split() if word not in self.enclitics]) > 1
        }
        return Phrases((core, "lead_ins") for core in sorted(cores))

    @cached_property
    def _ordering_words(self) -> Spelling:
        return Spelling(phrase for phrase, kind in self._connective_meanings if kind not in ("reason", "so"))

    @cached_property
    def _verb_words(self) -> Spelling:
        return Spelling(self.verbs)

    @cached_property
    def _small_words(self) -> Spelling:
        return Spelling(self.pronouns | self.articles)

    @remembered
    def mended(self, word: str) -> str | None:
        """Return the word of order that a mistyped word means."""
        return self._mend(word, opens=False)

    @remembered
    def mended_opener(self, word: str) -> str | None:
        """Return the verb or the word of order that a mistyped word means where a clause opens."""
        return self._mend(word, opens=True)

    def _mend(self, word: str, *, opens: bool) -> str | None:
        if word in self.spellings:
            return self.spellings[word]
        if self.affixes and word.endswith("ng") and word[:-2] in self.spellings:
            return f"{self.spellings[word[:-2]]}ng"  # "mnang": "mna" with a linker
        short = next((one for one in self.short_prefixes if word.startswith(one) and len(word) > len(one) + 2), None)
        if short:
            return self.short_prefixes[short] + word.removeprefix(short)
        if self.is_verb(word) or word in self.vocabulary or self.base(word):
            return None
        stem, mark, rest = word.partition("'")
        if mark:
            meant = self._small_words.mended(stem)
            return f"{meant}'{rest}" if meant else None
        found = self._ordering_words.mended(word) or (self._verb_words.mended(word) if opens else None)
        return found or self._small_words.mended(word)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word of the lists: none of them is a slip."""
        phrases = [getattr(self, name).firsts for name in _PHRASES]
        return frozenset().union(*(getattr(self, name) for name in _sets()), *phrases, self.nominals, self.roots)

    @cached_property
    def meaningless(self) -> frozenset[str]:
        """The small words that say nothing of what a step is about."""
        return self.small | self.auxiliaries | self.pronouns | self.determiners | self.adverbs

    @cached_property
    def labels(self) -> frozenset[str]:
        """First words of what names a section that holds no steps."""
        return self.criteria.firsts | self.outside.firsts | self.background.firsts | self.constraints.firsts

    @cached_property
    def nameless(self) -> frozenset[str]:
        """Words that name no thing and no work."""
        return self.everyone | self.pronouns | self.determiners | self.adverbs | self.doers

    @cached_property
    def scattered(self) -> frozenset[str]:
        """Words that can stand in front of an outcome."""
        return self.everyone | self.adverbs | self.negations

    @cached_property
    def pointing(self) -> frozenset[str]:
        """Words that can stand for a noun that was named."""
        return self.singular | self.plural | self.substitutes | Words(("one",))

    @cached_property
    def standing_in(self) -> frozenset[str]:
        """Adjectives that can stand for a noun that was named, and "one"."""
        return Words((*self.linked, "one"))

    @cached_property
    def tying(self) -> frozenset[str]:
        """First words of what can tie clauses, besides conjunctions."""
        return self.connectives.firsts | self.howevers | self.inversions | self.places_of_ends | self.purposive

    @cached_property
    def joints(self) -> frozenset[str]:
        """Conjunctions, and marks between clauses."""
        return self.coordinators | self.alternatives | self.contrasts | Words((",", "—", ":"))

    @cached_property
    def far_reaching(self) -> frozenset[str]:
        """Words that can stand in a remark on how far things are."""
        return self.meaningless - self.small | self.everyone | self.fragments

    @remembered
    def form(self, word: str) -> Form | None:
        """Return the root of a word and what its affixes make of it."""
        return next((found for one in self.affixes if (found := one.form(word, self.borrowed))), None)

    @remembered
    def base(self, word: str) -> str | None:
        """Return the verb that an inflected word belongs to, as an order."""
        if word in self.forms:
            return self.forms[word]
        form = self.form(word)
        if word.endswith("ing") and len(word) > 6 and not form:
            return _stem(word[:-3])
        if form is None or word in self.outcomes:
            return None
        if form.root in self.first_form:
            return self.first_form[form.root]
        return f"i-{form.root}" if form.root in self.borrowed or "-" in word else None

    @remembered
    def stative(self, word: str) -> str | None:
        """The root that a word says something is like: "malinis" is what was cleaned."""
        prefix = next((one for one in self.stative_prefixes if word.startswith(one)), None)
        root = word.removeprefix(prefix) if prefix else ""
        return self.meanings.get(root, root) if root in self.roots else None

    @remembered
    def is_verb(self, word: str) -> bool:
        """Whether the word is a verb as commands have it."""
        return word in self.verbs or self.orders(word) or self._joined_verb(word)

    def _joined_verb(self, word: str) -> bool:
        """ "Cross-sign", "re-index"."""
        prefix, mark, verb = word.partition("-")
        return bool(mark) and prefix in self.verb_prefixes and verb in self.borrowed

    @remembered
    def orders(self, word: str) -> bool:
        """Whether affixes make the word an order, or a plan, which is one in a goal ("i-deploy", "aayusin")."""
        form = self.form(word) if word not in self.outcomes else None
        return form is not None and form.mood in ("order", "will")

    @remembered
    def meant(self, word: str) -> frozenset[str]:
        """What a word may be called elsewhere: "self-test" is also "self", "test" and "selftest"."""
        if not word or word in self.meaningless:
            return frozenset()
        split = "-" in word and self.root(word) == word
        parts = [word, *word.split("-"), word.replace("-", "")] if split else [word]
        parts += [part[2:] for part in parts if part.startswith("re") and part[2:] in self.borrowed]
        called = {self.nominals.get(part) or self._done(part) or _singular(self.root(part)) for part in parts if part}
        return frozenset(called | {verb} if (verb := self._with_particle(word)) else called)

    def _with_particle(self, word: str) -> str | None:
        """ "The rollback", "the roll-out", "the backup" are what "roll back", "roll out" and "back up" do."""
        ends = (word.removesuffix(one).rstrip("-") for one in self.particles if word.endswith(one))
        return next((verb for verb in ends if len(verb) > 2 and verb in self.borrowed), None)

    def _done(self, word: str) -> str | None:
        """ "Approved" speaks of what "approve" does."""
        return self.forms.get(word) if word.endswith("ed") else None

    def may_order(self, word: str, after: str) -> bool:
        """Whether an unknown word in front of `after` can be a verb: where verbs inflect, it must look so."""
        return after not in self.linkers or any(one.inflects(word) for one in self.affixes)

    @remembered
    def tells(self, word: str) -> bool:
        """Whether affixes make the word something that goes on or is over ("nagse-send", "binago")."""
        form = self.form(word) if word not in self.verbs else None
        return form is not None and (form.mood == "told" or word in self.outcomes)

    def requests(self, word: str) -> bool:
        """Whether a form asks politely: "pakilinis", "pa-check", "palinis"; "pagandahin" orders."""
        if word.startswith(self.polite_prefixes):
            return True
        short = next((one for one in self.bare_requests if word.startswith(one)), None)
        if not short or word in self.verbs | self.roots | self.loops:
            return False
        rest = word.removeprefix(short)
        return rest.startswith("-") or rest in self.roots or rest in self.borrowed

    def actor_form(self, verb: str) -> str | None:
        """The form of an order that takes an indefinite object: "magdagdag" of "idagdag", "mag-check" of "i-check"."""
        form = self.form(verb)
        actors = tuple(prefix for one in self.affixes for prefix in one.actor)
        if form is None or verb.startswith(actors):
            return None
        found = f"{actors[0]}{form.root}"
        return found if found in self.verbs else f"{actors[0]}-{form.root}" if form.root in self.borrowed else None

    @remembered
    def root(self, verb: str) -> str:
        """Return what is common to the forms of a verb: "i-build" is "build", and so is "buuin"."""
        if verb in self.borrowed or not self.affixes:
            return verb
        form = self.form(verb)
        return self.meanings.get(form.root, form.root) if form else verb

    def __getattr__(self, name: str) -> frozenset[str]:
        """Tell type checkers that every list of a lexicon is a set of words."""
        raise AttributeError(f"no lexicon has a list {name!r}; add it to {_languages()[0]}.toml")


def _affixes(one: Mapping[str, Any]) -> Affixes:
    kinds = {name: words for name, words in one["affixes"].items() if name != "irregular"}
    return Affixes(kinds, frozenset(one["roots"]), one["affixes"]["irregular"])


def _stem(stem: str) -> str:
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz":
        return stem[:-1]
    return stem


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1]
    return word


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


def _outcome_forms(tables: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Callable[[], list[tuple[str, str]]]]]:
    """ "Gumana man o hindi": connectives that a lexicon makes with every word for an outcome, which stands in front."""
    for one in tables:
        forms = one.get("outcome_forms", {})
        for words, others in ((one["passes"], one["fails"]), (one["fails"], one["passes"])):
            yield from ((word.split()[0], partial(_formed, forms, word, others)) for word in words if forms)


def _formed(forms: Mapping[str, Sequence[str]], word: str, others: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (pattern.format(word, other), meaning)
        for meaning, patterns in forms.items()
        for pattern in patterns
        for other in (others if pattern.count("{}") > 1 else others[:1])
    ]


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
