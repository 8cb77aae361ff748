"""What a resumed run cleans up in Prefect after the process before it."""

import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client

from deployments.server import Server
from flows.process import crash_late_orphans, crash_orphans

pytestmark = pytest.mark.server


def running(client: SyncPrefectClient, flow_run_id: UUID) -> UUID:
    """A task run that the server takes for Running."""
    asked = {"flow_run_id": str(flow_run_id), "task_key": "t", "dynamic_key": uuid4().hex, "state": {"type": "RUNNING"}}
    answer = client._client.post("/task_runs/", json=asked)
    answer.raise_for_status()
    return UUID(answer.json()["id"])


def test_only_what_was_begun_before_is_an_orphan(prefect_server: Server) -> None:
    """Learned late, a dead process's step is crashed; one of this process, about to be recorded as ended, is not."""

    @flow(name="orphans")
    def nothing() -> None: ...

    with get_client(sync_client=True) as client:
        of_run = client.create_flow_run(nothing).id
        theirs = running(client, of_run)
        time.sleep(0.05)
        began = datetime.now(UTC)
        ours = running(client, of_run)
        crash_late_orphans(of_run, began)
        assert [client.read_task_run(one).state_name for one in (theirs, ours)] == ["Crashed", "Running"]
        crash_orphans(client, of_run)
        assert client.read_task_run(ours).state_name == "Crashed"


def test_a_server_that_is_gone_is_no_matter(prefect_server: Server) -> None:
    """The work is done by then."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        crash_late_orphans(uuid4(), datetime.now(UTC))
