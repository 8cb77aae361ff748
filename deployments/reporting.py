"""Prefect's process worker, made to report a crash once. The worker's process imports it and takes this class then.

Prefect 3.8 reports a flow run whose process died from two places, half a second apart; the second report would crash
the new attempt of a run that was retried in between.
"""

import warnings
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

__all__ = ["ReportsOnce"]

# Prefect warns that this class takes the place of the one that it is made of: that is what it is for.
warnings.filterwarnings("ignore", category=UserWarning, message=".*ReportsOnce.*")


class ReportsOnce(ProcessWorker):
    """The worker of the type `process`, for whom an exit that the server knows of is no news."""

    async def run(
        self, flow_run: FlowRun, configuration: ProcessJobConfiguration, task_status: Any = None
    ) -> ProcessWorkerResult:
        """Run the flow run's process; its result says 0 when its crash was reported already."""
        result = await super().run(flow_run, configuration, task_status)
        if result.status_code and await self._is_told(flow_run):
            return ProcessWorkerResult(status_code=0, identifier=result.identifier)
        return result

    async def _is_told(self, flow_run: FlowRun) -> bool:
        state = (await self.client.read_flow_run(flow_run.id)).state
        return state is not None and not (state.is_running() or state.is_pending())
