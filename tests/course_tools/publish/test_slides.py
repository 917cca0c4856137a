import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_output

from course_tools.lessons import assemble, store
from course_tools.publish import slides
from course_utils import claims, tables

LONG = "This first sentence has so many words that it says what all of it is about."


@pytest.fixture
def make(lesson):
    """Makes slides of cells below a title; gives {text of a heading: what is shown below it} and {heading: notes}."""

    def made(*cells):
        found = slides.make_slides(lesson("# T", *cells))
        headings = [BeautifulSoup(slide[0].shown, "html.parser").get_text() for slide in found]
        shown = ["".join(block.shown for block in slide[1:]) for slide in found]
        notes = ["".join(block.notes for block in slide) for slide in found]
        return dict(zip(headings, shown, strict=True)), dict(zip(headings, notes, strict=True))

    return made


ATOMS = "Take $a. B$, <code>x. Y</code> and <a>a. B</a> <strong>c</strong>?"
PARAGRAPHS = {
    f"So. {LONG} Then more.": f"So. {LONG}",
    f"{LONG} A <strong>gate</strong> shuts. More.": "A <strong>gate</strong> shuts.",
    f"A <strong>gate</strong> shuts. {LONG} It is:": "A <strong>gate</strong> shuts. It is:",
    f"{LONG} Then more. It is:": f"{LONG} It is:",
    "<strong>A b.</strong> Not this.": "<strong>A b.</strong>",
    "<em>(No.)</em> As S. <strong>B</strong>, e.g. He, says. No.": "As S. <strong>B</strong>, e.g. He, says.",
    f"No! {ATOMS} No.": ATOMS,
}
CODE = {
    "import numpy as np\n\n\nx = np.ones(2)\nx": "x = np.ones(2)\nx",
    'x = f()\ny = g()\nclaim("a", x,\n      at_least=1)': "x = f()\ny = g()",
    'x = f()\nclaim("a", x, at_least=1)\nclaim("b", x, at_most=2)': "",
    'if real:\n    y = f()\n    claim("a", y, at_least=1)\nz = 1': "z = 1",
    'plots.drawing("cell", alt="A cell.")': "",
    "def draw():\n    plt.plot([1])": "",
    'SEED = int(os.environ.get("COURSE_SEED", 0))\nx = 1': "x = 1",
    "def f():\n    keras.utils.set_random_seed(0)": "def f():\n    keras.utils.set_random_seed(0)",
    "x = 1\n" * 16: "",
}


@pytest.mark.parametrize(("paragraph", "expected"), PARAGRAPHS.items())
def test_a_paragraph_gives_its_bold_sentences_or_else_its_first(paragraph, expected):
    assert slides.key_sentences(paragraph) == expected


@pytest.mark.parametrize(("code", "expected"), CODE.items())
def test_of_code_imports_claims_settings_and_drawing_are_left_out(code, expected):
    assert slides.shown_code(code) == expected


def test_a_section_an_exercise_and_the_objectives_begin_a_slide_and_all_prose_is_told(make):
    goals = "**You will be able to**\n\n1. turn it;\n2. shut it.\n\n**Before this lesson:** nothing."
    one = f"## 1 · One\n\n{LONG} More [**b**](../GLOSSARY.md).\n\n### Part\n\n$$a = b$$\n\n- It. {LONG} Told."
    choices = "<details><summary>A. 1</summary>No. Add.</details>\n<details><summary>B. 2</summary>Right. So.</details>"
    question = f"**Quick question.** One and one? Or?\n\n{choices}"
    task = "**Exercise 1, warm-up.** Double it. Then say why.\n\n<details><summary>Hint 1</summary>Add it.</details>"
    answer = new_code_cell("def double(x):\n    ...", metadata={"tags": ["otter_answer_cell"]})
    check = new_code_cell('grader.check("double")', outputs=[new_output("stream", text="passed")])
    exercises = ["## Exercises\n\nFill in.", task, answer, check, "It was the sum."]
    shown, notes = make(goals, one, question, *exercises, "## Going further\n\nSo.")
    assert list(shown) == ["T", "You will be able to", "1 · One", "Exercise 1, warm-up", "Going further"]
    assert "shut it" in shown["You will be able to"] and "nothing" in notes["You will be able to"]
    assert all(text in shown["1 · One"] for text in ("Part", "$$a = b$$", f"<li>It. {LONG}</li>"))
    assert "Told" not in shown["1 · One"] and "Told" in notes["1 · One"] and LONG in notes["1 · One"]
    assert shown["1 · One"].endswith("One and one? Or?</p><p>A. 1</p><p>B. 2</p>") and "Right. So." in notes["1 · One"]
    assert shown["Exercise 1, warm-up"].strip() == "<p>Double it. Then say why.</p>"
    assert all(text in notes["Exercise 1, warm-up"] for text in ("Fill in", "Hint 1", "Add it.", "the sum"))
    after = new_code_cell("double(2)", outputs=[new_output("stream", text="4")])
    shown, _ = make("## 1 · One\n\nSo.", task, answer, after)
    assert "4" not in shown["Exercise 1, warm-up"] and "4" in shown["1 · One"]  # the section goes on after its exercise


