"""Maps of plots as files: GeoJSON (RFC 7946) in and out, KML (OGC 07-147r2) in.

Numbers stay the text that they were written as, so that it is known how many decimals were told. A file is read whole
or not at all; a mistake names the feature by its number in the file, from 1, and says what to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from domain.geo import MICRO, Geometry

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_BYTES: Final = 10 << 20
MOST_FEATURES: Final = 5_000
MOST_POSITIONS: Final = 400_000
MOST_PROPERTIES: Final = 100
"""What one file may hold; what is larger is sent in parts."""

NAMESPACES: Final = ("", "{http://www.opengis.net/kml/2.2}", "{http://earth.google.com/kml/2.1}")
"""Of KML: none, that of the standard, and that of old devices."""

MEDIA_TYPE: Final = "application/geo+json"


class MapFileError(ValueError):
    """A file cannot be taken: which feature of it (none: the whole), what is the case, what to do."""

    def __init__(self, said: str, todo: str, feature: int | None = None) -> None:
        super().__init__(f"feature {feature}: {said} {todo}" if feature else f"{said} {todo}")
        self.said = said
        self.todo = todo
        self.feature = feature


@dataclass(frozen=True, slots=True)
class Feature:
    """A thing on the map: its number in the file, what is said of it, and its geometry with decimal text."""

    number: int
    properties: dict[str, str]
    geometry: dict[str, Any]


def read(data: bytes) -> list[Feature]:
    """The features of a GeoJSON or KML file, told apart by how it begins. Raises ``MapFileError``."""
    if len(data) > MOST_BYTES:
        raise MapFileError(
            f"The file has {len(data) / (1 << 20):.1f} MiB; {MOST_BYTES >> 20} are taken.", "Send it in parts."
        )
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PK"):
        raise MapFileError(
            "This is a compressed file (KMZ or ZIP).",
            "Open it as an archive (rename it to end in .zip), take out the file that ends in .kml, and send that.",
        )
    if start.startswith(b"<"):
        return read_kml(data)
    return read_geojson(data)


# --- GeoJSON ---


def read_geojson(data: bytes) -> list[Feature]:
    """A FeatureCollection, a Feature, or a bare geometry. Raises ``MapFileError``."""
    try:
        whole = json.loads(data.decode("utf-8-sig"), parse_float=str, parse_int=str, parse_constant=str)
    except UnicodeDecodeError:
        raise MapFileError("The file is not UTF-8 text.", "Save it as GeoJSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise MapFileError(
            f"The file is not JSON: line {error.lineno}, column {error.colno}.",
            "Send GeoJSON or KML, as the mapping program exports it.",
        ) from None
    except RecursionError:
        raise MapFileError("The file is nested too deeply to be a map.", "Send GeoJSON or KML.") from None
    if not isinstance(whole, dict):
        raise MapFileError("The file holds no GeoJSON object.", "Send a FeatureCollection, a Feature or a geometry.")
    _refuse_other_grid(whole)
    if whole.get("type") == "FeatureCollection":
        features = whole.get("features")
        if not isinstance(features, list):
            raise MapFileError("The FeatureCollection has no list “features”.", "Export the plots again.")
    else:
        features = [whole if whole.get("type") == "Feature" else {"type": "Feature", "geometry": whole}]
    return _counted(_feature(number, one) for number, one in enumerate(features, start=1))


def _refuse_other_grid(whole: dict[str, Any]) -> None:
    """GeoJSON of 2008 may name another coordinate system; degrees of WGS 84 are taken only."""
    named = whole.get("crs")
    name = str((named.get("properties") or {}).get("name")) if isinstance(named, dict) else ""
    if named is not None and not name.upper().endswith(("CRS84", "EPSG::4326", "EPSG:4326")):
        raise MapFileError(
            f"The coordinates are not degrees of WGS 84 but of {name[:60]}.",
            "Export the plots in WGS 84 (EPSG:4326).",
        )


def _feature(number: int, plain: Any) -> Feature:
    if not isinstance(plain, dict) or plain.get("type") != "Feature":
        raise MapFileError("It is not a GeoJSON Feature.", "Export the plots again.", number)
    geometry, properties = plain.get("geometry"), plain.get("properties") or {}
    if not isinstance(geometry, dict):
        raise MapFileError("It has no geometry.", "Draw the plot, or leave the feature out.", number)
    if not isinstance(properties, dict) or len(properties) > MOST_PROPERTIES:
        raise MapFileError(
            f"Its properties are not a table of at most {MOST_PROPERTIES} names.",
            "Leave out what is not needed.",
            number,
        )
    told = {_whole(name): _whole(value) for name, value in properties.items() if isinstance(value, str)}
    return Feature(number, told, {"type": geometry.get("type"), "coordinates": geometry.get("coordinates")})


def _whole(text: str) -> str:
    """Text that can be written as UTF-8: half of a letter becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def _counted(features: Iterator[Feature]) -> list[Feature]:
    """Not too many features, nor too many positions in all of them together."""
    answer: list[Feature] = []
    positions = 0
    for feature in features:
        if len(answer) == MOST_FEATURES:
            raise MapFileError(f"The file has more than {MOST_FEATURES:,} features.", "Send it in parts.")
        positions += _positions(feature.geometry["coordinates"])
        if positions > MOST_POSITIONS:
            raise MapFileError(
                f"The file has more than {MOST_POSITIONS:,} positions up to here.", "Send it in parts.", feature.number
            )
        answer.append(feature)
    if not answer:
        raise MapFileError("The file holds no plot.", "Export the plots again.")
    return answer


