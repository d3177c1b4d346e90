"""Profiles are data for agronomists: they load, are dated and sourced, and a mistake says what to write."""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import findings
from domain.profiles import Commodity, ProfileMistake, Scheme, add_months, load_commodity, load_scheme, within
from domain.refusals import Refused
from domain.toml_lines import line_of

PROFILES = Path(__file__).resolve().parents[2] / "profiles"
COMMODITIES = sorted((PROFILES / "commodities").glob("*.toml"))
SCHEMES = sorted((PROFILES / "schemes").glob("*.toml"))
COCOA = (PROFILES / "commodities" / "cocoa.toml").read_text("utf-8")
NAME = 'name = { en = "Cocoa", fr = "Cacao", ar = "كاكاو", ka = "კაკაო" }'
ORGANIC = (PROFILES / "schemes" / "eu-organic.toml").read_text("utf-8")
SEASON = date(2025, 1, 10)


@pytest.fixture(scope="module")
def cocoa() -> Commodity:
    return load_commodity(COCOA, "cocoa.toml")


@pytest.fixture(scope="module")
def organic() -> Scheme:
    return load_scheme(ORGANIC, "eu-organic.toml")


def limit(commodity: Commodity, test: str, stage: str, on: date) -> str | None:
    found = commodity.specification(test, stage, on)
    return found.limit if found else None


@pytest.mark.parametrize("path", COMMODITIES, ids=lambda path: path.stem)
def test_every_commodity_loads(path: Path) -> None:
    commodity = load_commodity(path.read_text("utf-8"), path.name)
    assert commodity.id == path.stem
    assert re.fullmatch(r"\d{4,10}", commodity.hs)


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_every_scheme_loads_and_its_rules_are_findings(path: Path) -> None:
    scheme = load_scheme(path.read_text("utf-8"), path.name)
    assert scheme.rules.keys() <= findings.CATALOGUE.keys()
    assert [scheme.rank(value.code) for value in scheme.values] == list(range(len(scheme.values)))


def test_cocoa_is_what_the_field_knows(cocoa: Commodity) -> None:
    assert (cocoa.crop_type, cocoa.conversion_months, cocoa.hs) == ("perennial", 36, "1801")
    assert cocoa.packaging_grams() == {"jute_62.5": 62_500, "jute_65": 65_000, "jute_60": 60_000}
    assert {code: item.category for code, item in cocoa.products.items()} == {
        "cocoa_wet_beans": "cocoa_beans",
        "cocoa_fermented_beans": "cocoa_beans",
        "cocoa_dry_beans": "cocoa_beans",
        "cocoa_nibs": "cocoa_nibs",
    }
    step = cocoa.steps["ferment_dry"]
    assert (step.yield_min_bp, step.yield_typ_bp, step.yield_max_bp) == (3_300, 4_000, 4_500)
    assert not any(step.mass_adding for step in cocoa.steps.values())
    assert [code for code, step in cocoa.steps.items() if step.rework] == ["redry"]
    assert (cocoa.lot_sizes.usual_g, cocoa.lot_sizes.container_g) == (12_500_000, 25_000_000)
    assert cocoa.handling_loss_notice_bp is not None
    assert cocoa.handling_loss_notice_bp.value == 200
    assert [(plan.method, plan.bags_min_bp) for plan in cocoa.samplings] == [("ISO 2292", 3_000)]
    assert cocoa.sampling_at(SEASON) == cocoa.samplings[0]


def test_the_moisture_limit_is_another_at_loading_than_at_discharge(cocoa: Commodity) -> None:
    at_loading = cocoa.specification("moisture", "loading", SEASON)
    assert at_loading is not None
    assert (at_loading.limit, at_loading.severity, at_loading.method) == ("8.0", "hold", "ISO 2291")
    assert limit(cocoa, "moisture", "discharge", SEASON) == "7.5"
    assert cocoa.specification("moisture", "loading", SEASON, "cocoa_wet_beans") is None


