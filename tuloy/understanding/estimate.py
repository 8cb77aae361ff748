"""Estimate: how much work a plan is, and why; how long it may take.

Owns score and band, and durations from what this machine has seen.
`simple` is 1-2 small steps, `medium` 3-7 steps or one larger change, `complex` 8 or more steps
or building something new.
"""

from collections.abc import Mapping, Sequence

from tuloy.plan import CommandAction, Complexity, Plan, Step
from tuloy.scheduling.ready import downstream_s
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["complexity_of", "introduces", "longest_chain_s", "with_durations"]


def complexity_of(drafts: Sequence[Draft], commands: int, known: Grammar) -> Complexity:
    """Return the amount of work in these drafts, `commands` of which are ready-made commands."""
    count = len(drafts)
    reasons = [f"{count} step{'s' * (count != 1)}"]
    new = [draft for draft in drafts if not draft.command and introduces(draft.tokens, known)]
    heavy = [draft for draft in drafts if known.root(draft.verb) in known.heavy_verbs and draft not in new]
    conditions = sum(when != "succeeded" for draft in drafts for when in draft.needs.values())
    score = {1: 1.0, 2: 2.5}.get(count, min(9.0, 3.4 + 0.55 * (count - 2)))
    if new:
        reasons.append(f"builds something new: {new[0].title!r}")
        score = max(score, 7.5)
    if heavy:
        reasons.append(f"a larger change: {heavy[0].title!r}")
        score = max(score, 4.5) if score < 7 else score
    if conditions:
        reasons.append(f"{conditions} other way{'s' * (conditions != 1)} to go on")
    if commands == count:
        reasons.append("every step is a ready command")
    score = max(score, 7.0) if count >= 8 else min(score, 6.9) if not new else score
    band = "simple" if score < 3 else "medium" if score < 7 else "complex"
    return Complexity(score=round(min(score, 10), 1), band=band, reasons=tuple(reasons))


def introduces(tokens: Sequence[Token], known: Grammar) -> bool:
    """Whether the words make something large that was not there: "build a REST API", not "build the API"."""
    if not tokens or known.root(tokens[0].norm) not in known.building_verbs:
        return False
    words = [token.norm for token in tokens[:14]]
    end = next((n for n, word in enumerate(words) if n > 1 and word in known.prepositions | known.relatives), None)
    words = words[:end]
    large = next((n for n, word in enumerate(words) if word in known.large_things), None)
    return large is not None and any(word in known.introducers for word in words[1:large])


def with_durations(plan: Plan, usual: Mapping[tuple[str, ...], float]) -> Plan:
    """Estimate commands by how long they took here before, in seconds by command line."""
    if not usual:
        return plan
    stages = [
        stage.model_copy(update={"steps": tuple(_with_duration(step, usual) for step in stage.steps)})
        for stage in plan.stages
    ]
    return plan.model_copy(update={"stages": tuple(stages)})


def _with_duration(step: Step, usual: Mapping[tuple[str, ...], float]) -> Step:
    seconds = usual.get(step.action.argv) if isinstance(step.action, CommandAction) else None
    return step if seconds is None else step.model_copy(update={"estimate_s": round(seconds, 1)})


def longest_chain_s(plan: Plan) -> float:
    """Return the estimated seconds of the longest chain of steps: what the goal takes with width enough, no gates.

    Stages follow one another, so their chains add up.
    """
    return sum(max(downstream_s(stage.steps).values()) for stage in plan.stages)