def _positions(coordinates: Any, depth: int = 3) -> int:
    """How many lists of no lists there are, as deep as a MultiPolygon goes."""
    if not isinstance(coordinates, list):
        return 0
    if not depth or not coordinates or not isinstance(coordinates[0], list):
        return 1
    return sum(_positions(part, depth - 1) for part in coordinates)


# --- KML ---


def read_kml(data: bytes) -> list[Feature]:
    """Every Placemark with a Point, a Polygon or a MultiGeometry of polygons. Raises ``MapFileError``."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise MapFileError(
            "The file declares a document type or entities, which no map needs.", "Export the plots again."
        ) from None
    except (ParseError, LookupError, ValueError, RecursionError) as error:
        where = f" at line {error.position[0]}" if isinstance(error, ParseError) else ""
        raise MapFileError(f"The file is not XML{where}.", "Send KML as the mapping program exports it.") from None
    if _name(root) != "kml":
        raise MapFileError(f"The file is not KML: it begins with “{_name(root)[:40]}”.", "Send KML or GeoJSON.")
    placemarks = (one for one in root.iter() if _name(one) == "Placemark")
    return _counted(_placemark(number, one) for number, one in enumerate(placemarks, start=1))


def _name(element: Element) -> str:
    """The name of an element of KML; empty for one of another vocabulary."""
    space, _, name = str(element.tag).rpartition("}")
    return name if f"{space}}}" in NAMESPACES or not space else ""


def _below(element: Element, *names: str) -> list[Element]:
    return [one for one in element if _name(one) in names]


def _placemark(number: int, element: Element) -> Feature:
    drawn = _below(element, "Point", "Polygon", "MultiGeometry")
    if not drawn:
        raise MapFileError(
            "It has neither Point nor Polygon.", "Close lines to polygons, or leave the placemark out.", number
        )
    return Feature(number, _properties(number, element), _drawn(number, drawn[0]))


def _properties(number: int, placemark: Element) -> dict[str, str]:
    told = {_name(one): (one.text or "").strip() for one in _below(placemark, "name", "description")}
    for extended in _below(placemark, "ExtendedData"):
        for one in extended.iter():
            if _name(one) == "SimpleData" and one.get("name"):
                told[str(one.get("name"))] = (one.text or "").strip()
            elif _name(one) == "Data" and one.get("name"):
                told[str(one.get("name"))] = next((value.text or "" for value in _below(one, "value")), "").strip()
    if len(told) > MOST_PROPERTIES:
        raise MapFileError(f"It has more than {MOST_PROPERTIES} data.", "Leave out what is not needed.", number)
    return {name: value for name, value in told.items() if value}


def _drawn(number: int, element: Element) -> dict[str, Any]:
    if _name(element) == "Point":
        places = _coordinates(number, element)
        return {"type": "Point", "coordinates": places[0] if len(places) == 1 else places}
    if _name(element) == "Polygon":
        return {"type": "Polygon", "coordinates": _rings(number, element)}
    polygons = _below(element, "Polygon")
    if len(polygons) != len(_below(element, "Point", "Polygon", "LineString", "LinearRing", "MultiGeometry", "Model")):
        raise MapFileError(
            "Its MultiGeometry holds more than polygons.", "Send a plot as a point, or as polygons.", number
        )
    rings = [_rings(number, one) for one in polygons]
    return {"type": "MultiPolygon", "coordinates": rings} if len(rings) != 1 else _polygon(rings[0])


def _polygon(rings: list[Any]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": rings}


def _rings(number: int, polygon: Element) -> list[Any]:
    """The outer ring, then the inner ones."""
    boundaries = [*_below(polygon, "outerBoundaryIs"), *_below(polygon, "innerBoundaryIs")]
    return [_coordinates(number, ring) for one in boundaries for ring in _below(one, "LinearRing")]


def _coordinates(number: int, element: Element) -> list[list[str]]:
    """“lon,lat[,height]”, set apart by white space."""
    told = _below(element, "coordinates")
    if len(told) != 1:
        raise MapFileError("It has a part without coordinates.", "Draw the plot again.", number)
    return [position.split(",") for position in (told[0].text or "").split()]


# --- writing ---


@dataclass(frozen=True, slots=True)
class PlotFeature:
    """A plot as it is written: codes, not names; ``country`` as ISO 3166, area in square metres."""

    plot: str
    farmer: str
    country: str
    area_m2: int
    geometry: Geometry


def write_geojson(plots: Iterable[PlotFeature]) -> Iterator[bytes]:
    """A FeatureCollection, plot by plot: WGS 84, longitude first, six decimals, areas in hectares.

    The properties have the names that the information system of Reg. (EU) 2023/1115 reads.
    """
    yield b'{"type":"FeatureCollection","features":['
    for place, plot in enumerate(plots):
        properties = json.dumps(
            {"ProducerName": plot.farmer, "ProducerCountry": plot.country, "ProductionPlace": plot.plot},
            ensure_ascii=False,
        )
        coordinates = _written(plot.geometry.coordinates)
        hectares = f"{plot.area_m2 // 10_000}.{plot.area_m2 % 10_000:04}"
        text = (
            f'{{"type":"Feature","properties":{properties[:-1]}, "Area": {hectares}}},'
            f'"geometry":{{"type":"{plot.geometry.kind}","coordinates":{coordinates}}}}}'
        )
        yield (",\n" if place else "\n").encode() + text.encode()
    yield b"\n]}\n"


def _written(coordinates: Any) -> str:
    if isinstance(coordinates, int):
        return degrees(coordinates)
    return f"[{','.join(map(_written, coordinates))}]"


def degrees(micro: int) -> str:
    """Micro-degrees as decimal degrees with exactly six decimals: -9471234 is “-9.471234”."""
    whole, part = divmod(abs(micro), MICRO)
    return f"{'-' if micro < 0 else ''}{whole}.{part:06}"
