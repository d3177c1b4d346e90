"""The certifier's pack as a workbook: a cover with the ledger's own sums, and a sheet for every list."""

from __future__ import annotations

from domain.pack import Pack
from domain.refusals import Lang
from exchange.pack_tables import checks, facts, say, tables
from exchange.workbook import Cover, workbook

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def pack_xlsx(pack: Pack, lang: Lang = "en") -> bytes:
    """The pack as XLSX. The same pack gives the same bytes."""
    made = tables(pack, lang)
    paper = pack.paper
    cover = Cover(
        name=say("cover", lang),
        title=say("pack", lang),
        subtitle=say("subtitle", lang).format(holder=paper.holder, number=paper.number, season=pack.season),
        facts=facts(pack, lang),
        headings=tuple(say(f"check.{key}", lang) for key in ("figure", "ledger", "sheet", "difference", "check")),  # type: ignore[arg-type]
        same=say("same", lang),
        differs=say("differs", lang),
        checks=checks(pack, made, lang),
        reading=[say(f"read.{number}", lang) for number in range(1, 5)],
    )
    return workbook(cover, list(made.values()), pack.made_at, paper.holder)
