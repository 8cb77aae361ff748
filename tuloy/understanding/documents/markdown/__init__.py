"""Markdown and PRDs: headings are stages, lists and open boxes steps, criteria the stages' acceptance criteria."""
