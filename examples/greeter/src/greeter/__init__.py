"""Greet people the way they like it."""

from greeter.greeting import greet, greet_all

__all__ = ["greet", "greet_all"]
