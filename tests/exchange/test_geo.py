"""Map files: what mapping programs and devices write is read, what is hostile or no map is told in a sentence."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.geo import Geometry, parse
from exchange import geo
from exchange.geo import Feature, MapFileError, PlotFeature, degrees, read, write_geojson

RING = "[[-9.471234,6.998765],[-9.470110,6.998765],[-9.470110,6.999901],[-9.471234,6.998765]]"
TEXTS = [
    ["-9.471234", "6.998765"],
    ["-9.470110", "6.998765"],
    ["-9.470110", "6.999901"],
    ["-9.471234", "6.998765"],
]
SPACE = 'xmlns="http://www.opengis.net/kml/2.2"'


def feature(geometry: str, properties: str = "{}") -> str:
    return f'{{"type":"Feature","properties":{properties},"geometry":{geometry}}}'


def collection(*features: str, more: str = "") -> bytes:
    return f'{{"type":"FeatureCollection",{more}"features":[{",".join(features)}]}}'.encode()


def kml(*placemarks: str, space: str = SPACE, head: str = "") -> bytes:
    inside = "".join(f"<Placemark>{one}</Placemark>" for one in placemarks)
    return f'<?xml version="1.0"?>{head}<kml {space}><Document><Folder>{inside}</Folder></Document></kml>'.encode()


def refused(data: bytes) -> MapFileError:
    with pytest.raises(MapFileError) as error:
        read(data)
    assert error.value.said.endswith(".")
    assert error.value.todo.endswith(".")
    return error.value


# --- GeoJSON ---


def test_numbers_stay_the_text_that_they_were() -> None:
    text = f'{{"type":"Polygon","coordinates":[{RING}]}}'
    (found,) = read(collection(feature(text, '{"plot":"A","Area":1.80,"n":7,"ok":true,"none":null,"more":{"a":1}}')))
    assert found == Feature(1, {"plot": "A", "Area": "1.80", "n": "7"}, {"type": "Polygon", "coordinates": [TEXTS]})
    assert parse(found.geometry, 10).decimals == 6


def test_a_feature_or_a_geometry_alone_is_a_file_too() -> None:
    point = '{"type":"Point","coordinates":[-9.4,6.9]}'
    wanted = {"type": "Point", "coordinates": ["-9.4", "6.9"]}
    for data in (point.encode(), feature(point).encode(), b"\xef\xbb\xbf \n" + collection(feature(point))):
        (found,) = read(data)
        assert (found.number, found.geometry) == (1, wanted)


@pytest.mark.parametrize(
    ("data", "said", "number"),
    [
        (b"", "not JSON", None),
        (b"plot;lat;lon", "not JSON: line 1, column 1", None),
        (b"[1,2]", "no GeoJSON object", None),
        (b"\xff\xfe{\x00", "not UTF-8", None),
        (b'{"type":"FeatureCollection"}', "no list", None),
        (b'{"type":"FeatureCollection","features":[]}', "holds no plot", None),
        (collection(feature('{"type":"Point","coordinates":[1,2]}'), "7"), "not a GeoJSON Feature", 2),
        (collection(feature("null")), "no geometry", 1),
        (collection(feature('{"type":"Point","coordinates":[1,2]}', "[1]")), "properties", 1),
        (
            collection(
                feature("{}"), more='"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::32629"}},'
            ),
            "not degrees of WGS 84",
            None,
        ),
        (b"PK\x03\x04rest", "compressed file", None),
    ],
)
def test_what_is_no_map_is_told(data: bytes, said: str, number: int | None) -> None:
    error = refused(data)
    assert said in error.said
    assert error.feature == number
    assert str(error).startswith(f"feature {number}: " if number else error.said)


def test_the_coordinate_system_of_old_files_may_be_named() -> None:
    named = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},'
    assert len(read(collection(feature('{"type":"Point","coordinates":[1,2]}'), more=named))) == 1


def test_a_kmz_file_is_told_how_to_be_unpacked() -> None:
    assert ".kml" in refused(b"PK\x03\x04").todo


def test_halves_of_letters_become_question_marks() -> None:
    (found,) = read(collection(feature('{"type":"Point","coordinates":[1,2]}', '{"plot":"A\\ud800"}')))
    assert found.properties == {"plot": "A?"}


# --- KML ---


def test_points_polygons_with_holes_and_their_data() -> None:
    outer, hole = "0,0 9,0,100 9,9\n 0,0", "1,1 2,1 2,2 1,1"
    found = read(
        kml(
            "<name> BK-1 </name><Point><coordinates>-9.471234,6.998765,211.5</coordinates></Point>",
            '<ExtendedData><SchemaData schemaUrl="#s"><SimpleData name="plot">BK-2</SimpleData></SchemaData>'
            '<Data name="farmer"><displayName>F</displayName><value>LR-1</value></Data></ExtendedData>'
            f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{outer}</coordinates></LinearRing></outerBoundaryIs>"
            f"<innerBoundaryIs><LinearRing><coordinates>{hole}</coordinates></LinearRing></innerBoundaryIs></Polygon>",
        )
    )
    assert found[0] == Feature(
        1, {"name": "BK-1"}, {"type": "Point", "coordinates": ["-9.471234", "6.998765", "211.5"]}
    )
    assert (found[1].number, found[1].properties) == (2, {"plot": "BK-2", "farmer": "LR-1"})
    shape = parse(found[1].geometry, 100).geometry
    assert [len(ring) for ring in shape.polygons[0]] == [4, 4]


@pytest.mark.parametrize("space", [SPACE, "", 'xmlns="http://earth.google.com/kml/2.1"'])
def test_several_polygons_of_one_plot(space: str) -> None:
    one = (
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 1,0 1,1 0,0</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon>"
    )
    two, single = read(
        kml(f"<MultiGeometry>{one}{one}</MultiGeometry>", f"<MultiGeometry>{one}</MultiGeometry>", space=space)
    )
    assert (two.geometry["type"], len(two.geometry["coordinates"])) == ("MultiPolygon", 2)
    assert single.geometry["type"] == "Polygon"


@pytest.mark.parametrize(
    ("data", "said", "number"),
    [
        (b"<kml>", "not XML at line 1", None),
        (b"<gpx></gpx>", "begins with", None),
        (b"<x:kml xmlns:x='urn:other'/>", "not KML", None),
        (kml(), "holds no plot", None),
        (kml("<name>A</name>"), "neither Point nor Polygon", 1),
        (kml("<LineString><coordinates>1,2 3,4</coordinates></LineString>"), "neither Point nor Polygon", 1),
        (kml("<Point/>"), "without coordinates", 1),
        (
            kml("<MultiGeometry><Point><coordinates>1,2</coordinates></Point></MultiGeometry>"),
            "more than polygons",
            1,
        ),
    ],
)
def test_what_is_no_kml_is_told(data: bytes, said: str, number: int | None) -> None:
    error = refused(data)
    assert said in error.said
    assert error.feature == number


def test_a_polygon_without_a_ring_is_left_to_the_geometry() -> None:
    (found,) = read(kml("<Polygon/>"))
    with pytest.raises(ValueError, match="empty"):
        parse(found.geometry, 10)


# --- hostile files ---

LAUGHS = "<!DOCTYPE l [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "head",
    [
        LAUGHS + "]>",
        '<!DOCTYPE k SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "<!DOCTYPE kml>",
    ],
)
def test_entities_and_foreign_documents_are_refused(head: str) -> None:
    assert "entities" in refused(kml("<name>&i;</name>", head=head)).said


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b'{"type":"Feature","geometry":{"type":"Polygon","coordinates":' + b"[" * 500_000 + b"]" * 500_000 + b"}}",
        b"<a>" * 200_000,
        b"<kml>" + b"<Folder>" * 200_000 + b"</Folder>" * 200_000 + b"</kml>",
        b"<" * 1_000_000,
        b"\x00" * 1_000,
        b"<?xml version='1.0' encoding='utf-7'?><kml/>",
        b"<?xml version='1.0' encoding='no-such'?><kml/>",
        b'{"type":"Point","coordinates":[1,2],"x":"\\ud800"',
    ],
)
def test_deep_and_broken_files_are_refused_quickly(data: bytes) -> None:
    start = time.perf_counter()
    refused(data)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("number", ["1e309", "-1e309", "NaN", "Infinity", "1" * 5_000])
def test_numbers_beyond_all_measure_stay_text_and_are_no_position(number: str) -> None:
    (found,) = read(f'{{"type":"Point","coordinates":[{number},1]}}'.encode())
    with pytest.raises(ValueError, match="not_numbers"):
        parse(found.geometry, 10)


def test_a_file_beyond_its_size_is_not_looked_at() -> None:
    error = refused(b" " * (geo.MOST_BYTES + 1))
    assert "10.0 MiB" in error.said


def test_features_and_positions_are_counted() -> None:
    point = feature('{"type":"Point","coordinates":[1,2]}')
    assert len(read(collection(*[point] * geo.MOST_FEATURES))) == geo.MOST_FEATURES
    assert "5,000 features" in refused(collection(*[point] * (geo.MOST_FEATURES + 1))).said
    ring = ",".join(["[1,2]"] * 100_001)
    wide = feature(f'{{"type":"Polygon","coordinates":[[{ring}]]}}')
    error = refused(collection(wide, wide, wide, wide))
    assert ("400,000 positions" in error.said, error.feature) == (True, 4)


@pytest.mark.parametrize("data", [b"[" + b"11," * 3_000_000 + b"1]", b"<kml>" + b"<a/>" * 2_500_000 + b"</kml>"])
def test_the_largest_file_fits_into_memory(data: bytes) -> None:
    tracemalloc.start()
    refused(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 512 << 20


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_map_or_refused(data: bytes) -> None:
    try:
        read(data)
    except MapFileError as error:
        assert error.said
        assert error.todo


PLAIN = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["Point", "Polygon", "Feature"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "features", "geometry", "coordinates", "properties", "crs"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_any_json_is_a_map_or_refused(plain: Any) -> None:
    try:
        found = read(json.dumps({"type": "FeatureCollection", "features": plain}).encode())
    except MapFileError:
        return
    for one in found:
        try:
            parse(one.geometry, 10)
        except ValueError as error:
            assert str(error)


# --- out and in again ---

MICRO = st.tuples(st.integers(-180_000_000, 180_000_000), st.integers(-90_000_000, 90_000_000))
SHAPES = st.one_of(
    MICRO.map(lambda place: Geometry("Point", point=place)),
    st.lists(MICRO, min_size=3, max_size=9, unique=True).map(
        lambda some: Geometry("Polygon", polygons=(((*some, some[0]),),))
    ),
    st.lists(MICRO, min_size=3, max_size=9, unique=True).map(
        lambda some: Geometry("MultiPolygon", polygons=(((*some, some[0]),), ((*some, some[0]),)))
    ),
)


@given(st.lists(SHAPES, min_size=1, max_size=4), st.integers(1, 10**10))
def test_what_is_written_comes_back(shapes: list[Geometry], area: int) -> None:
    plots = [PlotFeature(f"P-{n}", 'LR-1"é', "LR", area, shape) for n, shape in enumerate(shapes)]
    found = read(b"".join(write_geojson(plots)))
    assert [parse(one.geometry, 100).geometry for one in found] == shapes
    assert all(parse(one.geometry, 100).decimals == 6 for one in found)
    for number, one in enumerate(found):
        assert one.properties["ProductionPlace"] == f"P-{number}"
        assert one.properties["ProducerName"] == 'LR-1"é'
        assert one.properties["ProducerCountry"] == "LR"
        assert int(one.properties["Area"].replace(".", "")) == area


def test_six_decimals_are_written_and_hectares() -> None:
    shape = Geometry("Point", point=(-9_470_000, 7))
    text = b"".join(write_geojson([PlotFeature("A", "F", "LR", 18_400, shape)])).decode()
    assert '"coordinates":[-9.470000,0.000007]' in text
    assert '"Area": 1.8400' in text
    assert json.loads(b"".join(write_geojson([]))) == {"type": "FeatureCollection", "features": []}
    assert [degrees(value) for value in (-1, 0, 180_000_000)] == ["-0.000001", "0.000000", "180.000000"]
