"""What the models of JSON documents share: unknown keys and nulls are let pass, texts are joined in one way."""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

__all__ = ["NEEDS", "Id", "Lenient", "lines_of", "paragraphs"]

Id = Annotated[int | str, Field(union_mode="left_to_right")]

NEEDS = AliasChoices("dependencies", "depends_on", "dependsOn", "blocked_by", "blockedBy")
"""The names under which a document says what an entry needs; the first that is there counts."""


class Lenient(BaseModel):
    """A part of somebody's document: keys that nobody asks for are ignored, a null is as good as nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


def paragraphs(*texts: str) -> str:
    """Join what there is of the texts with empty lines."""
    return "\n\n".join(stripped for text in texts if (stripped := text.strip()))


def lines_of(said: str | list[str]) -> tuple[str, ...]:
    """Return one criterion per line, without bullets."""
    lines = said.splitlines() if isinstance(said, str) else said
    return tuple(bare for line in lines if (bare := line.strip().lstrip("-*• ").strip()))
