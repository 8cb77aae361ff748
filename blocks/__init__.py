"""Prefect blocks: saved configuration that is shared between people, or secret. `tuloy up --worker` registers them."""

from blocks.agent_set import AgentSet
from blocks.gate_policy import GatePolicy
from blocks.ollama_model import OllamaModel
from blocks.repository import Repository

__all__ = ["AgentSet", "GatePolicy", "OllamaModel", "Repository"]
