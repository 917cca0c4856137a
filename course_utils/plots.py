"""Drawings of the course, and parts of figures. The style is in figures.mplstyle: plt.style.use("course_utils.figures")."""

import os
from pathlib import Path

from IPython.display import Image, display
from matplotlib.patches import FancyBboxPatch

DRAWINGS = Path(__file__).parent / "drawings"


def drawing(name: str) -> None:
    """Show the drawing `name` of the folder `drawings`. Raises FileNotFoundError."""
    # A PNG file: in a notebook that is not trusted yet, JupyterLab shows neither SVG nor pictures inside HTML.
    display(Image(DRAWINGS / f"{name}.png"))


def interact(show, **choices) -> None:
    """`ipywidgets.interact(show, **choices)` where the notebook is open in JupyterLab; elsewhere a line that says so."""
    if not os.environ.get("JPY_SESSION_NAME"):  # in a notebook that is executed as a whole, nbclient waits for ever
        return print("Open this notebook in JupyterLab: there you can choose the values here.")
    from ipywidgets import interact

    interact(show, **choices)


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
        box(x, 1.2, f"$h_{{{t}}}$", "#f0e442" if t == now else "#deebf7" if read else "white", "C0" if read else "0.75")
        box(x, 0, f"$x_{{{t}}}$", "#fdf2d8" if read else "white", "C1" if read else "0.75")
        for start, end in (((x, 0.3), (x, 0.9)), ((x - 1.1, 1.2), (x - 0.4, 1.2))):
            arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", end, start, arrowprops=arrow)
        axes.text(x + 0.08, 0.58, "$W_x$", va="center", color=colour, fontsize=9)
        axes.text(x - 0.75, 1.32, "$W_h$", ha="center", color=colour, fontsize=9)
        axes.text(x, -0.4, word, ha="center", va="top", color="black" if read else "0.6")
    axes.set(xlim=(-0.6, 1.5 * len(words) + 0.6), ylim=(-0.8, 1.8))
    axes.axis("off")
