"""A repository that goals are started on by a name."""

from prefect.blocks.core import Block
from pydantic import Field

__all__ = ["Repository"]


class Repository(Block):
    """A git repository on the machine of the worker, by a name that goals can use instead of its path.

    Example:
        ```python
        from blocks import Repository

        Repository(path="/srv/greeter").save("greeter")
        ```
    """

    _block_type_name = "Tuloy Repository"
    _block_type_slug = "tuloy-repository"

    path: str = Field("", title="Path", description="The absolute path of the repository on the worker's machine.")
    branch: str = Field(
        "",
        title="Branch",
        description="The branch that must be checked out there when a goal begins; empty takes whatever is.",
    )
