"""Goal, Plan, Stage, Step, Action: frozen records. A `Plan` that exists is a valid DAG.

Owns what a plan may say and the order its edges imply. Does not know how a text becomes a plan
(`tuloy.understanding`), which step is ready next (`tuloy.scheduling.ready`) or who does it (`tuloy.agents`).
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from tuloy.errors import PlanInvalid

__all__ = [
    "Action",
    "Alternative",
    "AskAction",
    "Band",
    "CommandAction",
    "Complexity",
    "Effects",
    "GateAction",
    "Goal",
    "InstructAction",
    "Language",
    "Need",
    "Plan",
    "Priority",
    "PythonAction",
    "Schedule",
    "Stage",
    "Step",
    "When",
    "canonical",
    "topological_order",
]

Language = Literal["en", "fil", "taglish"]
Priority = Literal["critical", "high", "normal", "low"]
Band = Literal["simple", "medium", "complex"]
When = Literal["succeeded", "failed", "finished"]
Effects = Literal["none", "workspace", "external"]

StepId = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Record(BaseModel):
    """What every record of a plan shares: frozen, strict about unknown fields, and nothing that JSON cannot hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy as pydantic does, but without what was computed from the original's fields."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


class Schedule(Record):
    """How often the words want the goal: `cron` (five fields) in the user's time zone, and the words that said so."""

    cron: str = Field(pattern=r"^\S+( \S+){4}$")
    words: str


class Goal(Record):
    """What the user asks for.

    `deadline` is ISO 8601 with an offset, or None. `constraints` are the goal's own words, shown to every agent.
    `schedule` is a hint: nothing runs by it until the user makes it a schedule.
    """

    text: str = Field(min_length=1)
    language: Language = "en"
    priority: Priority = "normal"
    deadline: str | None = None
    schedule: Schedule | None = None
    constraints: tuple[str, ...] = ()


class CommandAction(Record):
    """Run a program. `argv[0]` is a name that the machine resolves when the step runs, or a path.

    `outputs` are glob patterns, relative to the workspace, of files worth keeping that no commit holds (a built wheel).
    """

    kind: Literal["command"] = "command"
    argv: tuple[str, ...] = Field(min_length=1)
    outputs: tuple[str, ...] = ()

    @field_validator("argv")
    @classmethod
    def _can_be_started(cls, argv: tuple[str, ...]) -> tuple[str, ...]:
        if not argv[0] or any("\0" in part for part in argv):
            raise ValueError(f"{argv!r} names no program, or holds a NUL; no system can start it")
        return argv


class InstructAction(Record):
    """Words for a coding agent."""

    kind: Literal["instruct"] = "instruct"
    prompt: str = Field(min_length=1)


class PythonAction(Record):
    """Call `module:function` with JSON arguments, in the project's interpreter."""

    kind: Literal["python"] = "python"
    target: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class AskAction(Record):
    """Ask the user. Without `options` any text is an answer."""

    kind: Literal["ask"] = "ask"
    question: str = Field(min_length=1)
    options: tuple[str, ...] = ()


class GateAction(Record):
    """Judge the workspace with a named gate in the middle of a stage."""

    kind: Literal["gate"] = "gate"
    gate: str


Action = Annotated[CommandAction | InstructAction | PythonAction | AskAction | GateAction, Field(discriminator="kind")]


class Need(Record):
    """An edge into a step: `step` must have ended as `when` says.

    All needs of a step must hold, but of those with `any`: when all of these have ended, one that holds is enough
    ("if either fails").
    """

    step: str
    when: When = "succeeded"
    any: bool = False


class Step(Record):
    """One unit of work.

    `effects`: `none` changes nothing that is kept, `workspace` changes files of the repository, `external` reaches
    outside and is not repeated without asking. `check` marks a question ("check whether …"): its "no" is an answer,
    not a failure of the goal. `source` is the half-open span of the goal's text, in characters. Seconds end in `_s`.

    A step that others name as `parent` is a group: nobody does it, it waits for its parts and ends as they did.
    """

    id: StepId
    title: str = Field(min_length=1)
    action: Action
    needs: tuple[Need, ...] = ()
    parent: str | None = None
    capabilities: tuple[str, ...] = ()
    priority: Priority = "normal"
    effects: Effects = "workspace"
    check: bool = False
    retries: int = Field(default=0, ge=0, le=50)
    timeout_s: float = Field(default=600, gt=0)
    confidence: float = Field(default=1.0, ge=0, le=1)
    estimate_s: float | None = Field(default=None, ge=0)
    source: tuple[int, int] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the action alone: what a cached outcome of this step depends on, besides its needs."""
        return hashlib.sha256(canonical(self.action.model_dump(mode="json")).encode()).hexdigest()[:16]


class Stage(Record):
    """Steps that end at gates. `accept` are acceptance criteria in the goal's own words."""

    id: StepId
    title: str = Field(min_length=1)
    gates: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    steps: tuple[Step, ...] = Field(min_length=1)


class Complexity(Record):
    """The amount of work: `score` 0 to 10, its band, and why."""

    score: float = Field(ge=0, le=10)
    band: Band
    reasons: tuple[str, ...] = ()


class Alternative(Record):
    """Another way the text could be read, how likely it is meant, and what in the text leaves it open.

    `doubt` names what is open: readings of the same doubt exclude each other.
    """

    reading: str
    confidence: float = Field(ge=0, le=1)
    why: str = ""
    doubt: str = ""


