"""The local Prefect server, its environment, and what is examined before anything runs."""
