"""The season with labelled bags: they live through it, and its totals stay what they are."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

import models
from demo.play import play
from demo.totals import totals
from demo.unit_labels import LOT
from domain.label_token import verify_label
from ledger import units
from ledger.keys import Keys
from ledger.record import Recorder
from ledger.replay import replay
from models.base import table
from models.db import connect, system_session
from tests.demo.test_season import SCENARIOS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("season")]


def test_labelled_bags_live_through_the_season_and_its_totals_stay(empty_sqlite: Path, tmp_path: Path) -> None:
    path = tmp_path / "season.db"
    shutil.copy(empty_sqlite, path)
    database = connect(f"sqlite:///{path}")
    recorder = Recorder(database, host="https://t.example.org", keys=Keys(tmp_path / "keys"))
    played = play(recorder, "LR_COCOA")
    assert played.bags is not None
    assert verify_label(played.bags.opened.rpartition("/")[2], units.public_keys(recorder)).net_grams == 62_500
    unit, lot = table(models.Unit), table(models.Lot)
    with system_session(database, write=False) as session:
        query = sa.select(unit.c.state).join(lot, lot.c.id == unit.c.lot_id).where(lot.c.code == LOT)
        counts = Counter(session.execute(query).scalars())
        found = totals(session, "LR_COCOA")
        codes = session.execute(sa.select(sa.func.count()).select_from(table(models.UnitCode))).scalar_one()
    assert counts == {"applied": 159, "shipped": 2, "received": 37, "opened": 1, "void": 1}
    assert codes == 200
    if SCENARIOS.exists():
        clusters = json.loads(SCENARIOS.read_text("utf-8"))["clusters"]
        golden = next(cluster["golden"] for cluster in clusters if cluster["id"] == "LR_COCOA")
        assert json.dumps(found, indent=1) == json.dumps(golden, indent=1)
    report = replay(recorder)
    database.close()
    assert report.identical, (report.missing, report.surplus)
