"""How a reading is compared with the steps and edges that a person wrote down.

Edges are written "1>2" (succeeded), "1!2" (failed), "1~2" (finished).
"""

from reading_score import edges_of, own_steps

from tuloy.understanding import understand


def assert_reading(goal: str, steps: list[str] | int, edges: str) -> None:
    """Compare what is read: titles or their number, and edges."""
    plan = understand(goal)
    if isinstance(steps, int):
        assert steps == len(own_steps(plan)), [step.title for step in plan]
    else:
        assert steps == [step.title for step in own_steps(plan)]
    assert set(edges.split()) == edges_of(plan)
