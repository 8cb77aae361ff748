"""A model that an Ollama server offers, with the key for it."""

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

__all__ = ["OllamaModel"]


class OllamaModel(Block):
    """A language model and the Ollama server that offers it.

    Example:
        ```python
        from blocks import OllamaModel

        OllamaModel(model="qwen2.5-coder:7b").save("coder")
        ```
    """

    _block_type_name = "Tuloy Ollama Model"
    _block_type_slug = "tuloy-ollama-model"

    host: str = Field("http://127.0.0.1:11434", title="Host", description="The address of the Ollama server.")
    model: str = Field("qwen2.5-coder:7b", title="Model", description="The model's name, as `ollama list` shows it.")
    num_ctx: int = Field(
        8192, ge=512, le=1_048_576, title="Context", description="How many tokens the model may see at once."
    )
    api_key: SecretStr = Field(
        SecretStr(""), title="API key", description="Sent to the server as a bearer token; empty sends none."
    )
