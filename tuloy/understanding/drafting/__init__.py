"""Drafting: clauses become drafts of steps with edges. Knows neither projects nor records of a plan."""
