"""What makes a flow run that `tuloy run` drives itself answer to the buttons of the Prefect UI.

Prefect offers Cancel, Suspend and Retry only for runs of a deployment: where `tuloy up --worker` made
`run-goal/terminal`, the runs of this process are runs of it, and Retry or Resume let the worker go on with the goal.
Owns that link. Does not own driving, nor what the worker does then (flows.run_goal).
"""

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.states import Pending

from tuloy.agents.shell import ShellAgent
from tuloy.printable import one_line
from tuloy.work.run import Run

__all__ = ["GOAL_LIMIT", "GOAL_TAG", "attached", "refuse_resume"]

DEPLOYMENT = "run-goal/terminal"
GOAL_LIMIT = 20_000
GOAL_TAG = "goal:"


def attached(run: Run) -> FlowRun | None:
    """Return a new flow run of the deployment for this goal; None where the deployment was not made."""
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound:
            return None
        return client.create_flow_run_from_deployment(
            deployment.id,
            parameters=_parameters(run),
            state=Pending(),  # a worker takes what is scheduled
            name=one_line(run.goal.text, 80),
            tags=["tuloy", f"{GOAL_TAG}{run.goal.id}"],
        )


def _parameters(run: Run) -> dict[str, object]:
    """What a worker needs to go on as this process would; the goal itself it finds by the flow run."""
    coding = [agent.name for agent in run.agents if not isinstance(agent, ShellAgent)]
    return {
        "goal": run.goal.text[:GOAL_LIMIT],
        "repo": str(run.goal.repo),
        "agent": coding[0] if coding else "",
        "max_workers": run.settings.max_workers,
    }


def refuse_resume(run: Run, state: State) -> None:
    """Let Prefect refuse to resume a waiting run that no deployment could go on with.

    By force, because Prefect would not let such a run wait for a worker; else it would call it Running for ever.
    """
    state.state_details.pause_reschedule = True
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(run.store.find_goal(run.goal.id).flow_run_id), state, force=True)
