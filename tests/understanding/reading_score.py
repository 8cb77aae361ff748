"""Compare a plan with the titles and edges that a person wrote down; parts that a template added do not count."""

from tuloy.plan import Plan, Step

MARKS = {"succeeded": ">", "failed": "!", "finished": "~"}


def edges_of(plan: Plan) -> set[str]:
    """Return the edges as "1>2", counted in the order of the plan."""
    own = own_steps(plan)
    number = {step.id: n for n, step in enumerate(own, 1)}
    needs = [(step, need) for step in own for need in step.needs if need.step in number]
    return {f"{number[need.step]}{MARKS[need.when]}{number[step.id]}" for step, need in needs}


def own_steps(plan: Plan) -> list[Step]:
    """Return the steps of the text itself."""
    return [step for step in plan if step.parent is None]


def _words(title: str) -> set[str]:
    return set(title.lower().replace("`", " ").replace(",", " ").split()) - {"the", "a", "an", "ang"}


def matching(plan: Plan, steps: list[str]) -> dict[int, int]:
    """Pair expected steps with the plan's, each with the most alike one (Jaccard, at least one half)."""
    pairs = []
    for want, words in enumerate(map(_words, steps), 1):
        for have, step in enumerate(own_steps(plan), 1):
            other = _words(step.title)
            alike = len(words & other) / max(1, len(words | other))
            if alike >= 0.5:
                pairs.append((-alike, want, have))
    found: dict[int, int] = {}
    for _, want, have in sorted(pairs):
        if want not in found and have not in found.values():
            found[want] = have
    return found


def agrees(plan: Plan, steps: list[str], edges: list[str]) -> bool:
    """Whether the plan has exactly these steps and exactly these edges."""
    pairs = matching(plan, steps)
    if len(pairs) != len(steps) or len(own_steps(plan)) != len(steps):
        return False
    renamed = set()
    for edge in edges:
        mark = next(mark for mark in MARKS.values() if mark in edge)
        before, after = edge.split(mark)
        renamed.add(f"{pairs[int(before)]}{mark}{pairs[int(after)]}")
    return renamed == edges_of(plan)
