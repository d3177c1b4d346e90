"""The clusters that can be played: what each tells, and the totals that follow from the ledger afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from demo import ge_fish, ge_pharma, gh_cassava, gh_mango, lr_story, lr_totals, tn_pear
from demo.story import Story
from models.db import SystemSession


@dataclass(frozen=True, slots=True)
class Cluster:
    """A season that can be played."""

    title: str
    story: Callable[[], Story]
    totals: Callable[[SystemSession], dict[str, Any]]


CLUSTERS: Final = {
    "LR_COCOA": Cluster("cocoa in Liberia, full size", lr_story.story, lr_totals.totals),
    "GH_MANGO": Cluster("mango in Ghana, a shared solar dryer", gh_mango.story, gh_mango.totals),
    "GH_CASSAVA": Cluster("cassava chips in Ghana", gh_cassava.story, gh_cassava.totals),
    "TN_PEAR": Cluster("prickly pear seed oil in Tunisia", tn_pear.story, tn_pear.totals),
    "GE_PHARMA": Cluster("medicines in Georgia", ge_pharma.story, ge_pharma.totals),
    "GE_FISH": Cluster("anchovy landings in Georgia", ge_fish.story, ge_fish.totals),
}
