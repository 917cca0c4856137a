"""One look for all figures: colours that colour-blind readers can tell apart, direct labels, alternative text."""

import io

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.text import Text
from matplotlib.transforms import Bbox

# Okabe & Ito (2008), Color Universal Design: told apart with every common colour vision.
BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW, RED, BLACK = (
    "#0072b2 #e69f00 #009e73 #cc79a7 #56b4e9 #f0e442 #d55e00 #000000".split()
)
STYLE = {
    # White paper, whatever the theme of the page: dark text on a transparent figure vanishes in a dark JupyterLab.
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.figsize": (7.0, 3.6),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, PURPLE, SKY, RED, BLACK]),
    "image.cmap": "cividis",
}


def figure(rows: int = 1, columns: int = 1, size: tuple[float, float] | None = None, **kwargs):
    """`plt.subplots` in the course's style, which then holds for the notebook: (figure, axes). `size` is in inches."""
    plt.rcParams.update(STYLE)
    return plt.subplots(rows, columns, figsize=size, **kwargs)


def show(figure, alt: str) -> None:
    """Show `figure` in the notebook with `alt`, the text for readers who cannot see it, and close it.

    The text is stored beside the picture, where HTML export finds it. Raises ValueError when it says nothing.
    """
    alt = " ".join(alt.split())
    if alt.count(" ") < 4:
        raise ValueError(f"alternative text must say what the figure shows, in a sentence; got {alt!r}")
    from IPython.display import display

    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    plt.close(figure)
    data = {"image/png": picture.getvalue(), "text/plain": f"[Figure: {alt}]"}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)


def label_bars(axes, form: str = "{:.3f}") -> None:
    """Write its value at the end of every bar, so that nobody has to read it off an axis."""
    for bars in axes.containers:
        axes.bar_label(bars, fmt=form, padding=3)


def label_points(axes, names, x, y) -> None:
    """Write each of n `names` beside its point, x and y (n,) in data units, where it covers no point and no other label.

    A thin line leads from each name to its point. Where there is no such place among those that are tried, the name stands
    right of the point. To be called when limits, margins and points of the axes are set, for it measures in pixels.
    """
    axes.figure.canvas.draw()  # settles the layout
    renderer = axes.figure.canvas.get_renderer()
    points = axes.transData.transform(np.column_stack([x, y]))
    taken = [Bbox.from_bounds(column - 4, row - 4, 8, 8) for column, row in points]
    places = [(side * 7, up) for up in (0, 8, -8, 16, -16, 24, -24, 32, -32) for side in (1, -1)]  # the nearest first
    line = {"arrowstyle": "-", "linewidth": 0.5, "color": "0.5", "shrinkA": 0, "shrinkB": 3}
    for name, *point in zip(names, x, y, strict=True):
        label = axes.annotate(
            name, point, places[0], textcoords="offset points", va="center", fontsize=9, arrowprops=line
        )
        for place in (*places, places[0]):
            label.set(position=place, horizontalalignment="left" if place[0] > 0 else "right")
            label.update_positions(renderer)
            box = Text.get_window_extent(label)  # that of an annotation has its line in it
            inside = axes.bbox.x0 < box.x0 and box.x1 < axes.bbox.x1 and axes.bbox.y0 < box.y0 and box.y1 < axes.bbox.y1
            if inside and not any(box.overlaps(other) for other in taken):
                break
        taken.append(box)
