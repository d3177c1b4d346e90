"""The totals of a cluster's season, worked out from the database alone: the registry and what follows from the log."""

from __future__ import annotations

from typing import Any

from demo.clusters import CLUSTERS
from models.db import SystemSession


def totals(session: SystemSession, cluster: str) -> dict[str, Any]:
    """The figures of a season, named as the scenario names them: kilograms and hectares as printed."""
    if cluster not in CLUSTERS:
        message = f"There are no totals for {cluster}."
        raise ValueError(message)
    return CLUSTERS[cluster].totals(session)
