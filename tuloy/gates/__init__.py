"""Checks with a verdict: a pass needs positive evidence; what could not be judged is an `error`."""
