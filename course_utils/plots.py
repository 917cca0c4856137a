"""One look for all figures: colours that colour-blind readers can tell apart, direct labels, alternative text."""

import io

import matplotlib.pyplot as plt

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
