"""A bag from the label to the buyer: labelled, printed, read back, opened on a page, proven without asking anybody."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from api.verifying import verify
from domain import events as told
from domain.label_token import signed_label, verify_label
from domain.verification import Report
from labels import designs
from labels.formats import UNITS
from labels.unit_label import UnitLabel
from ledger.log import open_log, rotate_label_key, seal
from ledger.unit_print import Job, labels_of
from ledger.units import public_keys
from models.db import system_session
from tests.api.conftest import House
from tests.api.conftest import house as house  # noqa: PLC0414 - a fixture
from tests.builders import Cluster, at, kg, uid
from tests.labels.reading import texts_of

PRODUCT = {
    "en": "Cocoa beans, dry",
    "fr": "Fèves de cacao séchées",
    "ar": "حبوب كاكاو مجففة",
    "ka": "კაკაოს მშრალი მარცვლები",
}


@dataclass
class Coop:
    """A cooperative that is logged in."""

    house: House
    client: Any

    def post(self, path: str, **more: Any) -> Any:
        return self.client.post(path, **more)

    def get(self, path: str) -> Any:
        return self.client.get(path)


@pytest.fixture
def coop(house: House, tmp_path: Path) -> Coop:
    """A cooperative with 250 kg in four bags of 62.5 kg, and a log that is open."""
    settings = replace(house.settings, keys_dir=tmp_path / "keys")
    own = House(replace(house.recorder, keys=settings.keys), house.clock, settings)
    org, admin = own.found("COOP")
    cluster = Cluster(own.recorder, orgs={"COOP": org})
    site = cluster.site("S1", "COOP")
    lot = told.NewLot(lot=uid("D-1"), code="D-1", product="cocoa_dry_beans", quantity=kg("250"))
    when = at("2025-01-20T09:00:00Z")
    for event in (
        told.Delivered(id=uid("d"), occurred_at=when, site=site, farmer="F", lot=lot),
        told.Inspected(
            id=uid("i"),
            occurred_at=when,
            lot=uid("D-1"),
            measurements=(told.Result(test="moisture", value="7.0"),),
            cut_test=told.CutTest(),
        ),
        told.Packed(id=uid("p"), occurred_at=when, lot=uid("D-1"), packaging="jute_62.5", units=4),
    ):
        assert cluster.tell("COOP", event).refused is None
    open_log(own.app.state.log)
    return Coop(own, own.client(org, admin))


def symbols(pdf: bytes, page: int = 0) -> set[str]:
    drawn = pypdfium2.PdfDocument(pdf)[page].render(scale=300 / 72).to_pil().convert("L")
    return {found.text for found in zxingcpp.read_barcodes(drawn)}


def on_the_label(coop: Coop, lang: str) -> str:
    """What stands on the sack's label: Arabic and Georgian lines are outlines in a file, and no text."""
    with system_session(coop.house.recorder.database, write=False) as session:
        (label,) = labels_of(session, coop.house.recorder, 1, Job("D-1", 2, 1))
    return " ".join(texts_of(designs.items(label, lang, designs.find("sack"))))


@pytest.mark.parametrize("lang", PRODUCT)
def test_from_the_label_to_the_proof(coop: Coop, lang: str, tmp_path: Path) -> None:
    log = coop.house.app.state.log
    done = coop.post("/v1/lots/D-1/unit-labels", json={"count": 4})
    assert done.status_code == 201, done.text
    body = {"first": 2, "count": 2, "design": "sack", "lang": lang}
    printed = coop.post("/v1/lots/D-1/unit-labels/print", json=body)
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf"), printed.text
    assert PRODUCT[lang] in on_the_label(coop, lang)
    (address,) = symbols(printed.content)
    assert address != next(iter(symbols(printed.content, 1)))  # each bag its own
    token = verify_label(address.rpartition("/")[2], public_keys(coop.house.recorder))
    assert token.net_grams == 62_500
    again = coop.post("/v1/lots/D-1/unit-labels/print", json=body)
    assert again.status_code == 409  # printed before: say why
    assert coop.post("/v1/lots/D-1/unit-labels/print", json=body | {"reason": "Torn"}).status_code == 200
    register = coop.get("/v1/label-register").json()["data"]
    assert {(line["kind"], line["labels"]) for line in register} == {
        ("lot_issued", 1),
        ("issued", 4),
        ("printed", 2),
        ("reprinted", 2),
    }

    anybody = coop.house.client()
    page = anybody.get("/L/" + address.rpartition("/")[2])
    assert page.status_code == 200
    assert "D-1" in page.text

    assert anybody.get(f"/l/{token.code}/proof").status_code == 404  # not sealed yet
    seal(log)
    bundle = anybody.get(f"/l/{token.code}/proof")
    assert bundle.json()["unit"]["size"] == 4
    keys = anybody.get("/.well-known/filiere-keys")
    (tmp_path / "keys.json").write_bytes(keys.content)
    (tmp_path / "proof.json").write_bytes(bundle.content)

    def report() -> Report:
        found, *_ = verify(
            address,
            keys=tmp_path / "keys.json",
            policy=None,
            checkpoint=None,
            event=None,
            proof=tmp_path / "proof.json",
        )
        return found

    assert report().in_order, report()
    assert bundle.json()["unit"]["said"] == token.said.hex()
    stolen = log.keys.label(token.key)  # a genuine code, signed with another weight
    genuine, address = address, f"HTTP://TESTSERVER/L/{signed_label(replace(token, net_grams=60_000), stolen)}"
    assert (report().verdict, report().checks[4].why) == ("not_proven", "other_label")
    address = genuine
    assert report().in_order
    spoilt = json.loads(bundle.content)
    spoilt["unit"]["index"] ^= 1
    (tmp_path / "proof.json").write_text(json.dumps(spoilt), "utf-8")
    assert not report().in_order


