"""The profiles of this deployment, read once: every TOML file that ships, and those of a folder of its own.

``FILIERE_PROFILES`` names that folder; like ``profiles/`` it has ``commodities/`` and ``schemes/``. A file there adds,
it never takes the place of one that ships: goods already judged keep the rules that judged them.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import domain
from domain.clones import RuleBook, load_rules
from domain.judge import Profiles
from domain.profiles import Commodity, ProfileMistake, Scheme, load_commodity, load_scheme
from domain.toml_lines import line_of
from domain.units import Register, load_register

FOLDER = Path(domain.__file__).resolve().parent.parent / "profiles"
OWN_FOLDER = "FILIERE_PROFILES"
KINDS = ("commodities", "schemes")


@cache
def profiles() -> Profiles:
    """Commodities and schemes by id. ``ProfileMistake`` where a file cannot be understood or takes what is taken."""
    commodities: dict[str, Commodity] = {}
    for path in _files("commodities"):
        commodity = read_commodity(path, commodities.values())
        commodities[commodity.id] = commodity
    schemes: dict[str, Scheme] = {}
    for path in _files("schemes"):
        scheme = read_scheme(path, schemes)
        schemes[scheme.id] = scheme
    return Profiles(commodities, schemes, label_register())


@cache
def label_register() -> Register:
    """The numbers of commodities in labels, and the tolerances of units."""
    path = FOLDER / "label-commodities.toml"
    return load_register(path.read_text("utf-8"), path.name)


@cache
def label_rules() -> RuleBook:
    """What the rules on copied labels weigh, and from which figures they speak."""
    path = FOLDER / "label-rules.toml"
    return load_rules(path.read_text("utf-8"), path.name)


def check(path: Path) -> Commodity | Scheme:
    """What one file says, by itself and then beside the other profiles of this deployment. Else ``ProfileMistake``."""
    if _is_scheme(path):
        read_scheme(path)
        return read_scheme(path, _others(path).schemes)
    read_commodity(path)
    return read_commodity(path, _others(path).commodities.values())


def _others(path: Path) -> Profiles:
    """The profiles of this deployment, less the file, if it is one of them."""
    known = profiles()
    if not any(path.resolve() == one.resolve() for kind in KINDS for one in _files(kind)):
        return known
    own = tomllib.loads(read_text(path)).get("id")
    return Profiles(
        {code: one for code, one in known.commodities.items() if code != own},
        {code: one for code, one in known.schemes.items() if code != own},
        known.register,
    )


def _is_scheme(path: Path) -> bool:
    """Whether a file means to be a scheme: it says what can be claimed. What is not TOML is read as a commodity."""
    try:
        return "values" in tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError:
        return False


def _files(kind: str) -> list[Path]:
    own = os.environ.get(OWN_FOLDER)
    folders = [FOLDER] + ([Path(own)] if own else [])
    if own and not Path(own).is_dir():
        raise ProfileMistake(own, "", f"there is no such folder; correct {OWN_FOLDER}, or leave it out")
    return [path for folder in folders for path in sorted((folder / kind).glob("*.toml"))]


def read_text(path: Path) -> str:
    """The text of a profile file. ``ProfileMistake`` where it is not UTF-8."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ProfileMistake(path.name, "", "the file is not UTF-8 text; save it as UTF-8", line) from error


def read_commodity(path: Path, known: Iterable[Commodity] = ()) -> Commodity:
    """The commodity of a file; its id and products are none of those known already."""
    text = read_text(path)
    commodity = load_commodity(text, path.name)
    for other in known:
        if other.id == commodity.id:
            raise _taken(path, text, "id", commodity.id)
        for i, code in enumerate(commodity.products):
            if code in other.products:
                raise _taken(path, text, f"products[{i}].code", code)
    return commodity


def read_scheme(path: Path, known: Mapping[str, Scheme] | None = None) -> Scheme:
    """The scheme of a file; its id is none of those known already."""
    text = read_text(path)
    scheme = load_scheme(text, path.name)
    if scheme.id in (known or {}):
        raise _taken(path, text, "id", scheme.id)
    return scheme


def _taken(path: Path, text: str, key: str, code: str) -> ProfileMistake:
    todo = f"“{code}” is taken by another profile; choose another code"
    return ProfileMistake(path.name, key, todo, line_of(text, key))
