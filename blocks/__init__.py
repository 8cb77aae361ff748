"""Prefect blocks: saved configuration that is shared between people, or secret. None is needed yet."""
