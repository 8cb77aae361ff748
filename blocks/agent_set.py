"""Coding CLIs that goals may use, shared between machines."""

from prefect.blocks.core import Block
from pydantic import Field

from tuloy.settings import AgentSettings

__all__ = ["AgentSet"]


class AgentSet(Block):
    """Coding CLIs by name, described as in `tuloy.toml`; they join those of the worker's own settings.

    Example:
        ```python
        from blocks import AgentSet

        AgentSet(agents={"mine": {"argv": ["my-cli", "{prompt}"]}}).save("mine")
        ```
    """

    _block_type_name = "Tuloy Agent Set"
    _block_type_slug = "tuloy-agent-set"

    agents: dict[str, AgentSettings] = Field(
        {},
        title="Agents",
        description="Each has argv with {prompt} in it, and may have capabilities, limit and pass_env.",
    )
