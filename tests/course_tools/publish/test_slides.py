import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_output

from course_tools.lessons import assemble, store
from course_tools.publish import slides
from course_utils import tables


def texts(slide) -> str:
    return "\n".join(block.cell.source for block in slide.blocks)


def headings(made) -> list[str]:
    return [slide.heading for slide in made]


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("One ends. Another does! Does a third? Yes.", ["One ends.", "Another does!", "Does a third?", "Yes."]),
        ("As S. Hochreiter, e.g. He, says in Fig. 3. Then.", ["As S. Hochreiter, e.g. He, says in Fig. 3.", "Then."]),
        ("Take $a. B$ and `x. Y`. Then [a. B](c. D).", ["Take $a. B$ and `x. Y`.", "Then [a. B](c. D)."]),
        ("**A name.** What it\nis. `code` is 0.5. $x$", ["**A name.**", "What it is.", "`code` is 0.5.", "$x$"]),
        ("Two ways: One leads. (A third.) *No.* Yes", ["Two ways: One leads.", "(A third.)", "*No.*", "Yes"]),
    ],
)
def test_sentences_end_where_a_reader_would_say(paragraph, expected):
    assert slides.sentences(paragraph) == expected


LONG = "This first sentence of a paragraph has so many words that it says what the paragraph is about."


@pytest.mark.parametrize(
    ("paragraph", "leads", "expected"),
    [
        (f"{LONG} Then more.", False, LONG),
        (f"So. {LONG} Then more.", False, f"So. {LONG}"),
        (f"{LONG} A **gate** shuts. More. A **key** opens it.", False, "A **gate** shuts. A **key** opens it."),
        (f"{LONG} Then more. It is:", True, "It is:"),
        (f"A **gate** shuts. {LONG} It is:", True, "A **gate** shuts. It is:"),
        ("Short.", False, "Short."),
    ],
)
def test_a_paragraph_gives_its_bold_sentences_or_else_its_first(paragraph, leads, expected):
    assert slides.key_sentences(paragraph, leads) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import numpy as np\n\n\nx = np.ones(2)\nx", "x = np.ones(2)\nx"),
        ("import numpy as np", ""),
        ('x = f()\ny = g()\nclaim("a", x,\n      at_least=1)', "x = f()\ny = g()"),
        ('x = f()\nclaim("a", x, at_least=1)\nclaim("b", x, at_most=2)', ""),
        ('if real:\n    y = f()\n    claim("a", y, at_least=1)\nz = 1', "if real:\n    y = f()\nz = 1"),
        ('if real:\n    claim("a", y, at_least=1)', ""),
        ('figure, axes = plots.figure()\nplots.show(figure, alt="It shows.")', ""),
        ('plots.drawing("cell", alt="A cell.")', ""),
        ('SEED = int(os.environ.get("COURSE_SEED", 0))\nrng = np.random.default_rng(SEED)\nx = 1', "x = 1"),
        ("keras.utils.set_random_seed(SEED)", ""),
    ],
)
def test_of_code_imports_claims_settings_and_drawing_are_left_out(code, expected):
    assert slides.shown_code(code) == expected


def test_a_section_begins_a_row_and_its_heading_is_on_all_of_its_slides(lesson):
    items = "\n".join(f"- item {n}" for n in range(40))
    made = slides.make_slides(lesson("# 01 · Gates\n\nAbout gates.", "## 1 · One\n\nSo.", items, "## 2 · Two\n\nThen."))
    assert headings(made) == ["01 · Gates", "1 · One", "1 · One", "2 · Two"]
    assert [slide.row for slide in made] == [True, True, False, True] and made[2].again


def test_the_objectives_stand_on_a_slide_of_their_own(lesson):
    goals = "**You will be able to**\n\n1. turn it;\n2. shut it.\n\n**Before this lesson:** nothing."
    made = slides.make_slides(lesson(f"# 01 · Gates\n\nAbout gates.\n\n{goals}", "## 1 · One\n\nSo."))
    assert headings(made) == ["01 · Gates", "You will be able to", "1 · One"]
    assert texts(made[1]) == "1. turn it;\n2. shut it." and "Before this lesson" in made[1].notes


def test_what_leads_to_an_equation_goes_on_with_it(lesson):
    filler = new_code_cell("\n".join(f"x_{n} = {n}" for n in range(16)))
    made = slides.make_slides(
        lesson("# T", "## 1 · One\n\nSo it is.", filler, "It is this:\n\n$$a = b$$\n\nand no more.")
    )
    assert texts(made[-1]).startswith("It is this:\n$$a = b$$\nand no more.")


def test_the_speaker_reads_the_whole_prose_where_it_is_shown(lesson):
    prose = [f"{LONG} Told only, {n}." for n in range(12)]
    made = slides.make_slides(lesson("# T", "## 1 · One\n\n" + "\n\n".join(prose)))
    assert len(made) > 2
    for n, paragraph in enumerate(prose):
        (slide,) = [slide for slide in made if paragraph in slide.notes]
        assert LONG in texts(slide), n


