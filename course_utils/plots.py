"""The style of all figures: colours for colour-blind readers (figures.mplstyle), direct labels, alternative text."""

import io
import os
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import Image, display
from matplotlib.patches import FancyBboxPatch

DRAWINGS = Path(__file__).parent / "drawings"
# Okabe & Ito (2008), Color Universal Design: distinguishable with every common colour vision.
BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW, RED, BLACK = (
    "#0072b2 #e69f00 #009e73 #cc79a7 #56b4e9 #f0e442 #d55e00 #000000".split()
)


def figure(rows: int = 1, columns: int = 1, size: tuple[float, float] | None = None, **kwargs):
    """`plt.subplots` in the course's style, which stays set: (figure, axes). `size` is in inches."""
    plt.style.use("course_utils.figures")
    return plt.subplots(rows, columns, figsize=size, **kwargs)


def show(figure, alt: str) -> None:
    """Show `figure` in the notebook, and close it. `alt` is the alternative text. Raises ValueError if it is not a sentence."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    plt.close(figure)
    _display(picture.getvalue(), alt)


def drawing(name: str, alt: str | None = None) -> None:
    """Show the drawing `name` of the folder `drawings`, with `alt` as in `show`, if the cell's metadata has none."""
    # A PNG file: in a notebook that is not trusted yet, JupyterLab shows neither SVG nor pictures inside HTML.
    path = DRAWINGS / f"{name}.png"
    return display(Image(path)) if alt is None else _display(path.read_bytes(), alt)


def interact(show, **choices) -> None:
    """`ipywidgets.interact(show, **choices)` where the notebook is open in JupyterLab; elsewhere a line that says so."""
    if not os.environ.get("JPY_SESSION_NAME"):  # in a notebook that is executed as a whole, nbclient waits for ever
        return print("Open this notebook in JupyterLab: there you can choose the values here.")
    from ipywidgets import interact

    interact(show, **choices)


def _display(picture: bytes, alt: str) -> None:
    alt = " ".join(alt.split())
    if alt.count(" ") < 4:
        raise ValueError(f"alt must be a sentence that says what the figure shows (at least five words), got {alt!r}")
    data = {"image/png": picture, "text/plain": f"[Figure: {alt}]"}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)  # where nbconvert looks for it


def label_bars(axes, form: str = "{:.3f}") -> None:
    """Write its value at the end of every bar."""
    for bars in axes.containers:
        axes.bar_label(bars, fmt=form, padding=3)


def unrolled(axes, words: list[str], now: int) -> None:
    """Draw a recurrent layer unrolled over `words`: step `now`, 1 … len(words), is marked, later steps are grey."""

    def box(x, y, text, face, edge):
        axes.add_patch(FancyBboxPatch((x - 0.34, y - 0.24), 0.68, 0.48, "round,pad=0.06", fc=face, ec=edge))
        axes.text(x, y, text, ha="center", va="center")

    box(0, 1.2, "$h_0$", "0.93", "0.5")
    for t, word in enumerate(words, start=1):
        x, read = 1.5 * t, t <= now
        colour = "black" if read else "0.75"
        box(x, 1.2, f"$h_{{{t}}}$", YELLOW if t == now else "#deebf7" if read else "white", BLUE if read else "0.75")
        box(x, 0, f"$x_{{{t}}}$", "#fdf2d8" if read else "white", ORANGE if read else "0.75")
        for start, end in (((x, 0.3), (x, 0.9)), ((x - 1.1, 1.2), (x - 0.4, 1.2))):
            arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", end, start, arrowprops=arrow)
        axes.text(x + 0.08, 0.58, "$W_x$", va="center", color=colour, fontsize=9)
        axes.text(x - 0.75, 1.32, "$W_h$", ha="center", color=colour, fontsize=9)
        axes.text(x, -0.4, word, ha="center", va="top", color="black" if read else "0.6")
    axes.set(xlim=(-0.6, 1.5 * len(words) + 0.6), ylim=(-0.8, 1.8))
    axes.axis("off")
