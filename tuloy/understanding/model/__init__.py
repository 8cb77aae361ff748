"""The model lane: a language model behind Ollama reads a goal that the rules are not sure of.

Owns asking, and what of an answer is believed. A plan is never worse for it: where no valid answer comes, the rules'
own plan stands. Imports are deferred: importing this package costs nothing, and without a server no client is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuloy.plan import Plan
    from tuloy.settings import ModelSettings
    from tuloy.understanding.model.client import Limits
    from tuloy.understanding.project import Project

__all__ = ["by_model"]


def by_model(
    rules: Plan,
    project: Project | None,
    model: ModelSettings,
    *,
    required: bool = False,
    tell: Callable[[str], None] = lambda line: None,
    limits: Limits | None = None,
) -> Plan:
    """Return the model's plan, or the rules' plan with a note that says why not.

    A model that says nothing for a while is told of; from then on an interrupt leaves it and takes the rules' plan.

    Raises:
        ModelFailed: when the model is `required` and gave no whole answer; an answer that stays invalid is none.
    """
    from threading import Event

    from tuloy.errors import ModelFailed
    from tuloy.understanding.model.probe import address_of, require_model

    told = Event()
    try:
        require_model(model)
        tell(f"asking {model.name} at {address_of(model)} for a plan")
        from tuloy.understanding.model.lane import read_by_model

        def silent() -> None:
            if not told.is_set():
                tell(_waiting(model, limits, required))
                told.set()

        return read_by_model(rules, project, model, limits=limits, silent=silent)
    except ModelFailed as error:
        if required:
            raise
        return _noted(rules, str(error))
    except KeyboardInterrupt:
        if required or not told.is_set():
            raise
        return _noted(rules, f"{model.name!r} was not waited for")


def _noted(rules: Plan, why: str) -> Plan:
    return rules.model_copy(update={"notes": (*rules.notes, f"read by rules alone: {why}")})


def _waiting(model: ModelSettings, limits: Limits | None, required: bool) -> str:
    """Say that nothing comes, what the server says of it, how long it is waited for, and what an interrupt does."""
    from tuloy.errors import ModelFailed
    from tuloy.understanding.model.client import Limits
    from tuloy.understanding.model.probe import is_loaded

    limits = limits or Limits()
    try:
        state = "the server has it loaded" if is_loaded(model) else "the server has not loaded it yet"
    except ModelFailed:
        state = "the server does not say what it does"
    leave = "ends this" if required else "takes the plan of the rules"
    return (
        f"{model.name} has said nothing for {limits.quiet_s:g} s ({state}); such a silence is waited for at most "
        f"{limits.first_s:g} s; Ctrl-C {leave}"
    )
