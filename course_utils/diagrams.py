"""Drawings that explain a lesson and show no data: fixed, so their code is here and not in the way of the reader."""

from itertools import pairwise

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
    ways = [(pair, plots.BLUE, 2) for pair in pairwise(STRAIGHT)]
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


def _box(axes, x: float, y: float, text: str, facecolor: str, edgecolor: str = plots.BLUE) -> None:
    """A rounded box 0.8 wide and 0.6 high around the point (x, y), with `text` in it."""
    colours = {"facecolor": facecolor, "edgecolor": edgecolor}
    axes.add_patch(FancyBboxPatch((x - 0.34, y - 0.24), 0.68, 0.48, "round,pad=0.06", **colours, zorder=3))
    axes.text(x, y, text, ha="center", va="center", zorder=4)


def _arrow(axes, start: tuple[float, float], end: tuple[float, float], colour: str = "black", **style) -> None:
    """An arrow from the point `start` to the point `end`; `style` goes to matplotlib's arrowprops."""
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0} | style
    axes.annotate("", xy=end, xytext=start, arrowprops=arrow, zorder=2)


def _circle(axes, x: float, y: float, text: str, colour: str) -> None:
    """A circle around the point (x, y) with `text`, an operation such as × or +, in it."""
    axes.plot(x, y, "o", markersize=22, markerfacecolor="white", markeredgecolor=colour, markeredgewidth=2, zorder=3)
    axes.text(x, y, text, ha="center", va="center", color=colour, fontsize=14, zorder=4)


def unrolled(axes, words: list[str], now: int | None = None) -> None:
    """A recurrent layer unrolled over `words` on `axes`: one copy of the cell a step, all with the same weights.

    With `now`, a step 1 … len(words), that step is marked and the steps after it are grey: they have not been read yet.
    """
    _box(axes, 0, 1.2, "$h_0$", "0.93", "0.5")
    for t, word in enumerate(words, start=1):
        read = now is None or t <= now
        colour, edge = ("black", plots.BLUE) if read else ("0.75", "0.75")
        x = 1.5 * t
        _box(axes, x, 1.2, f"$h_{{{t}}}$", plots.YELLOW if t == now else "#deebf7" if read else "white", edge)
        _box(axes, x, 0, f"$x_{{{t}}}$", "#fdf2d8" if read else "white", plots.ORANGE if read else "0.75")
        _arrow(axes, (x, 0.3), (x, 0.9), colour)
        _arrow(axes, (x - 1.1, 1.2), (x - 0.4, 1.2), colour)
        axes.text(x + 0.08, 0.58, "$W_x$", ha="left", va="center", color=colour, fontsize=9)
        axes.text(x - 0.75, 1.32, "$W_h$", ha="center", va="bottom", color=colour, fontsize=9)
        axes.text(x, -0.4, word, ha="center", va="top", color="black" if read else "0.6")
    axes.set(xlim=(-0.6, 1.5 * len(words) + 0.6), ylim=(-0.8, 1.8))
    axes.axis("off")


def recurrent_and_recursive(words: list[str]) -> plt.Figure:
    """Two ways to put four words together with one set of weights: along time, and along a tree of phrases."""
    figure, (chain, tree) = plots.figure(1, 2, size=(9.6, 3.3))
    unrolled(chain, words)
    chain.set(title="Recurrent: the cell applied along time", ylim=(-0.8, 2.7))
    for i, word in enumerate(words):
        _box(tree, 1.5 * i, 0, f"$x_{i + 1}$", "#fdf2d8", plots.ORANGE)
        tree.text(1.5 * i, -0.4, word, ha="center", va="top")
    nodes = {"$p_1$": (0.75, 1.1), "$p_2$": (3.75, 1.1), "$p_3$": (2.25, 2.2)}
    for name, (x, y) in nodes.items():
        reach = 1.5 if name == "$p_3$" else 0.75
        _box(tree, x, y, name, "#deebf7")
        for side in (-1, 1):
            _arrow(tree, (x + side * reach, y - 0.8), (x + side * 0.25, y - 0.3))
    tree.set(title="Recursive: the cell applied up a tree of phrases", xlim=(-0.6, 5.1), ylim=(-0.8, 2.7))
    tree.axis("off")
    return figure


