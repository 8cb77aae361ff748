"""Words: the tokens of a text, and what the lexicons say of them. Knows no clause."""
