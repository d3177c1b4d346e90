"""Signals: what stands out in a season. Each is a score with its figures; none is a verdict.

    found = scan(season, rules)        pure: a season's records in, signals out, highest first
    sentence(found[0], "fr")           the figures in words: facts, not accusations

``values`` are the records, ``rules`` the dated figures of ``profiles/signals.toml``, ``figures`` the statistics;
``farmers``, ``intake``, ``facilities`` and ``control`` hold one function a pattern.
"""

from domain.signals.catalogue import CATALOGUE, look, sentence
from domain.signals.rules import Rules, load_rules
from domain.signals.scan import SCORERS, scan
from domain.signals.values import (
    Batch,
    Check,
    Correction,
    Delivery,
    Inspection,
    Member,
    Overlap,
    Photo,
    Plot,
    Revision,
    Season,
    Signal,
)

__all__ = [
    "CATALOGUE",
    "SCORERS",
    "Batch",
    "Check",
    "Correction",
    "Delivery",
    "Inspection",
    "Member",
    "Overlap",
    "Photo",
    "Plot",
    "Revision",
    "Rules",
    "Season",
    "Signal",
    "load_rules",
    "look",
    "scan",
    "sentence",
]