def test_a_limit_holds_from_its_day_on(cocoa: Commodity) -> None:
    first_day = date(2023, 5, 25)
    assert limit(cocoa, "benzo_a_pyrene", "lot", first_day) == "5.0"
    assert limit(cocoa, "benzo_a_pyrene", "lot", first_day - timedelta(days=1)) is None


def test_a_newer_limit_takes_the_place_of_an_older() -> None:
    text = COCOA + (
        '\n[[specifications]]\ntest = "moisture"\nname = { en = "Moisture", fr = "Humidité" }\nunit = "%"\n'
        'max = "7.0"\nstages = ["loading"]\nproducts = ["cocoa_dry_beans"]\nseverity = "hold"\n'
        'valid_from = 2027-10-01\nsource = "a test"\n'
    )
    changed = load_commodity(text, "cocoa.toml")
    assert limit(changed, "moisture", "loading", date(2027, 9, 30)) == "8.0"
    assert limit(changed, "moisture", "loading", date(2027, 10, 1)) == "7.0"


@pytest.mark.parametrize(
    ("value", "hours", "holds"),
    [
        ("30", 6, True),
        ("30", 48, False),
        ("39.4", 60, False),
        ("39.6", 60, True),
        ("38", 60, False),
        ("48", 60, True),
        ("53", 6, False),
    ],
)
def test_a_heap_may_be_cool_until_it_has_warmed_up(cocoa: Commodity, value: str, hours: int, holds: bool) -> None:
    assert cocoa.process["mass_temperature"].holds(value, hours) is holds


def test_a_reading_without_a_range_is_kept_and_not_judged(cocoa: Commodity) -> None:
    assert cocoa.process["air_humidity"].holds("99")
    assert cocoa.process["mass_temperature"].holds("20")  # hours not known
    assert not cocoa.process["mass_temperature"].holds("60")


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        ("8.0", None, "8.0", True),
        ("8.04", None, "8.0", True),
        ("8.05", None, "8.0", True),  # half to even
        ("8.06", None, "8.0", False),
        ("8", None, "8.0", True),
        ("7.4999", "7.5", None, True),
        ("7.44", "7.5", None, False),
        ("0.755", None, "0.75", False),
        ("0.745", "0.74", "0.75", True),
        ("-3", None, None, True),
    ],
)
def test_a_value_is_compared_as_exactly_as_the_limit_is_written(
    value: str, low: str | None, high: str | None, expected: bool
) -> None:
    assert within(value, low, high) is expected


def test_organic_goes_from_conventional_over_in_conversion_up(organic: Scheme) -> None:
    assert organic.id == "EU_ORG"
    assert [(value.code, value.claimable) for value in organic.values] == [
        ("conventional", False),
        ("in_conversion", True),
        ("organic", True),
    ]
    assert organic.value("organic").label == {"en": "Organic", "fr": "Biologique"}
    assert organic.chain_of_custody == "segregated"
    with pytest.raises(Refused) as refused:
        organic.rank("biodynamic")
    assert refused.value.code == "CLAIM_VALUE_UNKNOWN"


def test_organic_figures_are_those_of_the_regulation(organic: Scheme) -> None:
    params = organic.params_at(SEASON)
    assert params.conversion_months("perennial") == 36
    assert params.conversion_months("annual") == 24
    assert params.in_conversion_min_months == 12
    assert params.inspection_interval_days == 365
    assert params.member_required
    assert "transformed" in params.site_in_scope_at
    assert "shipped" in params.product_in_scope_at
    assert organic.rule("PLOT_IN_CONVERSION") == "Reg. (EU) 2018/848 Annex II Part I 1.7.1"
    assert organic.rule("QUALITY_FAILED") is None


