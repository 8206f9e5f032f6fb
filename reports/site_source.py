"""Where the number is from by which a score was said in natural frequencies: beside that sentence."""

from core.result import Finding
from core.wording import say
from reports.site_words import site_sentence
from reports.text import clean_line


def sourced_site_sentence(finding: Finding) -> str:
    """Return what a score means here with where its number is from; "" where nothing may be said."""
    said = site_sentence(finding)
    source = clean_line(finding.site.source).rstrip(". ") if finding.site is not None else ""
    return f"{said} {say('reports.site.from', source=source)}" if said and source else said
