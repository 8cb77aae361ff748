"""Prefect blocks: saved configuration that is shared between people or secret. The room is ready; none is needed yet."""