def test_outputs_are_shown_claims_are_told_and_code_is_shown_if_it_defines_or_prints(make, figure, figure_text):
    printed = new_code_cell("print(7)", outputs=[new_output("stream", text="\n".join(f"<{n}>" for n in range(40)))])
    table = new_output("display_data", {"text/html": "<table></table>", tables.MIME: {}})
    claim = new_output("display_data", {"text/html": "<b>✓ it is so</b>", claims.MIME: {}})
    tabled = new_code_cell("def rows(): pass\ntable(rows())", outputs=[table, claim])
    others = [new_code_cell("between = 1"), new_code_cell("def used(): pass"), figure]
    shown, notes = make("## 1 · One\n\nSo.", printed, tabled, *others)
    below = BeautifulSoup(shown["1 · One"], "html.parser")
    assert below.img["alt"] == figure_text and len(below("table")) == 1
    assert re.findall(r"<(\d+)>", below.get_text()) == [str(n) for n in range(40)]
    text = below.get_text()
    assert "print(7)" in text and "used" in text and "rows" not in text and "between" not in text
    assert "it is so" in notes["1 · One"] and "it is so" not in text


@pytest.mark.parametrize("name", ["04", "06"])
def test_a_real_lesson_has_a_deck_with_all_its_figures_equations_and_prose_and_no_solution(name, tmp_path, libraries):
    libraries(tmp_path)
    (source,) = assemble.sources([name])
    (deck,) = slides.build_slides([source], tmp_path / "slides")
    page, cells = BeautifulSoup(deck.read_bytes(), "html.parser"), store.read(source).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    alts = [output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
    assert [image["alt"] for image in page.find_all("img")] == alts
    told = " ".join(tag.extract().get_text() for tag in page.select("aside, h2"))
    shown, text = " ".join(page.get_text().split()), "\n".join(c.source for c in cells if c.cell_type == "markdown")
    assert all(" ".join(found.split()) in shown for found in re.findall(r"(?ms)^\$\$.+?\$\$", text))
    prose = re.sub(r"(?ms)\$\$.+?\$\$|\$[^$]+\$|\]\([^)]*\)|^#+ |^```\w*|</?\w+>", " ", text)
    assert [word for word in re.findall(r"\w{5,}", prose) if word not in told] == []
    stubs = "".join(cell.source for cell in cells if "otter_answer_cell" in cell.metadata.get("tags", []))
    names = re.findall(r"^def (\w+)", stubs, re.MULTILINE)
    assert names and not any(f"def {name}(" in shown for name in names)


def test_without_a_browser_it_says_that_nothing_was_measured(tmp_path, monkeypatch, libraries, lesson, capsys):
    libraries(tmp_path / "build")
    source = tmp_path / "notebooks" / "source" / "77_made.py"
    source.parent.mkdir(parents=True)
    source.write_text("")
    for solved in (False, True):
        store.save(lesson("# 77 · Made\n\nIt is so."), store.built(source, solved))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert slides.main(["77"], tmp_path) == 0 and "needs Chromium" in capsys.readouterr().out
    assert "It is so." in (tmp_path / "build" / "slides" / "77_made.html").read_text(encoding="utf-8")
