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
    from tuloy.understanding.project import Project

__all__ = ["by_model"]


def by_model(
    rules: Plan,
    project: Project | None,
    model: ModelSettings,
    *,
    required: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> Plan:
    """Return the model's plan for the goal of the rules' plan, or that plan with a note that says why not.

    Raises:
        ModelFailed: when the model is `required` and gave no whole answer; an answer that stays invalid is none.
    """
    from tuloy.errors import ModelFailed
    from tuloy.understanding.model.probe import address_of, require_model

    try:
        require_model(model)
        tell(f"asking {model.name} at {address_of(model)} for a plan")
        from tuloy.understanding.model.lane import read_by_model

        return read_by_model(rules, project, model)
    except ModelFailed as error:
        if required:
            raise
        return rules.model_copy(update={"notes": (*rules.notes, f"read by rules alone: {error}")})
