"""The published gold for how goals are read, its check and its matcher. README.md says how it was made."""
