"""A finding is stated with a recorded event, and comes back from the log as it was."""

import json
import re
import string

import pytest

from domain.findings import CATALOGUE, Finding, found, sentence

UNSPEAKABLE = re.compile(r"\b(invalide?|please|oops|forbidden|interdit|veuillez|error|erreur)\b", re.IGNORECASE)

NEEDED = """
CERT_NOT_ACTIVE MEMBER_NOT_APPROVED NOT_ON_APPROVED_LIST INTERNAL_INSPECTION_OVERDUE YIELD_ABOVE_RANGE
YIELD_BELOW_RANGE COMMINGLING LOSS_ABOVE_TOLERANCE WEIGH_IN_DIFFERENCE OVER_DELIVERY READING_OUT_OF_RANGE
QUALITY_FAILED INSUFFICIENT_STOCK_AFTER_CORRECTION PLOT_IN_CONVERSION PLOT_CONVERSION_NOT_BEGUN
PLOT_CONVERTED_LESS_THAN_MINIMUM PLOT_UNKNOWN SITE_NOT_IN_SCOPE SITE_CERT_NOT_ACTIVE PRODUCT_NOT_IN_SCOPE
NO_CERTIFICATE DOWNGRADED INHERITED
"""


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("code", NEEDED.split())
def test_every_finding_that_the_rules_need_is_there(code: str) -> None:
    assert code in CATALOGUE


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_finding_speaks_both_languages_with_the_same_figures(code: str) -> None:
    kind = CATALOGUE[code]
    for texts in (kind.sentence, *kind.without.values()):
        assert fields(texts["en"]) == fields(texts["fr"]) <= set(kind.params)
        assert not UNSPEAKABLE.search(texts["en"] + texts["fr"])


def test_a_yield_beyond_belief_names_what_cannot_be_explained() -> None:
    finding = found(
        "YIELD_ABOVE_RANGE",
        "Reg. (EU) 2021/1698 Annex IV Part B",
        process="ferment_dry",
        input_g=500_000,
        output_g=260_000,
        yield_bp=5_200,
        explained_g=225_000,
        unexplained_g=35_000,
    )
    assert finding.level == "alert"
    assert sentence(finding) == (
        "ferment_dry: 260 kg came out of 500 kg (52 %); at most 225 kg can be explained, 35 kg cannot."
    )


def test_a_member_never_inspected_is_said_to_be_so() -> None:
    late = found("INTERNAL_INSPECTION_OVERDUE", scheme="EU_ORG", farmer="ANNA", last="2023-12-20", days=387)
    never = found("INTERNAL_INSPECTION_OVERDUE", scheme="EU_ORG", farmer="ANNA", last="-", days=-1)
    assert sentence(late) == ("The last internal inspection of ANNA was on 20 Dec 2023, 387 days before the delivery.")
    assert sentence(never, "fr") == "Aucune inspection interne de ANNA n'est enregistrée avant la livraison."


def test_a_finding_comes_back_from_the_log_as_it_was() -> None:
    ruled = Finding("PLOT_CONVERSION_NOT_BEGUN", "notice", {"scheme": "EU_ORG", "plot": "PB"}, "Art. 10")
    bare = Finding("NO_CERTIFICATE", "notice", {"scheme": "EU_ORG"})
    for finding in (ruled, bare):
        assert Finding.from_dict(json.loads(json.dumps(finding.to_dict()))) == finding
    assert bare.to_dict() == {"code": "NO_CERTIFICATE", "level": "notice", "params": {"scheme": "EU_ORG"}}
    assert len({ruled, bare, Finding.from_dict(ruled.to_dict())}) == 2


def test_code_and_params_have_to_be_those_of_the_catalogue() -> None:
    with pytest.raises(LookupError, match="ALL_GOOD"):
        Finding("ALL_GOOD", "notice", {})
    with pytest.raises(LookupError, match="ALL_GOOD"):
        found("ALL_GOOD")
    with pytest.raises(TypeError, match="NO_CERTIFICATE"):
        Finding("NO_CERTIFICATE", "notice", {"scheme": "EU_ORG", "lot": "A"})
