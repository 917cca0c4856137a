import re

import matplotlib.pyplot as plt
from matplotlib import colors

from course_utils import plots
from course_utils.paths import REPOSITORY


def test_lessons_show_every_drawing_and_no_other(monkeypatch):
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "notebooks" / "source").glob("*.py"))
    names = re.findall(r'plots\.drawing\(\s*"(\w+)"', sources)
    assert sorted(names) == sorted(path.stem for path in plots.DRAWINGS.glob("*.png"))
    shown = []
    monkeypatch.setattr(plots, "display", shown.append)
    plots.drawing(names[0])
    assert shown[0].data == (plots.DRAWINGS / f"{names[0]}.png").read_bytes()


def test_bars_get_their_values():
    _, axes = plt.subplots()
    axes.bar([1, 2], [3, 4])
    plots.label_bars(axes)
    assert [label.get_text() for label in axes.texts] == ["3.000", "4.000"]
    plt.close()


def test_values_are_chosen_only_where_a_person_has_the_notebook_open(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("ipywidgets.interact", lambda show, **choices: shown.append((show, choices)))
    monkeypatch.setenv("JPY_SESSION_NAME", "")
    plots.interact(print, t=(1, 9))
    assert shown == [] and "JupyterLab" in capsys.readouterr().out
    monkeypatch.setenv("JPY_SESSION_NAME", "04.ipynb")
    plots.interact(print, t=(1, 9))
    assert shown == [(print, {"t": (1, 9)})]


def test_unrolled_marks_one_step_and_greys_the_steps_after_it():
    figure, axes = plt.subplots()
    plots.unrolled(axes, ["the", "film", "was"], now=2)
    faces = [colors.to_hex(patch.get_facecolor()) for patch in axes.patches]
    assert [faces.index("#f0e442"), faces.count("#f0e442"), faces.count("#ffffff")] == [3, 1, 2]
    words = {text.get_text(): text.get_color() for text in axes.texts}
    assert [words[word] for word in ("the", "film", "was")] == ["black", "black", "0.6"]
    plt.close(figure)