def test_figures_change_on_their_day() -> None:
    newer = (
        '[[params]]\nvalid_from = 2028-01-01\nsource = "COM(2025) 780"\nmember_required = true\n'
        "inspection_interval_days = 400\n"
    )
    scheme = load_scheme(ORGANIC.replace("\n[[params]]", f"\n{newer}\n[[params]]", 1), "eu-organic.toml")
    assert scheme.params_at(date(2027, 12, 31)).inspection_interval_days == 365
    assert scheme.params_at(date(2028, 1, 1)).inspection_interval_days == 400
    assert scheme.params_at(date(2019, 1, 1)).inspection_interval_days == 365  # before the first, the first


@pytest.mark.parametrize(
    ("instead_of", "write", "says"),
    [
        ('id = "cocoa"', "", r"cocoa\.toml:1: id: add this key"),
        ('id = "cocoa"', "id = 7", r"id: write text in quotes"),
        ('crop_type = "perennial"', 'crop_type = "tree"', r"crop_type: write one of perennial, annual"),
        ("conversion_months = 36", 'conversion_months = "36"', r"conversion_months: write a whole number"),
        ('max = "8.0"', "max = 8.0", r"specifications\[0\]\.max: write text in quotes"),
        (
            'max = "8.0"',
            'max = "8,0"',
            r'specifications\[0\]\.max: write a decimal in quotes, for example "8.0"',
        ),
        ('max = "8.0"', 'maximum = "8.0"', r"specifications\[0\]\.maximum: remove it or correct its name"),
        ("grams = 62500", "grams = 0", r"packaging\[0\]\.grams: write a whole number, at least 1"),
        ("yield_max_bp = 4500", "yield_max_bp = 3900", r"steps\[0\]\.yield_max_bp: .*not below yield_typ_bp"),
        ("yield_max_bp = 4500", "yield_max_bp = 10001", r"yield_max_bp: write at most 10000, or mass_adding"),
        ('to_products = ["cocoa_nibs"]', 'to_products = ["nibs"]', r"“nibs” is not a product of this file"),
        ('readings = ["drying_days"]', 'readings = ["days"]', r"“days” is not a code of process"),
        ('stages = ["discharge"]', 'stages = ["port"]', r"“port” is not a stage of this file"),
        ('stages = ["discharge"]', 'stages = ["lot"]', r"specifications\[1\]: “moisture lot .*” stands twice"),
        ('code = "jute_65"', 'code = "jute_60"', r"packaging\[2\]\.code: “jute_60” is taken"),
        ('counts = ["slaty"]', 'counts = ["slate"]', r"“slate” is not counted in a cut test"),
        (
            "slaty = 800",
            "slate = 800",
            r"gradings\[0\]\.grades\[1\]\.max_bp\.slate: use a class of this grading",
        ),
        ("valid_from = 2023-05-25", 'valid_from = "2023"', r"valid_from: write a day without quotes"),
        ("rework = true", 'rework = "yes"', r"rework: write true or false"),
        (NAME, 'name = { en = "Cocoa" }', r"name\.fr: add this key"),
        (NAME, 'name = "Cocoa"', r"name: write a table with keys"),
        (NAME, NAME.replace("ka =", "de ="), r"cocoa\.toml:\d+: name\.de: remove it .* known here: ar, en, fr, ka$"),
        ('ar = "جريش الكاكاو"', 'ar = " "', r"cocoa\.toml:\d+: products\[3\]\.name\.ar: write text in quotes"),
        (
            'fr = "sac de jute de 65 kg"',
            'fr = "sac de jute de 65 kg", ka = "ტომარა"',
            r"cocoa\.toml:\d+: packaging\[1\]\.name\.ka: remove it",
        ),
        ("[lot_sizes]", "[lot_sizes", r"cocoa\.toml:\d+: the file is not TOML: .*line \d+"),
    ],
)
def test_a_mistake_in_a_commodity_names_file_key_and_what_to_write(instead_of: str, write: str, says: str) -> None:
    assert instead_of in COCOA
    with pytest.raises(ProfileMistake, match=says) as mistake:
        load_commodity(COCOA.replace(instead_of, write, 1), "cocoa.toml")
    assert mistake.value.file == "cocoa.toml"