def folded_and_unrolled(words: list[str]) -> plt.Figure:
    """The same recurrent layer twice: as a loop, and with one copy of the cell for each of `words`."""
    ratio = 1.5 * len(words) + 1.2
    figure, (loop, chain) = plots.figure(1, 2, size=(9.6, 2.9), width_ratios=[2.9, ratio])
    _box(loop, 0, 1.2, "$h_t$", "#deebf7")
    _box(loop, 0, 0, "$x_t$", "#fdf2d8", plots.ORANGE)
    _arrow(loop, (0, 0.3), (0, 0.9))
    _arrow(loop, (0.4, 1.3), (0.4, 1.1), connectionstyle="arc3,rad=-5", linewidth=1.5)
    loop.text(0.08, 0.58, "$W_x$", ha="left", va="center", fontsize=9)
    loop.text(1.15, 1.2, "$W_h$", ha="left", va="center", fontsize=9)
    loop.set(xlim=(-0.9, 2.0), ylim=(-0.8, 1.8), title="Folded: a loop")
    loop.axis("off")
    unrolled(chain, words)
    chain.set_title("Unrolled: one copy of the cell a step, the same weights in all")
    return figure


def lstm_cell(shown: str = "fico") -> plt.Figure:
    """An LSTM cell: the cell state as a belt along the top, the hidden state below. Parts not in `shown` are grey.

    `shown` holds letters: f forget gate, i input gate, c candidate, o output gate; the belt is always drawn.
    """
    figure, axes = plots.figure(size=(8.6, 4.2))
    colours = {"f": plots.BLUE, "i": plots.ORANGE, "c": plots.GREEN, "o": plots.PURPLE, "belt": "black"}
    colours = {part: colour if part in (*shown, "belt") else "0.82" for part, colour in colours.items()}
    output = "black" if "o" in shown else "0.82"

    axes.add_patch(FancyBboxPatch((0.3, -0.1), 9.4, 5.2, "round,pad=0.1", facecolor="#f4f7fa", edgecolor="0.6"))
    _arrow(axes, (-0.9, 4.3), (10.9, 4.3), linewidth=5)  # the belt
    for part, x, text in [
        ("f", 1.5, r"$f_t$: $\sigma$"),
        ("i", 3.4, r"$i_t$: $\sigma$"),
        ("c", 5.0, r"$\tilde{c}_t$:tanh"),
    ]:
        _box(axes, x, 1.4, text, "white", colours[part])
    _box(axes, 6.9, 1.4, r"$o_t$: $\sigma$", "white", colours["o"])
    _arrow(axes, (1.5, 1.7), (1.5, 3.95), colours["f"])
    _circle(axes, 1.5, 4.3, "×", colours["f"])
    _arrow(axes, (3.4, 1.7), (3.95, 2.65), colours["i"])
    _arrow(axes, (5.0, 1.7), (4.45, 2.65), colours["c"])
    _circle(axes, 4.2, 2.9, "×", colours["i"])
    _arrow(axes, (4.2, 3.25), (4.2, 3.95), colours["i"])
    _circle(axes, 4.2, 4.3, "+", colours["i"])
    _arrow(axes, (8.6, 4.3), (8.6, 3.55), output)
    _box(axes, 8.6, 3.25, "tanh", "white", output)
    _arrow(axes, (8.6, 2.95), (8.6, 2.3), output)
    _arrow(axes, (6.9, 1.7), (8.22, 1.9), colours["o"])
    _circle(axes, 8.6, 1.98, "×", colours["o"])
    _arrow(axes, (8.95, 1.98), (10.9, 1.98), output, linewidth=2.5)
    axes.plot([-0.9, 6.9], [0.4, 0.4], color="black", linewidth=2.5, zorder=1)
    axes.plot([0.9, 0.9], [-0.7, 0.4], color="black", linewidth=2.5, zorder=1)
    for part, x in [("f", 1.5), ("i", 3.4), ("c", 5.0), ("o", 6.9)]:
        _arrow(axes, (x, 0.4), (x, 1.08), colours[part])
    for x, y, text in [
        (-0.6, 4.65, "$c_{t-1}$"),
        (10.4, 4.65, "$c_t$"),
        (-0.6, 0.75, "$h_{t-1}$"),
        (0.9, -0.95, "$x_t$"),
    ]:
        axes.text(x, y, text, ha="center", va="center", fontsize=12)
    axes.text(10.4, 2.35, "$h_t$", ha="center", va="center", fontsize=12, color=output)
    for part, x, text in [("f", 1.65, "forget"), ("i", 3.4, "write?"), ("c", 5.3, "what?"), ("o", 7.3, "show?")]:
        axes.text(x, 2.15, text, ha="left" if part != "i" else "right", va="center", color=colours[part], fontsize=9)
    axes.set(xlim=(-1.3, 11.2), ylim=(-1.2, 5.4))
    axes.axis("off")
    return figure