class Plan(Record):
    """Stages of steps: a DAG. Stages follow one another; inside a stage only the needs decide.

    `notes` tell how the plan came about where that was not the plain way: a model that gave no valid answer.

    Raises:
        PlanInvalid: on construction through `Plan.of` or `Plan.read`, when the steps form no DAG. (Pydantic's own
            constructor raises its `ValidationError`, a `ValueError`, with the same sentence.)
    """

    goal: Goal
    complexity: Complexity = Complexity(score=1, band="simple")
    lane: Literal["rules", "model", "given"] = "rules"
    confidence: float = Field(default=1.0, ge=0, le=1)
    alternatives: tuple[Alternative, ...] = ()
    notes: tuple[str, ...] = ()
    stages: tuple[Stage, ...]

    @classmethod
    def of(cls, **fields: Any) -> Self:
        """Build a plan from keyword fields."""
        try:
            return cls(**fields)
        except ValidationError as error:
            raise PlanInvalid(_sentence(error)) from error

    @classmethod
    def read(cls, document: str | bytes) -> Self:
        """Read a plan from its JSON document."""
        try:
            return cls.model_validate_json(document)
        except ValidationError as error:
            raise PlanInvalid(_sentence(error)) from error

    @model_validator(mode="after")
    def _is_a_dag(self) -> Self:
        if not self.stages:
            raise ValueError("the plan is empty; it needs a stage with at least one step")
        _unique("stage", (stage.id for stage in self.stages))
        _unique("step", (step.id for step in self))
        place = {step.id: n for n, stage in enumerate(self.stages) for step in stage.steps}
        for step in self:
            _known_needs(step, place)
        topological_order({step.id: [need.step for need in step.needs] for step in self})
        if self.parts:
            topological_order({step.id: [step.parent] if step.parent else [] for step in self})
        for group, parts in self.parts.items():
            _waits_for_parts(self.steps[group], parts)
        return self

    def __iter__(self) -> Iterator[Step]:  # type: ignore[override]
        """Iterate over all steps, stage by stage."""
        return (step for stage in self.stages for step in stage.steps)

    def __len__(self) -> int:
        return sum(len(stage.steps) for stage in self.stages)

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """All steps by id."""
        return {step.id: step for step in self}

    @cached_property
    def parts(self) -> Mapping[str, tuple[Step, ...]]:
        """The parts of every group, by its id."""
        found: dict[str, list[Step]] = {}
        for step in self:
            if step.parent is not None:
                found.setdefault(step.parent, []).append(step)
        return {group: tuple(steps) for group, steps in found.items()}

    @cached_property
    def stage_of(self) -> Mapping[str, Stage]:
        """The stage of each step id."""
        return {step.id: stage for stage in self.stages for step in stage.steps}

    def order(self) -> list[str]:
        """Step ids so that every step comes after its needs; ties keep the plan's order."""
        return topological_order({step.id: [need.step for need in step.needs] for step in self})


def topological_order(needs: Mapping[str, Iterable[str]], what: str = "steps") -> list[str]:
    """Order keys so that each comes after what it needs; stable, O(keys + edges) (Kahn 1962). `what` names the keys.

    Raises:
        PlanInvalid: when a need is no key, or there is a cycle; the message walks it, e.g. ``'a' -> 'b' -> 'a'``.
    """
    waiting = {key: len(set(before)) for key, before in needs.items()}
    after: dict[str, list[str]] = {key: [] for key in needs}
    for key, before in needs.items():
        for other in dict.fromkeys(before):
            if other not in after:
                raise PlanInvalid(f"{key!r} needs unknown {other!r}; add it or remove the need")
            after[other].append(key)
    ready = deque(key for key, count in waiting.items() if not count)
    ordered: list[str] = []
    while ready:
        key = ready.popleft()
        ordered.append(key)
        for other in after[key]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    if len(ordered) < len(waiting):
        raise PlanInvalid(f"{what} wait for each other: {_cycle(needs, set(ordered))}; remove one of these needs")
    return ordered


def _cycle(needs: Mapping[str, Iterable[str]], ordered: set[str]) -> str:
    """Walk backwards through unordered keys until one repeats: every one of them has an unordered need."""
    key = next(key for key in needs if key not in ordered)
    walk: dict[str, int] = {}
    while key not in walk:
        walk[key] = len(walk)
        key = next(other for other in needs[key] if other not in ordered)
    loop = [*list(walk)[walk[key] :], key]
    return " -> ".join(repr(step) for step in reversed(loop))


def _unique(what: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"two {what}s are called {one!r}; give each its own id")
        seen.add(one)


def _known_needs(step: Step, place: Mapping[str, int]) -> None:
    if not step.needs and step.parent is None:
        return
    wanted = [("needs", need.step) for need in step.needs]
    wanted += [("is part of", step.parent)] if step.parent else []
    for how, other in wanted:
        if other not in place:
            known = ", ".join(repr(name) for name in list(place)[:8]) + (", …" if len(place) > 8 else "")
            raise ValueError(f"step {step.id!r} {how} unknown step {other!r}; known: {known}")
    for need in step.needs:
        if place[need.step] > place[step.id]:
            raise ValueError(f"step {step.id!r} needs {need.step!r} of a later stage; move one of them")


def _waits_for_parts(group: Step, parts: Iterable[Step]) -> None:
    """A group ends as its parts did, so it comes after every part that no other part comes after."""
    parts = list(parts)
    followed = {need.step for part in parts for need in part.needs}
    waits = {need.step for need in group.needs}
    for part in parts:
        if part.id not in followed | waits:
            raise ValueError(
                f"step {group.id!r} is made of {part.id!r} but does not wait for it; give {group.id!r} a need for "
                f"{part.id!r} (`when`: finished), or that step no parent"
            )


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    what = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def canonical(value: object) -> str:
    """One JSON text per value: sorted keys, no spaces. What every hash of ours is taken of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
