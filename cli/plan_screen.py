"""The picture of a plan: a tree of stages, steps and parts, and what else is to be known before it runs.

Text from outside is never markup. Lines fit the console's width; what stands beside a right-to-left title gets a line
of its own, so that a terminal's reordering stays inside one line.
"""

import unicodedata
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, Group
from rich.text import Text
from rich.tree import Tree

from tuloy.plan import Need, Plan, Step
from tuloy.printable import headline, one_line
from tuloy.understanding.estimate import longest_chain_s
from tuloy.work.report import what_it_does

__all__ = ["UNSURE", "duration", "print_facts", "print_plan"]

UNSURE = 0.8
_OF_SEVERAL = {" if it passes": " if they pass", " if it fails": " if they fail"}
_GUIDE = 4


def print_plan(plan: Plan, console: Console, facts: Sequence[tuple[str, str]] = ()) -> None:
    """Print the plan: stages, steps with what they do and wait for, gates; then `facts` as names and values."""
    width = max(console.width, 40)
    numbers = _numbers(plan)
    root = Tree(_head(plan))
    for n, stage in enumerate(plan.stages, 1):
        many = len(plan.stages) > 1
        branch = root.add(Text(f"Stage {n}: {one_line(stage.title)}", "bold cyan")) if many else root
        for step in stage.steps:
            if step.parent is not None:
                continue
            depth = 2 if many else 1
            node = branch.add(_lines(plan, step, numbers, width - _GUIDE * depth))
            for part in plan.parts.get(step.id, ()):
                node.add(_lines(plan, part, numbers, width - _GUIDE * (depth + 1)))
        for criterion in stage.accept:
            branch.add(Text("accepted when: " + one_line(criterion, 300), "green"))
        if stage.gates:
            branch.add(Text(one_line("gates: " + ", ".join(stage.gates), 300), "magenta"))
    for limit in plan.goal.constraints:
        root.add(Text("limit: " + one_line(limit), "yellow"))
    for note in plan.notes:
        root.add(Text("note: " + one_line(note, 400), "yellow"))
    console.print(root, soft_wrap=False)
    print_facts(facts, console)


def print_facts(facts: Sequence[tuple[str, str]], console: Console) -> None:
    """Print names and values, one below the other."""
    if facts:
        console.print(_facts(facts, console), soft_wrap=True)


def duration(seconds: float) -> str:
    """Say an estimate as roughly as it is known."""
    if seconds < 1:
        return "< 1 s"
    if seconds < 60:
        return f"≈ {seconds:.0f} s"
    return f"≈ {seconds / 60:.0f} min" if seconds < 5400 else f"≈ {seconds / 3600:.1f} h"


def _head(plan: Plan) -> Group:
    scale = plan.complexity
    about = [f"{scale.band} {scale.score:g}/10: {', '.join(scale.reasons)}" if scale.reasons else scale.band]
    by = ", read by a model" if plan.lane == "model" else ""
    about += [f"confidence {plan.confidence:.2f}{by}", duration(longest_chain_s(plan))]
    return Group(Text(headline(plan.goal.text, 300), "bold"), Text(one_line(" · ".join(about), 400), "dim"))


def _numbers(plan: Plan) -> dict[str, str]:
    """Steps of the text count from 1; parts carry their step's number before theirs."""
    numbers: dict[str, str] = {}
    for n, step in enumerate((step for step in plan if step.parent is None), 1):
        numbers[step.id] = str(n)
        numbers |= {part.id: f"{n}.{k}" for k, part in enumerate(plan.parts.get(step.id, ()), 1)}
    return {step.id: numbers.get(step.id, step.id) for step in plan}


def _lines(plan: Plan, step: Step, numbers: dict[str, str], width: int) -> Text:
    """The step on one line if it fits, else its title, wrapped, and below it what it does."""
    number = f"{numbers[step.id]}. "
    title, beside = one_line(step.title, 200), _beside(plan, step, numbers)
    indent = len(number)
    if not _right_to_left(title) and cell_len(number + title) + 2 + beside.cell_len <= width:
        return Text.assemble((number, "dim"), title, "  ", beside)
    rows = list(Text(title).wrap(Console(width=width), max(width - indent, 20)))
    beside.truncate(max(width - indent, 20), overflow="ellipsis")
    first, *more = [*rows, beside]
    return Text.assemble((number, "dim"), first, *(Text("\n" + " " * indent).append_text(row) for row in more))


def _beside(plan: Plan, step: Step, numbers: dict[str, str]) -> Text:
    """What it does, waits for and takes, and how sure that is."""
    parts = plan.parts.get(step.id, ())
    does = f"{len(parts)} parts" if parts else one_line(what_it_does(step).strip("`"), 80)
    line = Text.assemble((does, "dim"))
    own = {part.id for part in parts}
    if needs := _needs(plan, [need for need in step.needs if need.step not in own], numbers):
        line.append("  ← " + ", ".join(needs), "cyan")
    if step.estimate_s and not parts:
        line.append("  " + duration(step.estimate_s), "dim")
    if step.confidence <= UNSURE:
        line.append(f"  ? {step.confidence:.2f}", "yellow")
    return line


def _needs(plan: Plan, needs: Sequence[Need], numbers: dict[str, str]) -> list[str]:
    """What a step waits for, in a few words each: "1 and 2 if they pass", "3 either way", "1 or 2 if it fails"."""
    every = _alike(plan, [need for need in needs if not need.any], numbers)
    said = [
        (" and ".join(places) if condition else ", ".join(places))
        + (_OF_SEVERAL.get(condition, condition) if len(places) > 1 else condition)
        for condition, places in every.items()
    ]
    either = _alike(plan, [need for need in needs if need.any], numbers)
    if either:
        said.append(" or ".join(" or ".join(places) + condition for condition, places in either.items()))
    return said


def _alike(plan: Plan, needs: Sequence[Need], numbers: dict[str, str]) -> dict[str, list[str]]:
    """The numbers of the needed steps, by the words of their condition."""
    found: dict[str, list[str]] = {}
    for need in needs:
        found.setdefault(_condition(plan, need), []).append(numbers[need.step])
    return found


def _condition(plan: Plan, need: Need) -> str:
    """ "If it fails"; a success is worth saying where the text asks about it or another step takes its failure."""
    if plan.steps[need.step].check and need.when != "finished":
        return f" if {'so' if need.when == 'succeeded' else 'not'}"
    asked = any(other.step == need.step and other.when == "failed" for step in plan for other in step.needs)
    passes = " if it passes" if asked else ""
    return {"succeeded": passes, "failed": " if it fails", "finished": " either way"}[need.when]


def _right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text)


def _facts(facts: Sequence[tuple[str, str]], console: Console) -> Text:
    """Names in one column, values wrapped beside them; a name that repeats is said once."""
    indent = max(len(name) for name, _ in facts) + 2
    lines, before = [], ""
    for name, value in facts:
        first = Text.assemble((("" if name == before else name).ljust(indent), "dim"))
        rows = Text(one_line(value, 2000)).wrap(console, max(console.width - indent, 20))
        lines += [(first if n == 0 else Text(" " * indent)).append_text(row) for n, row in enumerate(rows)]
        before = name
    return Text("\n").join(lines)