def test_only_the_key_in_force_signs_and_old_labels_stay_ours(coop: Coop) -> None:
    log = coop.house.app.state.log
    assert coop.post("/v1/lots/D-1/unit-labels", json={"count": 2, "key": 1}).status_code == 201
    printed = coop.post("/v1/lots/D-1/unit-labels/print", json={"count": 1})
    (address,) = symbols(printed.content)
    assert rotate_label_key(log) == 2
    refused = coop.post("/v1/lots/D-1/unit-labels", json={"first": 3, "count": 2, "key": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "LABEL_KEY_MISSING")
    assert coop.post("/v1/lots/D-1/unit-labels", json={"first": 3, "count": 2}).status_code == 201
    newer = coop.post("/v1/lots/D-1/unit-labels/print", json={"first": 3, "count": 1})
    keys = public_keys(coop.house.recorder)
    assert verify_label(address.rpartition("/")[2], keys).key == 1
    assert verify_label(next(iter(symbols(newer.content))).rpartition("/")[2], keys).key == 2
    (log.keys.folder / "label-1.json").unlink()  # the secret is gone; what it signed is still known
    assert verify_label(address.rpartition("/")[2], public_keys(coop.house.recorder)).key == 1


def test_labels_for_a_label_printer(coop: Coop) -> None:
    coop.post("/v1/lots/D-1/unit-labels", json={"count": 4})
    zpl = coop.post("/v1/lots/D-1/unit-labels/print", json={"count": 4, "form": "zpl", "dpi": 203, "lang": "ar"})
    assert zpl.headers["content-type"] == "application/zpl"
    assert zpl.content.count(b"^BQ") + zpl.content.count(b"^XF") >= 4
    svg = coop.post("/v1/lots/D-1/unit-labels/print", json={"count": 4, "form": "svg", "reason": "To look at"})
    assert svg.content.startswith(b"<svg")


# --- GS1 ---


def test_a_gtin_is_one_that_gs1_gave(coop: Coop) -> None:
    def put(gtin: str, prefix: str = "9521321", product: str = "cocoa_dry_beans") -> Any:
        return coop.post("/v1/trade-items", json={"product": product, "gtin": gtin, "prefix": prefix})

    for gtin, prefix in (("9521321000017", "9521321"), ("9521321000018", "9521322"), ("2000000000008", "2000")):
        refused = put(gtin, prefix)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/gtin"), gtin
    assert put("9521321000018", product="gold").json()["code"] == "PRODUCT_UNKNOWN"
    assert put("9521321000018").json()["gtin"] == "09521321000018"
    assert put("9521321000018").status_code == 200  # said again
    taken = put("9521321000018", product="cocoa_wet_beans")
    assert taken.status_code == 409
    assert [item["product"] for item in coop.get("/v1/trade-items").json()["data"]] == ["cocoa_dry_beans"]
    assert coop.client.delete("/v1/trade-items/cocoa_dry_beans").status_code == 204
    assert coop.client.delete("/v1/trade-items/cocoa_dry_beans").status_code == 404


def test_a_retail_label_carries_the_digital_link_of_its_unit(coop: Coop) -> None:
    coop.post("/v1/lots/D-1/unit-labels", json={"count": 4})
    recorder = replace(coop.house.recorder, host="https://t.example.org")
    job = Job("D-1", 2, 1, design="retail")

    def drawn() -> UnitLabel:
        with system_session(recorder.database, write=False) as session:
            (label,) = labels_of(session, recorder, 1, job)
        return label

    assert drawn().link is None  # no number is made up
    said = {"product": "cocoa_dry_beans", "gtin": "9521321000018", "prefix": "9521321"}
    assert coop.post("/v1/trade-items", json=said).status_code == 201
    label = drawn()
    assert label.link == "HTTPS://T.EXAMPLE.ORG/01/09521321000018/10/D-1/21/2"
    pdf = UNITS["unit-pdf"].make([label], "en", "retail", "roll", 0, 300)
    assert symbols(pdf) == {label.link}
    assert "(01) 09521321000018" in pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()

    anybody = coop.house.client()
    answer = anybody.get("/01/09521321000018/10/D-1/21/2", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        f"/l/{verify_label(label.url.rpartition('/')[2], public_keys(recorder)).code}",
    )
    page = anybody.get("/01/09521321000018/10/D-1/21/2")
    assert "Unit 2 of 4" in page.text.replace("\u00a0", " ")
    assert anybody.get("/01/09521321000018/10/D-1").status_code == 200
    for path in ("/01/09521321000018/10/D-2", "/01/09521321000018", "/01/09521321000018/10/D-1/21/9"):
        assert anybody.get(path).status_code == 404, path
    for path in ("/01/09521321000017/10/D-1", "/01/9521321000018/10/D-1", "/01/09521321000018/21/2/10/D-1"):
        assert anybody.get(path).status_code == 400, path
