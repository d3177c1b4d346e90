"""The profiles of this deployment: every TOML file of ``profiles/``, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import domain
from domain.judge import Profiles
from domain.profiles import load_commodity, load_scheme

FOLDER = Path(domain.__file__).resolve().parent.parent / "profiles"


@cache
def profiles() -> Profiles:
    """Commodities and schemes by id."""
    commodities = [
        load_commodity(path.read_text("utf-8"), path.name) for path in sorted(FOLDER.glob("commodities/*.toml"))
    ]
    schemes = [load_scheme(path.read_text("utf-8"), path.name) for path in sorted(FOLDER.glob("schemes/*.toml"))]
    return Profiles({commodity.id: commodity for commodity in commodities}, {scheme.id: scheme for scheme in schemes})
