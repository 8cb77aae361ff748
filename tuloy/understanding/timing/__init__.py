"""Timing: how urgent a goal is, when it is due, how often it is wanted."""