@pytest.mark.parametrize(
    ("instead_of", "write", "says"),
    [
        ("claimable = false", "claimable = true", r"values\[0\]\.claimable: write false"),
        ('chain_of_custody = "segregated"', 'chain_of_custody = "mixed"', r"chain_of_custody: write one of"),
        ("valid_from = 2022-01-01", "", r"params\[0\]\.valid_from: add this key"),
        ('code = "organic"', 'code = "in_conversion"', r"values\[2\]\.code: “in_conversion” is taken"),
        (
            "perennial_months = 36",
            "perenial_months = 36",
            r"params\[0\]\.perenial_months: remove it or correct",
        ),
        ('source = "Reg. (EU) 2021/279 Art. 5"', "", r"rules\.NOT_ON_APPROVED_LIST\.source: add this key"),
    ],
)
def test_a_mistake_in_a_scheme_names_file_key_and_what_to_write(instead_of: str, write: str, says: str) -> None:
    assert instead_of in ORGANIC
    with pytest.raises(ProfileMistake, match=says):
        load_scheme(ORGANIC.replace(instead_of, write, 1), "eu-organic.toml")


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2022, 1, 15), 36, date(2025, 1, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 12, 1), 1, date(2025, 1, 1)),
        (date(2025, 1, 31), -2, date(2024, 11, 30)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_the_month(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@given(st.dates(date(1950, 1, 1), date(2100, 12, 31)), st.integers(0, 120))
def test_months_add_up_and_never_go_back(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later >= day
    assert add_months(day, months + 1) > later


# --- where a mistake stands ---


@pytest.mark.parametrize("path", COMMODITIES, ids=lambda path: path.stem)
def test_a_value_of_the_wrong_kind_is_found_on_its_line(path: Path) -> None:
    """Every fifth key of every file in turn: an instant is right nowhere."""
    lines = path.read_text("utf-8").split("\n")
    keys = [i for i, line in enumerate(lines) if re.match(r"\w+ = ", line)]
    for i in keys[::5]:
        key = lines[i].split(" = ")[0]
        broken = [*lines[:i], f"{key} = 1979-05-27T07:32:00Z", *lines[i + 1 :]]
        with pytest.raises(ProfileMistake) as mistake:
            load_commodity("\n".join(broken), path.name)
        assert (mistake.value.line, mistake.value.key.rpartition(".")[2]) == (i + 1, key)
        assert str(mistake.value).startswith(f"{path.name}:{i + 1}: ")


@pytest.mark.parametrize("path", COMMODITIES, ids=lambda path: path.stem)
def test_a_line_left_out_is_a_profile_or_a_mistake_with_a_line_and_what_to_do(path: Path) -> None:
    lines = path.read_text("utf-8").split("\n")
    for i in range(0, len(lines), 4):
        less = [*lines[:i], *lines[i + 1 :]]
        try:
            load_commodity("\n".join(less), path.name)
        except ProfileMistake as mistake:
            assert mistake.file == path.name
            assert mistake.line is not None
            assert 1 <= mistake.line <= len(less)
            assert len(mistake.todo) > 8


STEP = 'code = "winnow"'


@pytest.mark.parametrize(
    ("instead_of", "write", "on", "says"),
    [
        ('id = "cocoa"', "", 'name = { en = "Cocoa", fr', "id: add this key"),
        ('hs = "1801"', 'hs = "18 01"', 'hs = "18 01"', "hs: write the customs code as 4 to 10 digits"),
        ('code = "jute_65"', 'code = "jute 65"', 'code = "jute 65"', r"packaging\[1\]\.code: write a code of letters"),
        ('code = "jute_65"', 'code = "kg"', 'code = "kg"', "“kg” is a unit of weight"),
        ("yield_max_bp = 8400", "yield_max_bp = 0.84", "yield_max_bp = 0.84", "basis points: 4500 is 45 %"),
        ('to_products = ["cocoa_nibs"]', 'to_products = ["nibs"]', 'to_products = ["nibs"]', "“nibs” is not a product"),
        (
            'stages = ["lot", "loading", "discharge"]',
            'stages = ["loading", "discharge"]',
            "stages =",
            "stages: add “lot”",
        ),
        ('max = "3.5"\n', "", 'test = "cocoa_related_matter"', r"specifications\[2\]\.max: write a max or a min"),
        (
            'stages = ["discharge"]',
            'stages = ["loading"]',
            'test = "moisture"\nname = { en = "Moisture", fr = "Humidité" }\nunit = "%"\nmax = "7.5"',
            "stands twice",
        ),
        ("usual_g = 12500000", "usual_g = 30000000", "most_g", r"lot_sizes\.most_g: .*not below usual_g"),
        ('starts = "10-01"', 'starts = "02-29"', "starts", "write a day that every year has"),
        ('starts = "10-01"', 'starts = "10-32"', "starts", "write a day of the year"),
        ("shelf_life_hours = 24", "shelf_life_hours = 0", "shelf_life_hours", "whole number, at least 1"),
        (
            "shelf_life_hours = 24",
            "shelf_life_hours = 24\nshelf_life_months = 1",
            "shelf_life_hours",
            "months or in hours, not both",
        ),
        (
            "shelf_life_hours = 24",
            'temperature_min = "9"\ntemperature_max = "-1.5"',
            "temperature_max",
            "not below temperature_min",
        ),
        ('humidity_max = "70"', 'humidity_max = "70 %"', "humidity_max", "write a decimal in quotes"),
        ("bags_min_bp = 3000", 'bags_min_bp = 3000\ntests = ["mosture"]', "tests =", "“mosture” is not a test"),
        ("bags_min_bp = 3000", "units = 5\nmay_exceed = 5", "may_exceed", "fewer than units, which is 5"),
        ("bags_min_bp = 3000", "units = 5\nmay_exceed = 2", "method =", "from which value on"),
        ('form = "nibs"', 'form = "nibs"\ndensity = "0"', "density", "kilograms per litre"),
        (f"{STEP}\n", f"{STEP}\n{STEP}\n", f"{STEP}\n{STEP}", "not TOML"),
        (
            'readings = ["drying_days"]',
            'readings = [\n  "drying_days",\n  7,\n]',
            "readings = [\n",
            "list of at least 0",
        ),
    ],
)
def test_a_mistake_names_its_line(instead_of: str, write: str, on: str, says: str) -> None:
    """``on`` is text of the line (or, where a key is missing, of the table) that is named."""
    assert instead_of in COCOA
    text = COCOA.replace(instead_of, write, 1)
    with pytest.raises(ProfileMistake, match=says) as mistake:
        load_commodity(text, "cocoa.toml")
    assert mistake.value.line is not None
    told = "\n".join(text.split("\n")[mistake.value.line - 2 : mistake.value.line + 4])
    assert on.strip() in told or mistake.value.line == 1, told


def test_a_line_is_found_in_nested_tables_and_after_values_of_several_lines() -> None:
    text = 'a = [\n 1,\n 2,\n]\n# b = 0\n[t]\nx = """\ny = 1\n"""\ny = 2\n[[l]]\nk = 1\n[[l]]\nk = 2\n[[l.m]]\nn = { o = 3 }\n"q.r" = 1\n'
    for path, line in {
        "a": 1,
        "t": 6,
        "t.x": 7,
        "t.y": 10,
        "l[0].k": 12,
        "l[1].k": 14,
        "l[1].m[0].n": 16,
        "l[1].m[0].n.o": 16,
        "l[1].m[0].missing": 15,
        "l[1].m[0].q.r": 17,
        "nowhere": 1,
        "": 1,
    }.items():
        assert line_of(text, path) == line, path


# --- what the other commodities say ---


def commodity(name: str) -> Commodity:
    return load_commodity((PROFILES / "commodities" / f"{name}.toml").read_text("utf-8"), f"{name}.toml")


@pytest.mark.parametrize("path", COMMODITIES, ids=lambda path: path.stem)
def test_every_profile_tells_all_that_an_agronomist_expects(path: Path) -> None:
    found = load_commodity(path.read_text("utf-8"), path.name)
    assert found.packaging
    assert found.samplings
    assert any(step.readings for step in found.steps.values())
    kept = {product for way in found.storage.values() for product in way.products}
    made = {product for step in found.steps.values() for product in step.to_products}
    assert made - kept <= {"cocoa_fermented_beans", "cassava_peeled"}  # they go on at once
    assert all(item.method for item in found.samplings)
    assert {item.severity for item in found.specifications} >= {"hold"}


@pytest.mark.parametrize("path", COMMODITIES, ids=lambda path: path.stem)
def test_every_name_that_a_label_prints_ships_in_four_languages(path: Path) -> None:
    found = load_commodity(path.read_text("utf-8"), path.name)
    for name in (found.name, *(product.name for product in found.products.values())):
        assert list(name) == ["en", "fr", "ar", "ka"]
        for lang, script in (("ar", "ARABIC"), ("ka", "GEORGIAN")):
            assert all(unicodedata.name(letter).startswith(script) for letter in name[lang] if letter.isalpha()), name
    for lang in ("en", "fr", "ar", "ka"):  # a list to import is read by names: each is of one product
        named = [product.name[lang] for product in found.products.values()]
        assert len(set(named)) == len(named)


def test_arabic_and_georgian_may_be_left_out_one_by_one() -> None:
    text = COCOA.replace(', ar = "كاكاو"', "", 1).replace(', ar = "جريش الكاكاو", ka = "კაკაოს ნიბსი"', "", 1)
    found = load_commodity(text, "cocoa.toml")
    assert found.name == {"en": "Cocoa", "fr": "Cacao", "ka": "კაკაო"}
    assert found.products["cocoa_nibs"].name == {"en": "Cocoa nibs", "fr": "Grué de cacao"}


def test_codes_are_nobody_elses() -> None:
    products = [code for path in COMMODITIES for code in commodity(path.stem).products]
    assert len(products) == len(set(products))


def test_the_yields_are_those_of_the_field() -> None:
    ranges = {
        code: (step.yield_min_bp, step.yield_max_bp)
        for path in COMMODITIES
        for code, step in commodity(path.stem).steps.items()
    }
    assert ranges["prepare"] == (4_500, 6_500)
    assert commodity("mango").steps["dry"].yield_max_bp == 1_250
    assert (commodity("cassava").steps["dry"].yield_min_bp, ranges["peel"], ranges["mill"]) == (
        2_500,
        (7_500, 9_000),
        (9_000, 9_700),
    )
    assert (ranges["pulp_dry_seed"], ranges["cold_press"], ranges["press_from_fruit"]) == (
        (200, 500),
        (200, 600),
        (4, 30),
    )
    assert (ranges["manufacture"], ranges["fishmeal"]) == ((9_700, 10_100), (2_000, 2_500))


def test_a_litre_of_oil_is_what_it_weighs() -> None:
    pear = commodity("prickly_pear")
    oil = pear.products["prickly_pear_oil"]
    assert (oil.density, pear.packaging["litre"].grams) == ("0.92", 920)
    assert (oil.millilitres(920), oil.millilitres(1_186_200)) == (1_000, 1_289_348)
    assert pear.products["prickly_pear_fruit"].millilitres(920) is None


def test_shelf_life_ends_on_its_day_or_hour() -> None:
    made = datetime(2025, 3, 10, 8, tzinfo=UTC)
    (tablets,) = commodity("pharma").storage_of("tablet_metformin", made.date())
    assert tablets.until(made) == datetime(2027, 3, 10, 8, tzinfo=UTC)
    (roots,) = commodity("cassava").storage_of("cassava_fresh", made.date())
    assert roots.until(made) == datetime(2025, 3, 13, 8, tzinfo=UTC)
    oil = commodity("prickly_pear").storage_of("prickly_pear_oil", made.date())
    assert {way.code: way.shelf_life_months for way in oil} == {"cool_dark": 18, "room": 6}
    assert commodity("cassava").storage_of("cassava_fresh", date(2020, 1, 1)) == ()


def test_a_test_may_have_a_sampling_plan_of_its_own() -> None:
    anchovy = commodity("anchovy")
    plan = anchovy.sampling_at(SEASON, "anchovy_whole", "histamine")
    assert plan is not None
    assert (plan.units, plan.may_exceed, plan.exceed_from) == (9, 2, "100")
    general = anchovy.sampling_at(SEASON, "fishmeal")
    assert general is not None
    assert (general.bags_min_bp, general.units) == (200, 0)
    assert anchovy.sampling_at(SEASON, "fishmeal", "histamine") == general  # not of fishmeal
    assert commodity("prickly_pear").sampling_at(SEASON, "prickly_pear_fruit") is None


def test_what_is_no_crop_has_no_conversion(organic: Scheme) -> None:
    assert {commodity(name).crop_type for name in ("pharma", "anchovy")} == {"none"}
    assert organic.params_at(SEASON).conversion_months("none") is None


@pytest.mark.parametrize(
    ("name", "test", "product", "limit", "severity"),
    [
        ("mango", "water_activity", "mango_dried", "0.650", "hold"),
        ("cassava", "hcn_total", "cassava_chips", "10.0", "reject"),
        ("cassava", "hcn_total", "cassava_peeled", "50.0", "reject"),
        ("cassava", "drying_surface_raised", "cassava_chips", "≥ 1", "hold"),
        ("prickly_pear", "peroxide_value", "prickly_pear_oil", "10.0", "reject"),
        ("pharma", "assay", "tablet_metformin", "95.0–105.0", "reject"),
        ("anchovy", "histamine", "anchovy_frozen", "200", "reject"),
    ],
)
def test_limits_by_product(name: str, test: str, product: str, limit: str, severity: str) -> None:
    found = commodity(name).specification(test, "lot", SEASON, product)
    assert found is not None
    assert (found.limit, found.severity) == (limit, severity)
    assert found.source


COFFEE = Path(__file__).resolve().parents[1] / "own_profiles" / "commodities" / "coffee.toml"


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('max = { defects = "12" }', 'max = { defect = "12" }', "classes[0].grades[1].max", "“defect” is not a test"),
        ('max = { defects = "12" }', "max = { defects = 12 }", "classes[0].grades[1].max.defects", "write text in quotes"),
        ('max = { defects = "25" }', "", "classes[0].grades[2].max", "only the last grade takes everything"),
        ('severity = "downgrade_grade"\n\n[[samplings]]', 'max = { defects = "99" }\n\n[[samplings]]',
         "classes[0].grades[3].max", "the last grade takes the rest"),
        ('[[classes]]\nproducts = ["coffee_green"]', '[[classes]]\nproducts = ["coffee_gren"]', "classes[0].products",
         "“coffee_gren” is not a product"),
    ],
)  # fmt: skip
def test_a_mistake_in_grades_by_values_is_found_by_its_key(old: str, new: str, key: str, says: str) -> None:
    text = COFFEE.read_text("utf-8")
    assert old in text
    with pytest.raises(ProfileMistake, match=says) as mistake:
        load_commodity(text.replace(old, new, 1), "coffee.toml")
    assert mistake.value.key == key
