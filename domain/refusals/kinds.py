"""What an entry of the catalogue is, and how the modules of its areas write one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Lang: TypeAlias = Literal["en", "fr"]
Status: TypeAlias = Literal["unknown", "conflict", "malformed"]
"""unknown: it names something that is not there for the teller. conflict: it contradicts what is recorded.
malformed: it is wrong in itself, whatever is recorded."""
Texts: TypeAlias = dict[Lang, str]
Params: TypeAlias = dict[str, str | int]

NONE: Final = "-"
"""A param that has no value. A refusal or finding may have another sentence for that case (``without``)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal: its status, the params it needs, and its words."""

    status: Status
    params: tuple[str, ...]
    title: Texts
    sentence: Texts
    advice: Texts
    without: Mapping[str, Texts] = field(default_factory=dict)
    """The sentence instead, when this param is ``NONE``."""


def kind(
    status: Status,
    params: str,
    *,
    title: tuple[str, str],
    sentence: tuple[str, str],
    advice: tuple[str, str],
    without: dict[str, tuple[str, str]] | None = None,
) -> Refusal:
    """An entry of the catalogue; each text is given as (English, French)."""
    return Refusal(
        status,
        tuple(params.split()),
        _both(title),
        _both(sentence),
        _both(advice),
        {name: _both(texts) for name, texts in (without or {}).items()},
    )


def _both(texts: tuple[str, str]) -> Texts:
    return {"en": texts[0], "fr": texts[1]}


CHECK_ID: Final = (
    "Check the id; what belongs to another organisation is seen only once it is shared with yours.",
    "Vérifiez l'identifiant ; ce qui est à une autre organisation n'est visible qu'une fois partagé.",
)
PROFILE: Final = (
    "Use a code of the profile of {commodity}, or have it added to the profile.",
    "Utilisez un code du profil {commodity}, ou faites-le ajouter au profil.",
)
"""Advice that several entries give."""
