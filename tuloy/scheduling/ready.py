"""Ready: the state machine that says which steps may start. Pure: no clock, no threads, no Prefect.

The flow takes steps, does them, and tells how they ended; repairs and redone steps are added on the way. The plan
itself never changes.
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Mapping

from tuloy.errors import PlanInvalid
from tuloy.outcome import OutcomeStatus, holds
from tuloy.plan import Step

__all__ = ["Ready", "downstream_s"]

RANK = {"critical": 0, "high": 1, "normal": 2, "low": 3}
GUESS_S = 60.0


class Ready:
    """Steps that wait, run or have ended.

    `ended` holds the ends that are known already: steps of earlier stages, and what a former run finished. `width` is
    how many may run at once; `limits` how many at once of those that have a capability.
    """

    def __init__(
        self,
        steps: Iterable[Step],
        *,
        ended: Mapping[str, OutcomeStatus] | None = None,
        width: int = 4,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self.width = width
        self.limits = dict(limits or {})
        self.ended: dict[str, OutcomeStatus] = dict(ended or {})
        self.running: dict[str, Step] = {}
        self._waiting: dict[str, Step] = {}
        self._followers: dict[str, list[str]] = {}
        self._ready: list[tuple[int, float, int, str]] = []
        self._queued: set[str] = set()
        self._counted = 0
        fresh = [step for step in steps if step.id not in self.ended]
        self._length_s = downstream_s(fresh)
        for step in fresh:
            self._enter(step)
        self.skipped_at_start = self._settle(list(self._waiting))

    def add(self, step: Step) -> list[Step]:
        """Let a further step in (a repair); return the steps that are skipped because of what is known already.

        Raises:
            PlanInvalid: when a step of that id is there, or it needs one that is not.
        """
        if step.id in self._waiting or step.id in self.running or step.id in self.ended:
            raise PlanInvalid(f"step {step.id!r} is there already; give the new one another id")
        known = self._waiting.keys() | self.running.keys() | self.ended.keys()
        for need in step.needs:
            if need.step not in known:
                raise PlanInvalid(f"step {step.id!r} needs unknown step {need.step!r}")
        self._enter(step)
        return self._settle([step.id])

    def take(self) -> list[Step]:
        """Return the steps to start now, most urgent first, and count them as running."""
        taken: list[Step] = []
        held: list[tuple[int, float, int, str]] = []
        while self._ready and len(self.running) < self.width:
            entry = heapq.heappop(self._ready)
            step = self._waiting[entry[3]]
            if self._is_limited(step):
                held.append(entry)
                continue
            self._queued.discard(step.id)
            del self._waiting[step.id]
            self.running[step.id] = step
            taken.append(step)
        for entry in held:
            heapq.heappush(self._ready, entry)
        return taken

    def finish(self, step_id: str, status: OutcomeStatus) -> list[Step]:
        """Tell how a running step ended; return the steps that are skipped by it, in order.

        Raises:
            KeyError: when the step is not running.
        """
        del self.running[step_id]
        self.ended[step_id] = status
        return self._settle(self._followers.get(step_id, []))

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing can start: all ended, or the rest waits for something outside."""
        return not self.running and not self._ready

    @property
    def blocked(self) -> list[Step]:
        """The steps that can neither start nor be skipped yet."""
        return [step for step in self._waiting.values() if step.id not in self._queued]

    def _enter(self, step: Step) -> None:
        self._waiting[step.id] = step
        for need in step.needs:
            self._followers.setdefault(need.step, []).append(step.id)

    def _settle(self, candidates: list[str]) -> list[Step]:
        """Queue every candidate whose needs all ended and hold; skip, and follow, those whose needs do not."""
        skipped: list[Step] = []
        pending = deque(candidates)
        while pending:
            step = self._waiting.get(pending.popleft())
            if step is None or step.id in self._queued:
                continue
            verdict = self._may_start(step)
            if verdict is True:
                self._queue(step)
            elif verdict is False:
                del self._waiting[step.id]
                self.ended[step.id] = "skipped"
                skipped.append(step)
                pending.extend(self._followers.get(step.id, []))
        return skipped

    def _may_start(self, step: Step) -> bool | None:
        if any(need.step not in self.ended for need in step.needs):
            return None  # a skip is recorded with how all of them ended
        verdicts = [(need.any, holds(need.when, self.ended[need.step])) for need in step.needs]
        every = [verdict for enough, verdict in verdicts if not enough]
        either = [verdict for enough, verdict in verdicts if enough]
        if False in every or (either and set(either) == {False}):
            return False
        return None if None in [*every, *either] else True

    def _queue(self, step: Step) -> None:
        self._counted += 1
        self._queued.add(step.id)
        length = self._length_s.get(step.id, step.estimate_s or GUESS_S)
        heapq.heappush(self._ready, (RANK[step.priority], -length, self._counted, step.id))

    def _is_limited(self, step: Step) -> bool:
        if not self.limits:
            return False
        busy = Counter(name for one in self.running.values() for name in one.capabilities)
        return any(busy[name] >= self.limits[name] for name in step.capabilities if name in self.limits)


def downstream_s(steps: Iterable[Step]) -> dict[str, float]:
    """Estimated seconds from each step's start to the end of the longest chain after it (its critical path).

    A step without an estimate counts as one minute. Linear in steps and needs; expects a DAG.
    """
    steps = list(steps)
    followers: dict[str, list[str]] = {step.id: [] for step in steps}
    open_followers = dict.fromkeys(followers, 0)
    needs = {step.id: [need.step for need in step.needs if need.step in followers] for step in steps}
    for step in steps:
        for other in needs[step.id]:
            followers[other].append(step.id)
            open_followers[other] += 1
    cost = {step.id: GUESS_S if step.estimate_s is None else step.estimate_s for step in steps}
    longest: dict[str, float] = {}
    ready = [key for key, count in open_followers.items() if not count]
    while ready:
        key = ready.pop()
        longest[key] = cost[key] + max((longest[other] for other in followers[key]), default=0.0)
        for other in needs[key]:
            open_followers[other] -= 1
            if not open_followers[other]:
                ready.append(other)
    return longest
