"""What is out of range and since when, and where nothing was read; readings row by row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.profiles import ProcessLimit
from domain.readings import HOUR_MS, Alarm, Point, alarms, stretches
from exchange.readings import Told, Unreadable, from_csv, from_epcis, read

HEAP = ProcessLimit(
    "mass_temperature", {"en": "Heap", "fr": "Masse"}, "°C", ("ferment",), "40", "48", "52", 48, date(2022, 1, 1), "-"
)


def points(**values: str) -> list[Point]:
    return [Point(int(hour[1:]) * HOUR_MS, value) for hour, value in values.items()]


def test_an_alarm_lasts_until_the_first_value_that_is_back() -> None:
    read = points(h0="28", h24="39", h50="39.4", h52="38", h54="41", h70="52.6", h72="53.1", h74="52.4", h76="53")
    assert alarms(reversed(read), HEAP, 0) == [
        Alarm("low", 50 * HOUR_MS, 54 * HOUR_MS, "38", 2, 52 * HOUR_MS),  # a heap warms up first: 39 at 24 h is none
        Alarm("high", 70 * HOUR_MS, 74 * HOUR_MS, "53.1", 2, 72 * HOUR_MS),
        Alarm("high", 76 * HOUR_MS, None, "53", 1, 76 * HOUR_MS),
    ]


def test_from_too_high_to_too_low_is_two_alarms() -> None:
    assert [(one.side, one.until) for one in alarms(points(h50="60", h51="20"), HEAP, 0)] == [
        ("high", 51 * HOUR_MS), ("low", None),
    ]  # fmt: skip


def test_a_series_is_cut_where_nothing_was_read() -> None:
    read = points(h0="1", h1="1", h2="1", h3="1", h9="1", h10="1", h30="1")
    assert [len(one) for one in stretches(read)] == [4, 2, 1]
    assert stretches([]) == []
    assert stretches(read[:1]) == [read[:1]]
    by_hand = points(h6="1", h24="1", h48="1", h72="1")
    assert len(stretches(by_hand)) == 4  # one a day: what was between nobody knows


@pytest.mark.parametrize(
    ("at", "value", "code"),
    [
        ("2024-12-01T08:00:00", "48", "time"),
        ("yesterday", "48", "time"),
        (None, "48", "time"),
        ("2024-12-01T08:00:00Z", "hot", "value"),
        ("2024-12-01T08:00:00Z", None, "value"),
        ("2024-12-01T08:00:00Z", True, "value"),
        ("2024-12-01T08:00:00Z", "1" * 30, "value"),
    ],
)
def test_what_cannot_be_read_says_why(at: Any, value: Any, code: str) -> None:
    found = read(7, at, "mass_temperature", value, "T")
    assert isinstance(found, Unreadable)
    assert (found.row, found.code) == (7, code)


def test_csv_takes_both_delimiters_and_a_device_of_its_own() -> None:
    text = "\ufeffat;test;value;device\r\n2024-12-01T10:00:00+02:00;mass_temperature;48.50;T-9\r\nx;y;z;\r\n"
    one, two = from_csv(text.encode(), "T-1")
    at = datetime(2024, 12, 1, 8, tzinfo=UTC)
    assert one == Told(1, at, "mass_temperature", "48.5", "T-9")
    assert isinstance(two, Unreadable)
    (plain,) = from_csv(b"test,value,at\nph,4.1,2024-12-01T08:00:00Z\n", "T-1")
    assert plain == Told(1, at, "ph", "4.1", "T-1")
    with pytest.raises(ValueError, match="missing: value"):
        from_csv(b"at,test\n", "T")


def test_epcis_sensor_elements_are_read_in_our_units() -> None:
    elements: list[Any] = [
        {
            "sensorMetadata": {"time": "2024-12-01T08:00:00Z", "deviceID": "urn:epc:id:giai:4000001.111"},
            "sensorReport": [
                {"type": "Temperature", "value": 48.25, "uom": "CEL"},
                {"type": "gs1:Temperature", "value": 118.4, "uom": "FAH", "deviceID": "B"},
                {"type": "RelativeHumidity", "value": 80, "uom": "P1"},
                {"type": "Temperature", "value": 1, "uom": "XXX"},
            ],
        },
        {"sensorReport": [{"type": "Temperature", "value": 300, "uom": "KEL", "time": "2024-12-01T09:00:00Z"}]},
        {},
        {"sensorReport": ["odd"]},
    ]
    rows = from_epcis(elements, {"Temperature": "mass_temperature"}, "T")
    assert [(one.value, one.device, one.unit) for one in rows if isinstance(one, Told)] == [
        ("48.25", "urn:epc:id:giai:4000001.111", "°C"), ("48", "B", "°C"), ("26.85", "T", "°C"),
    ]  # fmt: skip
    assert [(one.row, one.code) for one in rows if isinstance(one, Unreadable)] == [
        (3, "type-unknown"), (4, "unit-unknown"), (6, "type-unknown"), (7, "type-unknown"),
    ]  # fmt: skip


@pytest.mark.parametrize(("back", "seen"), [(6, 6), (7, 0), (24, 0), (None, 0)])
def test_an_alarm_is_drawn_as_long_as_values_say_so(back: int | None, seen: int) -> None:
    alarm = Alarm("high", 0, back * HOUR_MS if back is not None else None, "53", 1, 0)
    assert alarm.seen_until == seen * HOUR_MS