def gru_cell(shown: str = "zcr") -> plt.Figure:
    """A GRU cell: one state, which runs along the top as a belt and is read below. Parts not in `shown` are grey.

    `shown` holds letters: z update gate (with 1 − z), c candidate, r reset gate; the belt is always drawn.
    """
    figure, axes = plots.figure(size=(8.6, 4.2))
    colours = {"z": plots.BLUE, "c": plots.GREEN, "r": plots.PURPLE}
    z, c, r = (colour if part in shown else "0.82" for part, colour in colours.items())
    axes.add_patch(FancyBboxPatch((0.3, -0.1), 9.4, 5.2, "round,pad=0.1", facecolor="#f4f7fa", edgecolor="0.6"))
    _arrow(axes, (-0.9, 4.3), (10.9, 4.3), linewidth=5)  # the belt
    axes.plot([0.8, 0.8, 7.6], [4.3, 0.4, 0.4], color="black", linewidth=2.5, zorder=1)  # the state is read, too
    axes.plot([1.4, 1.4], [-0.7, 0.4], color="black", linewidth=2.5, zorder=1)
    _box(axes, 2.6, 1.4, r"$z_t$: $\sigma$", "white", z)
    _box(axes, 5.0, 1.4, r"$r_t$: $\sigma$", "white", r)
    _box(axes, 7.6, 1.4, "tanh", "white", c)
    for x, colour in [(2.6, z), (5.0, r), (7.6, c)]:
        _arrow(axes, (x, 0.4), (x, 1.08), colour)
    _arrow(axes, (2.6, 1.7), (2.6, 3.95), z)
    _circle(axes, 2.6, 4.3, "×", z)
    _arrow(axes, (2.6, 2.9), (4.58, 2.9), z)
    _box(axes, 5.0, 2.9, "$1 - z_t$", "white", z)
    _arrow(axes, (5.42, 2.9), (7.22, 2.9), z)
    _arrow(axes, (5.42, 1.4), (5.95, 1.4), r)
    _arrow(axes, (6.3, 0.4), (6.3, 1.04), r)
    _circle(axes, 6.3, 1.4, "×", r)
    _arrow(axes, (6.65, 1.4), (7.18, 1.4), r)
    _arrow(axes, (7.6, 1.7), (7.6, 2.55), c)
    _circle(axes, 7.6, 2.9, "×", z)
    _arrow(axes, (7.6, 3.25), (7.6, 3.95), z)
    _circle(axes, 7.6, 4.3, "+", z)
    for x, y, text in [(-0.6, 4.75, "$h_{t-1}$"), (10.4, 4.75, "$h_t$"), (1.4, -0.95, "$x_t$")]:
        axes.text(x, y, text, ha="center", va="center", fontsize=12)
    for x, y, text, colour in [(2.75, 3.4, "keep", z), (5.0, 3.45, "write the rest", z), (5.0, 2.0, "read?", r)]:
        axes.text(x, y, text, ha="left" if text == "keep" else "center", va="center", color=colour, fontsize=9)
    axes.text(7.75, 2.1, r"what? $\tilde{h}_t$", ha="left", va="center", color=c, fontsize=9)
    axes.set(xlim=(-1.3, 11.2), ylim=(-1.2, 5.4))
    axes.axis("off")
    return figure


