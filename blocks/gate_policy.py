"""Which gates judge a goal's stages, and how long each may take."""

from typing import Literal

from prefect.blocks.core import Block
from pydantic import Field

__all__ = ["GatePolicy"]


class GatePolicy(Block):
    """The gates that judge the stages of a goal, and the time that each of them has.

    Example:
        ```python
        from blocks import GatePolicy

        GatePolicy(gates=["tests"], timeout_s=600).save("tests-only")
        ```
    """

    _block_type_name = "Tuloy Gate Policy"
    _block_type_slug = "tuloy-gate-policy"

    gates: list[Literal["lint", "tests", "limits"]] = Field(
        ["lint", "tests", "limits"],
        title="Gates",
        description="Only these judge; a gate that does not fit the project is not asked anyway.",
    )
    timeout_s: float = Field(
        1800, gt=0, title="Time limit", description="How long one gate may take, in seconds.", allow_inf_nan=False
    )
