"""Markdown and PRDs: headings are stages, lists and open boxes steps, criteria the stages' acceptance criteria."""

from tuloy.understanding.documents.markdown.amounts import amount, band_of
from tuloy.understanding.documents.markdown.plan import plan_markdown
from tuloy.understanding.documents.markdown.sections import sections_of

__all__ = ["amount", "band_of", "plan_markdown", "sections_of"]