def stacked(words: list[str], layers: int = 2) -> plt.Figure:
    """Recurrent layers on top of each other, unrolled over `words`: each reads all the states of the one below."""
    width = 1.7
    figure, axes = plots.figure(size=(8.4, 1.6 + 0.95 * layers))
    for t, word in enumerate(words, start=1):
        x = width * t
        _box(axes, x, 0, f"$x_{{{t}}}$", "#fdf2d8", plots.ORANGE)
        axes.text(x, -0.4, word, ha="center", va="top")
        for layer in range(1, layers + 1):
            y = 1.2 * layer
            _box(axes, x, y, f"$h_{{{t}}}^{{({layer})}}$", "#deebf7")
            _arrow(axes, (x, y - 0.9), (x, y - 0.3), plots.BLUE if layer > 1 else "black")
            if t > 1:
                _arrow(axes, (x - width + 0.4, y), (x - 0.4, y))
    top, end = 1.2 * layers, width * len(words)
    for layer in range(1, layers + 1):
        axes.text(width - 0.55, 1.2 * layer, f"layer {layer}", ha="right", va="center")
    _arrow(axes, (end + 0.4, top), (end + 1.0, top))
    axes.text(end + 1.1, top, "answer", ha="left", va="center")
    axes.set(xlim=(0, end + 2.2), ylim=(-0.8, top + 0.5))
    axes.set_title("Every state of layer 1 is an input of layer 2; only the top may keep its last state alone")
    axes.axis("off")
    return figure


def bidirectional(words: list[str]) -> plt.Figure:
    """Two recurrent layers over `words`, one from the left, one from the right; their states of a step are put side by side."""
    width = 1.9
    figure, axes = plots.figure(size=(8.8, 4.0))
    for t, word in enumerate(words, start=1):
        x, forward, backward = width * t, width * t - 0.42, width * t + 0.42
        _box(axes, x, 0, f"$x_{{{t}}}$", "#fdf2d8", plots.ORANGE)
        axes.text(x, -0.4, word, ha="center", va="top")
        _box(axes, forward, 1.2, rf"$\overrightarrow{{h}}_{{{t}}}$", "#deebf7")
        _box(axes, backward, 2.3, rf"$\overleftarrow{{h}}_{{{t}}}$", "#f3e0eb", plots.PURPLE)
        colours = {"facecolor": "white", "edgecolor": "0.4"}
        axes.add_patch(FancyBboxPatch((x - 0.66, 3.2), 1.32, 0.52, "round,pad=0.04", **colours))
        both = rf"$[\overrightarrow{{h}}_{{{t}}}, \overleftarrow{{h}}_{{{t}}}]$"
        axes.text(x, 3.46, both, ha="center", va="center")
        _arrow(axes, (x - 0.1, 0.3), (forward + 0.1, 0.9))
        _arrow(axes, (x + 0.1, 0.3), (backward, 2.0))
        _arrow(axes, (forward, 1.5), (forward, 3.16))
        _arrow(axes, (backward, 2.6), (backward, 3.16))
        if t > 1:
            _arrow(axes, (forward - width + 0.4, 1.2), (forward - 0.4, 1.2), plots.BLUE)
            _arrow(axes, (backward - 0.4, 2.3), (backward - width + 0.4, 2.3), plots.PURPLE)
    end = width * len(words)
    axes.text(width - 0.95, 1.2, "forward →", ha="right", va="center", color=plots.BLUE)
    axes.text(end + 0.95, 2.3, "← backward", ha="left", va="center", color=plots.PURPLE)
    axes.set(xlim=(-0.3, end + 2.2), ylim=(-0.8, 4.0), title="Two layers that know nothing of each other, side by side")
    axes.axis("off")
    return figure
