"""Clauses: the layout of a text, its sentences cut into clauses, and what one clause asks for."""
