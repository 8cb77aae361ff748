"""Prompt: the words that a model is asked with.

Two questions. The first lets it think freely; the second, short one only packs what it said into the schema: a schema
costs small models more than half of their right answers when they have to think inside it (research: "constraint tax",
arXiv 2605.26128).
"""

from collections.abc import Iterable

from tuloy.printable import one_line
from tuloy.understanding.project import Project

__all__ = ["correction", "packing", "thinking"]

Message = dict[str, str]

_THINK = """\
You plan the work of software developers. You are given a goal for a repository. Write the plan as a numbered list of
steps, and nothing else.
- A step is one unit of work for one developer. Begin it with a verb, in the language of the goal, close to its words.
- Keep every step that the goal names. Where the goal is only a wish, say the steps that a careful developer would do:
  find out, change, test, document. Between 2 and 12 steps are usual.
- Say behind each step which steps it comes after, and whether it is done when they succeeded, only when they failed,
  or when they finished either way. Steps that do not build on each other come after the same step, side by side.
- A condition on a fact is a step of its own that begins with "Check whether".
- Nothing that leaves the machine (push, deploy, publish, send) unless the goal asks for it.
- Limits of the goal are no steps."""

_PACK = """\
Turn the plan into one JSON object {"steps": [...]}, and nothing else. Every step has four strings:
"title": the step's words, beginning with a verb
"after": the numbers of the steps that it comes directly after, such as "1" or "2, 3"; "" for the first ones
"when": "succeeded", or "failed" where it is done only if those fail, or "finished" where it is done either way
"command": one of the known commands, word for word, where the step is that command; else "\""""


def thinking(goal: str, commands: Iterable[str], project: Project | None) -> list[Message]:
    """Return the question for a plan in free words."""
    told = [f"Goal:\n{goal}", _known_commands(commands), _about(project)]
    return [_message("system", _THINK), _message("user", "\n\n".join(filter(None, told)))]


def packing(goal: str, commands: Iterable[str], plan: str) -> list[Message]:
    """Return the question for the same plan in the schema."""
    told = [f"Goal:\n{goal}", _known_commands(commands), f"Plan:\n{plan}"]
    return [_message("system", _PACK), _message("user", "\n\n".join(filter(None, told)))]


def correction(answer: str, problem: str) -> list[Message]:
    """Return what is added to the question when an answer was wrong."""
    return [
        _message("assistant", answer or "{}"),
        _message("user", f"That is not valid: {problem}. Answer with the whole corrected JSON object alone."),
    ]


def _known_commands(commands: Iterable[str]) -> str:
    listed = [f"- {command}" for command in commands]
    return "\n".join(["Known commands:", *listed]) if listed else ""


def _about(project: Project | None) -> str:
    """What the repository is, in words that cannot be long: they come from its files."""
    if project is None:
        return ""
    facts = [*project.kinds, *project.tools, *project.targets, *project.scripts]
    words = ", ".join(one_line(str(fact), 40) for fact in dict.fromkeys(facts))
    return f"The repository has: {one_line(words, 600)}" if words else ""


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}
