"""Facts: the plain command that proves what a check step asks, where there is one.

Owns "is there such a file" and "do the tests pass". Everything else is for an agent to find out.
"""

import re

from tuloy.plan import CommandAction
from tuloy.understanding.drafting.conditions import condition_of
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.project import Project
from tuloy.understanding.toolbox import Resolved, resolve
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["fact_command"]

_PATH = re.compile(r"[\w@+-]*(?:[./][\w@+-]+)+/?|[A-Z][A-Z_-]{3,}")


def fact_command(draft: Draft, text: str, known: Grammar, project: Project | None) -> Resolved | None:
    """Return the command whose exit status 0 means yes, or None."""
    tokens = [token for token in draft.tokens if token.norm not in known.whether or token.kind != "word"]
    if tokens and known.root(tokens[0].norm) in known.check_verbs:
        tokens = tokens[1:]
    condition = condition_of(tokens, known)
    if condition.kind == "outcome":
        found = resolve("run " + " ".join(condition.subject), project) if condition.subject else None
        return found if found and condition.holds else None
    path = _file_asked(tokens, text, known, project)
    if path is None:
        return None
    argv = ("test", "-e", path) if condition.holds else ("test", "!", "-e", path)
    return Resolved(action=CommandAction(argv=argv), effects="none", timeout_s=30, estimate_s=0.1, confidence=0.9)


def _file_asked(tokens: list[Token], text: str, known: Grammar, project: Project | None) -> str | None:
    """The path of "there is a CHANGELOG", "`setup.cfg` exists"; only where nothing else is asked about it."""
    words = [token.norm for token in tokens]
    exists = known.existence.at(words, 0)
    rest = tokens[exists[1] :] if exists else tokens
    ending = known.exists.within([t.norm for t in rest])
    if not exists and not ending:
        return None
    if ending and ending[1] + ending[2] == len(rest):
        rest = rest[: ending[1]]
    small = known.determiners | known.files | known.negations | known.adverbs | {"already", "called", "named"}
    named = [token for token in rest if token.norm not in small]
    if len(named) != 1:
        return None
    raw = text[named[0].start : named[0].end].strip("`\"'“”")
    folder = any(token.norm in known.files for token in rest)
    if not (_PATH.fullmatch(raw) or folder or named[0].kind == "code") or " " in raw or raw.startswith(("-", "/", "~")):
        return None
    return _spelled(raw, project) if ".." not in raw else None


def _spelled(name: str, project: Project | None) -> str:
    """Return the name as the project spells it: CHANGELOG may be CHANGELOG.md there."""
    if project is None or "/" in name or (project.root / name).exists():
        return name
    lowered = name.lower()
    try:
        found = sorted(path.name for path in project.root.iterdir())
    except OSError:
        return name
    same = [one for one in found if one.lower() == lowered or one.lower().partition(".")[0] == lowered]
    return same[0] if same else name