def test_a_long_output_and_a_long_table_go_on_on_further_slides_and_lose_nothing(lesson):
    lines = [f"line {n}" for n in range(40)]
    printed = new_code_cell("f()", outputs=[new_output("stream", text="\n".join(lines))])
    table = tables.Table("A table", [{"row": f"name {n}", "value": n} for n in range(40)])
    data = {"text/html": table._repr_html_(), tables.MIME: {}}
    tabled = new_code_cell("table(rows)", outputs=[new_output("display_data", data)])
    made = slides.make_slides(lesson("# T", "## 1 · Printed", printed, "## 2 · Table", tabled))
    for title, names in (("1 · Printed", lines), ("2 · Table", [f"name {n}" for n in range(40)])):
        pages = [slide for slide in made if slide.heading == title]
        assert len(pages) > 1
        shown = [str(output) for slide in pages for block in slide.blocks for output in block.cell.get("outputs", [])]
        assert all(len(re.findall(rf"{name}\b", "".join(shown))) == 1 for name in names)
    assert all("row" in text and "A table" in text for text in shown)  # the head of the table is repeated


def test_a_quick_question_is_shown_without_explanations_and_a_drawing_cell_without_code(lesson):
    choices = "<details><summary>A. 1</summary>No. Add.</details>\n<details><summary>B. 2</summary>Right. So.</details>"
    outputs = [new_output("stream", text="seen")]
    drawn = new_code_cell("# Draw it.\nf()", metadata={"alt": "It rises."}, outputs=outputs)
    made = slides.make_slides(
        lesson("# T", "## 1 · One\n\nSo.", f"**Quick question.** One and one?\n\n{choices}", drawn)
    )
    assert "**Quick question.** One and one?\nA. 1\nB. 2" in texts(made[1])
    assert "Draw it" not in texts(made[1]) and "Right. So." in made[1].notes
    assert "seen" in str([block.cell.get("outputs") for block in made[1].blocks])


def test_an_exercise_is_its_task_and_the_speaker_has_the_hints(lesson):
    task = "**Exercise 1, warm-up.** Double it. Then say why.\n\n<details><summary>Hint 1</summary>Add it.</details>"
    answer = new_code_cell("def double(x):\n    ...", metadata={"tags": ["otter_answer_cell"]})
    made = slides.make_slides(
        lesson("# T", "## Exercises\n\nFill in.", task, answer, new_code_cell('grader.check("double")'))
    )
    assert headings(made) == ["T", "Exercise 1, warm-up"]
    assert texts(made[1]) == "Double it. Then say why."
    assert "Hint 1" in made[1].notes and "Add it." in made[1].notes and "Fill in." in made[1].notes


@pytest.fixture(scope="module")
def decks(tmp_path_factory, libraries):
    """The decks of some real lessons."""
    folder = tmp_path_factory.mktemp("real")
    libraries(folder)
    return slides.build_slides(assemble.sources(["04", "06"]), folder / "slides")


def test_a_real_lesson_has_a_deck_with_all_its_figures_equations_and_prose(decks):
    assert [deck.stem[:2] for deck in decks] == ["04", "06"]
    for deck in decks:
        page = BeautifulSoup(deck.read_bytes(), "html.parser")
        cells = store.read(*assemble.sources([deck.stem])).cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        shown = [output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
        assert [image["alt"] for image in page.find_all("img")] == shown
        notes = [aside.extract().get_text() for aside in page.find_all("aside", class_="notes")]
        on_slides, told = page.get_text(), "".join(notes)
        for cell in cells:
            if cell.cell_type == "markdown" and not cell.source.startswith("**Exercise"):
                for equation in re.findall(r"^\$\$.+?\$\$", cell.source, re.MULTILINE | re.DOTALL):
                    assert equation in on_slides, (deck.stem, equation)
                # The last alternative: the language of a block of code.
                not_told = r"\$\$.+?\$\$|\$[^$]+\$|\]\([^)]*\)|^#[^\n]*|^```\w*|</?\w+>"
                prose = re.sub(not_told, " ", cell.source, flags=re.M | re.S)
                for word in re.findall(r"\w{5,}", prose):
                    assert word in told, (deck.stem, word)
        titles = [section.find(["h1", "h2"]) for section in page.select("section section")]
        assert titles and all(titles)


def test_no_deck_shows_a_solution_or_needs_a_network(decks):
    for deck in decks:
        html, others = deck.read_text(encoding="utf-8"), {f"{source.stem}.html" for source in assemble.sources()}
        used = set(re.findall(r'(?:href|src)="([^":#]+)["#]', html)) - others
        assert len(used) > 5 and all((deck.parent / name).is_file() for name in used)
        assert 'src="http' not in html
        lesson = store.read(*assemble.sources([deck.stem]))
        stubs = [cell.source for cell in lesson.cells if "otter_answer_cell" in cell.metadata.get("tags", [])]
        page = BeautifulSoup(deck.read_bytes(), "html.parser").get_text()
        names = {name for stub in stubs for name in re.findall(r"^def (\w+)", stub, re.MULTILINE)}
        assert stubs and not any(f"def {name}(" in page for name in names)


def test_without_a_browser_the_decks_are_made_and_it_says_that_none_was_measured(
    tmp_path, monkeypatch, libraries, lesson, capsys
):
    libraries(tmp_path / "build")
    source = tmp_path / "notebooks" / "source" / "77_made.py"
    source.parent.mkdir(parents=True)
    source.write_text("")
    for solved in (False, True):
        store.save(lesson("# 77 · Made\n\nIt is so."), store.built(source, solved))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert slides.main(["77"], tmp_path) == 0
    assert "needs Chromium" in capsys.readouterr().out
    assert (tmp_path / "build" / "slides" / "77_made.html").is_file()
