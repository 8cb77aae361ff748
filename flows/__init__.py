"""Prefect flows: they order, wait, gate and return a state."""
