"""Documentation that cannot rot: what it promises is checked against the code."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from typer.main import get_command

from api.cli import app
from domain import events as told
from domain import profiles
from domain.clones import DAY, HOUR, MINUTE
from labels import texts
from ledger.profiles import label_rules

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
EVENTS = (DOCS / "events.md").read_text("utf-8")
TYPES = [kind.model_fields["type"].default for kind in told.EVENT_TYPES]


@pytest.mark.parametrize("kind", TYPES)
def test_every_event_is_documented_with_an_example_that_parses(kind: str) -> None:
    section = EVENTS.split(f"### `{kind}`\n", 1)[1].split("\n### ", 1)[0]
    example = json.loads(re.search(r"```json\n(.*?)```", section, re.DOTALL)[1])  # type: ignore[index]
    event = told.parse(json.dumps(example))
    assert event.type == kind
    assert told.parse(told.canonical(event)) == event
    for name in type(event).model_fields:
        assert f"`{name}`" in section or name in ("id", "type", "version", "occurred_at", "beacon")


def test_every_setting_is_documented() -> None:
    text = (DOCS / "operations.md").read_text("utf-8")
    named = {
        name for path in (ROOT / "api").glob("*.py") for name in re.findall(r"FILIERE_[A-Z_]+", path.read_text("utf-8"))
    }
    assert {name for name in named if name not in text} <= {"FILIERE_KEY"}  # a variable of the reference's curl lines


def test_every_key_of_a_commodity_is_documented_and_the_example_loads() -> None:
    text = (DOCS / "profiles.md").read_text("utf-8")
    kinds = (
        profiles.Product,
        profiles.Packaging,
        profiles.Step,
        profiles.ProcessLimit,
        profiles.Specification,
        profiles.Grading,
        profiles.Sampling,
        profiles.Storage,
        profiles.LotSizes,
        profiles.SeasonStart,
    )
    keys = {field.name for kind in kinds for field in dataclasses.fields(kind)}
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []
    tables = {field.name for field in dataclasses.fields(profiles.Commodity)}
    assert [key for key in sorted(tables) if f"`{key}`" not in text and f"[{key}" not in text] == []
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert profiles.load_commodity(example, "shea.toml").id == "shea"
    for severity in profiles.SEVERITIES:
        assert f"`{severity}`" in text


def test_the_figures_on_copied_labels_are_those_of_the_data() -> None:
    text = (DOCS / "labels-life.md").read_text("utf-8")
    newest = label_rules().on(date.max)
    assert {rule: int(points) for rule, points in re.findall(r"\| `(\w+)` \| (\d+) \|", text)} == newest.points
    for said in (
        f"from {newest.alert} points on",
        f"more than {newest.same_receipt // HOUR} hours later",
        f"more than {newest.after_opening // HOUR} hours after it was opened",
        f"more than {newest.far_km} km apart within {newest.far_within // HOUR} hours",
        f"two countries within {newest.abroad_within // MINUTE} minutes",
        f"more than {newest.devices} devices in {newest.devices_within // DAY} days",
        f"deleted after {newest.kept // DAY} days",
    ):
        assert said in text, said
    for lang, said in (("en", "keep for {} days"), ("fr", "gardons {} jours")):
        assert said.format(newest.kept // DAY) in texts.text(lang, "seen.kept")


def test_every_command_is_documented() -> None:
    text = (DOCS / "operations.md").read_text("utf-8") + (ROOT / "README.md").read_text("utf-8")
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert [name for name in commands if name not in text] == []


@pytest.mark.parametrize("path", sorted((DOCS / "decisions").glob("*.md")), ids=lambda path: path.stem)
def test_every_decision_says_why_what_else_and_what_enforces_it(path: Path) -> None:
    text = path.read_text("utf-8")
    for heading in ("**Context.**", "**Decision.**", "**Alternatives.**", "**Enforced by.**"):
        assert heading in text


def test_links_in_the_documents_lead_somewhere() -> None:
    for path in (*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "ARCHITECTURE.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), (path, target)


def test_the_image_holds_every_room() -> None:
    """What the wheel packs, the image copies."""
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    image = (ROOT / "Dockerfile").read_text("utf-8")
    assert [name for name in packed["packages"] if f"COPY {name} {name}\n" not in image] == []
