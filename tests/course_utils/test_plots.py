import base64
import re

import matplotlib.pyplot as plt
import pytest
from IPython.testing.globalipapp import start_ipython
from matplotlib import colors

from course_utils import plots
from course_utils.paths import REPOSITORY


def shown_by(function, *args):
    from IPython.utils.capture import capture_output

    start_ipython()
    with capture_output() as captured:
        function(*args, alt="A picture, \n made for a test.")
    (shown,) = captured.outputs
    assert shown.data["text/plain"] == "[Figure: A picture, made for a test.]"
    assert shown.metadata == {"image/png": {"alt": "A picture, made for a test."}}
    picture = shown.data["image/png"]
    return picture if isinstance(picture, bytes) else base64.b64decode(picture)


def test_show_stores_picture_and_alternative_text():
    figure, axes = plots.figure()
    axes.bar([1, 2], [3, 4])
    plots.label_bars(axes)
    assert shown_by(plots.show, figure).startswith(b"\x89PNG")
    assert [label.get_text() for label in axes.texts] == ["3.000", "4.000"]


def test_lessons_show_every_drawing_and_no_other():
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "notebooks" / "source").glob("*.py"))
    names = re.findall(r'plots\.drawing\(\s*"(\w+)"', sources)
    assert sorted(names) == sorted(path.stem for path in plots.DRAWINGS.glob("*.png"))
    assert shown_by(plots.drawing, names[0]) == (plots.DRAWINGS / f"{names[0]}.png").read_bytes()


def test_the_style_sheet_has_the_colours_of_the_module():
    with plt.style.context("course_utils.figures"):
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"][:2] == [plots.BLUE, plots.ORANGE]
        assert plt.rcParams["figure.facecolor"] == "white"


def test_values_are_chosen_only_where_a_person_has_the_notebook_open(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("ipywidgets.interact", lambda show, **choices: shown.append((show, choices)))
    monkeypatch.setenv("JPY_SESSION_NAME", "")
    plots.interact(print, t=(1, 9))
    assert shown == [] and "JupyterLab" in capsys.readouterr().out
    monkeypatch.setenv("JPY_SESSION_NAME", "04.ipynb")
    plots.interact(print, t=(1, 9))
    assert shown == [(print, {"t": (1, 9)})]


def test_empty_alternative_text_is_refused():
    figure, _ = plots.figure()
    for show, what in ((plots.show, figure), (plots.drawing, "lstm_cell")):
        with pytest.raises(ValueError, match="A figure"):
            show(what, alt="A figure")


def test_unrolled_marks_one_step_and_greys_the_steps_after_it():
    figure, axes = plots.figure()
    plots.unrolled(axes, ["the", "film", "was"], now=2)
    faces = [colors.to_hex(patch.get_facecolor()) for patch in axes.patches]
    assert [faces.index(plots.YELLOW), faces.count(plots.YELLOW), faces.count("#ffffff")] == [3, 1, 2]
    words = {text.get_text(): text.get_color() for text in axes.texts}
    assert [words[word] for word in ("the", "film", "was")] == ["black", "black", "0.6"]
    plt.close(figure)
