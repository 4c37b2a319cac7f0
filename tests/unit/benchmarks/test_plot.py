"""The plot."""

from xml.etree import ElementTree as ET

from benchmarks.measurement import typical
from benchmarks.plot import svg
from benchmarks.size import Size
from benchmarks.steps import Step
from tests.unit.benchmarks.results import measured

SVG = "{http://www.w3.org/2000/svg}"
RESULTS = {
    Size(3, 1000): typical(
        [
            measured("fleet", Step.CREATE, 2.0),
            measured("raw loop", Step.CREATE, 1.0),
            measured("fleet", Step.DESTROY, 0.5),
        ]
    ),
    Size(1, 10): typical([measured("fleet", Step.CREATE, 0.25)]),
}


def drawn() -> ET.Element:
    return ET.fromstring(svg(RESULTS))


def test_a_bar_for_each_measurement_as_long_as_its_time() -> None:
    texts = [each.text for each in drawn().iter(f"{SVG}text")]
    assert [text for text in texts if text in {"2.00", "1.00", "0.50", "0.25"}] == ["2.00", "1.00", "0.50", "0.25"]
    ground, _fleet, _raw, *bars = (float(each.attrib["width"]) for each in drawn().iter(f"{SVG}rect"))
    assert bars[0] == 2 * bars[1] == 4 * bars[2]
    assert bars[3] == bars[0] < ground


def test_every_size_contender_and_step_is_named() -> None:
    texts = [each.text for each in drawn().iter(f"{SVG}text")]
    for text in (*map(str, RESULTS), "fleet", "raw loop", "create", "destroy"):
        assert text in texts


def test_everything_is_inside() -> None:
    _, _, width, height = (float(each) for each in drawn().attrib["viewBox"].split())
    for each in drawn().iter(f"{SVG}rect"):
        assert float(each.get("x", 0)) + float(each.attrib["width"]) <= width
        assert float(each.get("y", 0)) + float(each.attrib["height"]) <= height


def test_nothing_measured_is_still_a_drawing() -> None:
    assert ET.fromstring(svg({})).tag == f"{SVG}svg"
