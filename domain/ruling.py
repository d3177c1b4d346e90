"""What was found when an event was judged. Kept with the event, so that replay does not judge history again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain import events as told
from domain.claims import Cap
from domain.findings import Finding
from domain.units import numbers_of


@dataclass(slots=True)
class Ruling:
    """The facts of the registry and of the profiles that the event's effect depends on."""

    holder: int | None = None  # organisation that operates the site
    site: str | None = None
    owners: dict[str, int] = field(default_factory=dict)  # lot made -> organisation that owns it
    to: int | None = None  # receiving organisation of an offer
    packaging: dict[str, int] = field(default_factory=dict)  # packaging code -> grams
    caps: dict[str, Cap] = field(default_factory=dict)  # scheme -> the most that may be claimed
    findings: list[Finding] = field(default_factory=list)
    verdict: dict[str, Any] | None = None  # quality: verdict, severity, grade, lines
    ranges: dict[str, bool] = field(default_factory=dict)  # reading -> within the profile's limits
    units: dict[str, str] = field(default_factory=dict)  # test -> unit
    expires: dict[str, str] = field(default_factory=dict)  # lot made -> last day of use
    failed_points: list[str] = field(default_factory=list)  # critical points of a checklist that were not in order
    holds: dict[str, str] = field(default_factory=dict)  # lot made -> why it is held at once
    unfit: list[str] = field(default_factory=list)  # checklists with critical points for which what is made is held
    retest_of: int | None = None  # the number of the check that failed
    batch: bool = False  # a lot that is tested and released as one, its parts with it
    lots: list[str] = field(default_factory=list)  # beside the one named: what a sample was drawn of together
    told_by: str | None = None  # who told it, where that counts
    told_at: int | None = None  # when it was told, where the delay counts (UTC milliseconds)
    numbers: list[int] = field(default_factory=list)  # units behind codes, or that come back
    instead: Ruling | None = None  # of the event that a correction puts in place
    lowered: dict[str, dict[str, Cap]] = field(default_factory=dict)  # reassessed: event number -> scheme -> cap

    def dump(self) -> dict[str, Any]:
        """The ruling as plain JSON values; empty parts are left out."""
        plain: dict[str, Any] = {
            "holder": self.holder,
            "site": self.site,
            "owners": self.owners,
            "to": self.to,
            "packaging": self.packaging,
            "caps": _caps(self.caps),
            "findings": [finding.to_dict() for finding in self.findings],
            "verdict": self.verdict,
            "ranges": self.ranges,
            "units": self.units,
            "expires": self.expires,
            "failed_points": self.failed_points,
            "holds": self.holds,
            "unfit": self.unfit,
            "retest_of": self.retest_of,
            "batch": self.batch or None,
            "lots": self.lots,
            "told_by": self.told_by,
            "told_at": self.told_at,
            "numbers": self.numbers,
            "lowered": {event: _caps(caps) for event, caps in self.lowered.items()},
        }
        kept = {key: value for key, value in plain.items() if value not in (None, {}, [])}
        return kept | ({"instead": self.instead.dump()} if self.instead is not None else {})

    @classmethod
    def load(cls, plain: Mapping[str, Any]) -> Ruling:
        return cls(
            holder=plain.get("holder"),
            site=plain.get("site"),
            owners=dict(plain.get("owners", {})),
            to=plain.get("to"),
            packaging=dict(plain.get("packaging", {})),
            caps=_uncaps(plain.get("caps", {})),
            findings=[Finding.from_dict(finding) for finding in plain.get("findings", [])],
            verdict=plain.get("verdict"),
            ranges=dict(plain.get("ranges", {})),
            units=dict(plain.get("units", {})),
            expires=dict(plain.get("expires", {})),
            failed_points=list(plain.get("failed_points", [])),
            holds=dict(plain.get("holds", {})),
            unfit=list(plain.get("unfit", [])),
            retest_of=plain.get("retest_of"),
            batch=plain.get("batch", False),
            lots=list(plain.get("lots", [])),
            told_by=plain.get("told_by"),
            told_at=plain.get("told_at"),
            numbers=list(plain.get("numbers", [])),
            instead=cls.load(plain["instead"]) if "instead" in plain else None,
            lowered={event: _uncaps(caps) for event, caps in plain.get("lowered", {}).items()},
        )


def _caps(caps: Mapping[str, Cap]) -> dict[str, Any]:
    return {
        scheme: {"value": cap.value, "reasons": [reason.to_dict() for reason in cap.reasons]}
        for scheme, cap in sorted(caps.items())
    }


def _uncaps(plain: Mapping[str, Any]) -> dict[str, Cap]:
    return {
        scheme: Cap(cap["value"], tuple(Finding.from_dict(reason) for reason in cap["reasons"]))
        for scheme, cap in plain.items()
    }


def units_meant(event: told.AnyEvent, ruling: Ruling) -> list[int]:
    """The units whose life an event goes on with: named by number, and (in its ruling) by code.

    Of what comes back the ruling says which: what was opened stays so, though it is named.
    """
    by_number = [] if isinstance(event, told.Returned) else numbers_of(told.units_named(event))
    return sorted({*by_number, *ruling.numbers})
