"""Drawings that explain a lesson and show no data: fixed, so their code is here and not in the way of the reader."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch, Rectangle

from course_utils import plots

MAP = {  # lesson: (column, row, title); the straight way is row 0
    "00": (0, 0, "start\nhere"),
    "01": (1, 0, "one-hot,\nbags"),
    "02": (2, 0, "word\nembeddings"),
    "03": (3, -1, "entity\nembeddings"),
    "04": (3, 0, "simple\nRNN"),
    "05": (4, 0, "training\nRNNs"),
    "06": (5, 0, "LSTM"),
    "07": (6, 0, "GRU"),
    "08": (7, 0, "deep, bi-\ndirectional"),
    "09": (8, 0, "text\npipeline"),
    "10": (9, 0, "IMDB\nsentiment"),
    "11": (9, 1, "sequence\nlabelling"),
    "12": (7, 1, "language\nmodels"),
    "13": (8, 1, "sequence to\nsequence"),
    "14": (7, -1, "Seq2BoW"),
}
STRAIGHT = ("00", "01", "02", "04", "05", "06", "07", "08", "09", "10")
BRANCHES = [("02", "03"), ("03", "14"), ("06", "14"), ("07", "12"), ("12", "13"), ("08", "11")]


def course_map() -> plt.Figure:
    """The lessons as boxes, with arrows from each to those that build on it."""
    figure, axes = plots.figure(size=(9.6, 3.4))
    ways = [(pair, plots.BLUE, 2) for pair in zip(STRAIGHT, STRAIGHT[1:], strict=False)]
    ways += [(pair, "0.45", 1.2) for pair in BRANCHES]
    for (start, end), colour, width in ways:
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 24, "shrinkB": 26}
        axes.annotate("", xy=MAP[end][:2], xytext=MAP[start][:2], arrowprops=arrow)
    for number, (column, row, title) in MAP.items():
        main = number in STRAIGHT
        style = {"facecolor": "#deebf7" if main else "#fdf2d8", "edgecolor": plots.BLUE if main else plots.ORANGE}
        axes.add_patch(FancyBboxPatch((column - 0.37, row - 0.27), 0.74, 0.54, "round,pad=0.03", **style, zorder=3))
        axes.text(column, row + 0.13, number, ha="center", va="center", weight="bold", zorder=4)
        axes.text(column, row - 0.1, title, ha="center", va="center", fontsize=8, zorder=4)
    axes.set(xlim=(-0.6, 9.6), ylim=(-1.5, 1.5), title="The lessons, and what builds on what")
    axes.axis("off")
    return figure


def batch_block(words: list[str], batch: int, features: int) -> plt.Figure:
    """A block (batch, time, features): one layer of boxes a sequence, one column a word, one box a feature."""
    figure, axes = plots.figure(size=(7.2, 3.4))
    depth = 0.35
    for review in reversed(range(batch)):  # the last is drawn first, behind the others
        for t in range(len(words)):
            for feature in range(features):
                corner = (t + depth * review, 0.6 * feature + depth * review)
                colour = "#cfe3f3" if review else plots.SKY
                axes.add_patch(Rectangle(corner, 0.9, 0.52, facecolor=colour, edgecolor="black", linewidth=0.8))
    for t, word in enumerate(words):
        axes.text(t + 0.45, -0.12, f"{word}\n$t$ = {t + 1}", ha="center", va="top")
    height, end = 0.6 * features, len(words)
    axes.text(-0.15, height / 2, "features\nof $x_t$", ha="right", va="center")
    axes.text(end / 2, -1.05, "time →", ha="center", va="top")
    axes.text(end + depth * batch, height / 2 + depth, "batch: one review\nbehind the other", ha="left", va="center")
    axes.set(xlim=(-1.6, end + 2.8), ylim=(-1.5, height + depth * batch))
    axes.set_title(f"{batch} reviews of {end} words, {features} features a word: shape ({batch}, {end}, {features})")
    axes.axis("off")
    return figure
