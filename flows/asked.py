"""What a flow run was asked for, turned into what a run needs: repository, settings, goal and plan.

Owns names of blocks and what they change. Does not own running (flows.run_goal).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from prefect.blocks.core import Block

from blocks import AgentSet, GatePolicy, OllamaModel, Repository
from tuloy.errors import UsageError
from tuloy.plan import Plan, Priority
from tuloy.printable import one_line
from tuloy.settings import ModelSettings, Settings, load_settings
from tuloy.store import Store
from tuloy.work.begin import Begun, begin_goal
from tuloy.work.reading import Lane, read_goal
from tuloy.workspaces.directories import open_place
from tuloy.workspaces.git import git, head
from tuloy.workspaces.records import Repository as Opened

__all__ = ["AS_WRITTEN", "Asked", "Saved", "begin", "configured", "opened", "read", "saved"]

AS_WRITTEN = "as written"
Kind = TypeVar("Kind", bound=Block)


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of one flow run, as they came."""

    goal: str
    repo: str
    priority: str
    agent: str
    max_workers: int
    agents: str
    gates: str
    lane: Lane = "auto"
    model: str = ""
    reading: int = 0


@dataclass(frozen=True, slots=True)
class Saved:
    """The blocks that the parameters name."""

    repository: Repository
    agents: AgentSet
    gates: GatePolicy | None
    model: OllamaModel | None = None


async def saved(asked: Asked) -> Saved:
    """Load the blocks that the parameters name.

    Raises:
        UsageError: naming the parameter whose block there is not.
    """
    if Path(asked.repo).is_absolute():
        repository = Repository(path=asked.repo)
    else:
        repository = await _repository(asked.repo)
    agents = await _loaded(AgentSet, "agents", asked.agents) if asked.agents else AgentSet()
    gates = await _loaded(GatePolicy, "gates", asked.gates) if asked.gates else None
    model = await _loaded(OllamaModel, "model", asked.model) if asked.model else None
    return Saved(repository, agents, gates, model)


async def _repository(name: str) -> Repository:
    if not name.replace("-", "").isalnum():
        raise UsageError(
            f"repo {name!r} is a relative path, and a worker has no directory of yours; "
            "write the whole path, or the name of a saved Repository block"
        )
    found = await _loaded(Repository, "repo", name)
    if not Path(found.path).is_absolute():
        raise UsageError(f"the Repository block {name!r} has the path {found.path!r}; write the whole path there")
    return found


async def _loaded(kind: type[Kind], parameter: str, name: str) -> Kind:
    try:
        return cast(Kind, await kind.aload(name))
    except ValueError as error:
        also = "no whole path and " if parameter == "repo" else ""
        raise UsageError(
            f"{parameter} {name!r} is {also}the name of no {kind.__name__} block: {error}; save one, or correct it"
        ) from error


def opened(block: Repository, home: Path) -> Opened:
    """Open the repository or directory of a block.

    Raises:
        UsageError: when there is none to work on, or another branch is checked out than the block wants.
    """
    repository = open_place(Path(block.path), home)
    branch = head(repository).branch
    if block.branch and branch != block.branch:
        raise UsageError(
            f"{str(repository.root)!r} has {branch or 'no branch'!r} checked out, and goals start from "
            f"{block.branch!r} there; check that out, or change the block"
        )
    return repository


def configured(asked: Asked, blocks: Saved, repository: Opened) -> Settings:
    """Return the worker's settings with what the parameters and blocks change.

    Agents that came with the files are not trusted (a clone or an archive can bring them).
    """
    came = repository.private or bool(git(repository, "ls-files", "--", "tuloy.toml").strip())
    settings = load_settings(repository.root / "tuloy.toml", trusted=not came)
    changed: dict[str, object] = {"max_workers": asked.max_workers}
    if blocks.agents.agents:
        changed["agents"] = {**settings.agents, **blocks.agents.agents}
    if blocks.gates is not None:
        changed["gate_timeout_s"] = blocks.gates.timeout_s
    if blocks.model is not None:
        changed["model"] = _model(blocks.model)
    return settings.model_copy(update=changed)


def _model(block: OllamaModel) -> ModelSettings:
    try:
        return ModelSettings(name=block.model, host=block.host, num_ctx=block.num_ctx, api_key=block.api_key)
    except ValueError as error:
        raise UsageError(f"the OllamaModel block cannot be used: {one_line(str(error), 300)}; correct it") from error


def read(store: Store, settings: Settings, asked: Asked, repository: Opened) -> Plan:
    """Read the goal's words, and take the plan that the user keeps for them here if there is one."""
    priority = None if asked.priority == AS_WRITTEN else cast(Priority, asked.priority)
    number = asked.reading or None
    if number is None and (kept := store.corrected_plan(repository.id, asked.goal, priority)) is not None:
        return kept
    root, model = repository.root, settings.model
    return read_goal(asked.goal, root, priority=priority, lane=asked.lane, model=model, number=number)


def begin(store: Store, settings: Settings, plan: Plan, blocks: Saved, repository: Opened, run_id: str) -> Begun:
    """Store the goal and its plan, as begun by this flow run."""
    if blocks.gates is not None:
        plan = _judged_by(plan, frozenset(blocks.gates.gates))
    return begin_goal(store, settings, repository, plan.goal.text, plan=plan, flow_run_id=run_id)


def _judged_by(plan: Plan, gates: frozenset[str]) -> Plan:
    """Return the plan with only these gates."""
    stages = [
        stage.model_copy(update={"gates": tuple(gate for gate in stage.gates if gate in gates)})
        for stage in plan.stages
    ]
    return plan.model_copy(update={"stages": tuple(stages)})
