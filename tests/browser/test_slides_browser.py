"""Shows every slide of every deck, from a folder and without a network. On demand: make test-browser"""

import pytest
from nbformat.v4 import new_markdown_cell

from course_tools.lessons import assemble
from course_tools.publish import slides

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def decks(tmp_path_factory, npm, chromium_path):
    """The decks of the real course, with the real libraries from npm."""
    return slides.build_slides(assemble.sources(), tmp_path_factory.mktemp("build") / "slides")


def test_every_slide_fits_and_can_be_read(decks):
    measured = slides.measure(decks)
    assert [row["deck"] for row in measured] == [deck.stem for deck in decks]
    for row in measured:
        assert row["faults"] == []
        assert row["slides"] > 15 and row["text"] >= 18 and row["code"] >= 16 and row["figure"] >= 0.6, row


def test_a_slide_that_holds_too_much_is_found(decks):
    made = [
        slides.Slide("T", row=True),
        slides.Slide("Too high", row=True, blocks=[slides.Block(new_markdown_cell("so it is\n\n" * 40), 100)]),
        slides.Slide("Too wide", row=True, blocks=[slides.Block(new_markdown_cell("$$" + "a + " * 90 + "b$$"), 100)]),
        slides.Slide("Right", row=True, blocks=[slides.Block(new_markdown_cell("It fits."), 100)]),
    ]
    deck = decks[0].with_name("made.html")
    slides.write_deck(made, deck)
    (row,) = slides.measure([deck])
    found = " ".join(row["faults"])
    assert row["slides"] == 4 and "slide 2: " in found and "slide 3: " in found
    assert "slide 1: " not in found and "slide 4: " not in found


def test_the_speaker_sees_the_prose_with_its_equations(decks, chromium):
    page = chromium.new_page()
    page.goto(next(deck for deck in decks if deck.stem == "06_lstm").as_uri() + "#/3")
    page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=120_000)
    told = page.evaluate("Reveal.getCurrentSlide().querySelector('aside.notes').textContent")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes")
    notes.locator("p").first.wait_for(timeout=60_000)
    assert len(told) > 200 and " ".join(told.split())[:100] in " ".join(notes.inner_text().split())
    assert notes.locator("svg").count() > 0
    assert popup.value.locator("mjx-assistive-mml").count() == 0
