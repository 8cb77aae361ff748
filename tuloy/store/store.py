"""The store's public face: one object that reads and writes everything the others' modules own."""

from pathlib import Path

from tuloy.store import attempts, corrections, events, gates, goals, intake, leases, queries, removal
from tuloy.store.database import Database
from tuloy.store.opening import engine_at

__all__ = ["Store", "open_store"]


class Store(Database):
    """Everything Tuloy knows about goals. A context manager; thread-safe; each write is one transaction."""

    create_goal = goals.create_goal
    save_plan = goals.save_plan
    set_goal = goals.set_goal
    set_flow_run = goals.set_flow_run
    set_options = goals.set_options
    record_acceptance = goals.record_acceptance
    record_taken_back = goals.record_taken_back

    save_correction = corrections.save_correction
    forget_correction = corrections.forget_correction
    corrected_plan = corrections.corrected_plan

    take_in = intake.take_in
    start_goal = intake.start_goal
    set_word = intake.set_word
    remove_goals = removal.remove_goals

    start_attempt = attempts.start_attempt
    end_attempt = attempts.end_attempt
    record_outcome = attempts.record_outcome

    record_gate = gates.record_gate
    record_checkpoint = gates.record_checkpoint
    record_rollback = gates.record_rollback

    take_lease = leases.take_lease
    release_lease = leases.release_lease

    emit = events.emit
    last_event = events.last_event
    events_of_kind = events.events_of_kind
    events = events.events

    origin_of = intake.origin_of
    needs_of = intake.needs_of
    find_goal = queries.find_goal
    goal_of_flow_run = queries.goal_of_flow_run
    goals = queries.goals
    next_goals = queries.next_goals
    counts = queries.counts
    plan_of = queries.plan_of
    outcomes = queries.outcomes
    outcomes_by_step = queries.outcomes_by_step
    attempts = queries.attempts
    open_attempts = queries.open_attempts
    gate_results = queries.gate_results
    gate_from_cache = queries.gate_from_cache
    checkpoints = queries.checkpoints
    lease_of = queries.lease_of


def open_store(path_or_url: str | Path) -> Store:
    """Open the store at a path, or at a database URL, making or migrating it first.

    Raises:
        StoreUnavailable: when it cannot be opened or made, is no store, or was written by a newer Tuloy.
    """
    engine, place = engine_at(path_or_url)
    return Store(engine, place)
