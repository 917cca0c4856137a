"""Shows every slide of every deck, from a folder and without a network. On demand: make test-browser"""

import pytest

from course_tools.lessons import assemble
from course_tools.publish import slides

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def decks(tmp_path_factory, npm):
    """The decks of the real course, with the real libraries from npm."""
    return slides.build_slides(assemble.sources(), tmp_path_factory.mktemp("build") / "slides")


def test_every_slide_fits_and_can_be_read(decks, chromium_path):
    measured = slides.measure(decks, chromium_path)
    assert [row["deck"] for row in measured] == [deck.stem for deck in decks]
    for row in measured:
        assert row["faults"] == [] and row["slides"] > 15 and 8 < row["core"] <= 30, row
        assert row["text"] >= 18 and row["code"] >= 16 and row["figure"] >= 0.6, row


def test_what_is_too_much_for_a_slide_is_divided_or_found(decks, chromium_path):
    rows = "".join(f"<tr><td>{n}</td></tr>" for n in range(60))
    texts = [*["<p>It is so.</p>"] * 40, f"<table><tbody>{rows}</tbody></table>", "<pre>x\n" + "x\n" * 60 + "</pre>"]
    blocks = "".join(f'<div class="text">{text}<aside class="notes"></aside></div>' for text in ["<h2>A</h2>", *texts])
    before, slide, _ = decks[0].read_text(encoding="utf-8").partition('<section><section><div class="slide">')
    deck = decks[0].with_name("made.html")
    deck.write_text(f"{before}{slide}{blocks}</div></section></section></div></main>", encoding="utf-8")
    (row,) = slides.measure([deck], chromium_path)
    assert row["slides"] > 5 and {fault.partition(":")[0] for fault in row["faults"]} == {f"slide {row['slides']}"}


def test_the_speaker_sees_the_prose_with_its_equations_and_nothing_asks_for_a_network(decks, chromium):
    page, asked = chromium.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(next(deck for deck in decks if deck.stem == "06_lstm").as_uri() + "#/3")
    page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=120_000)
    told = page.evaluate(
        "[...Reveal.getCurrentSlide().querySelectorAll('aside.notes')].map(n => n.textContent).join(' ')"
    )
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes")
    notes.locator("p").first.wait_for(timeout=60_000)
    assert len(told) > 200 and " ".join(told.split())[:100] in " ".join(notes.inner_text().split())
    assert notes.locator("svg").count() > 0 and popup.value.locator("mjx-assistive-mml").count() == 0
    assert asked and not [url for url in asked if url.startswith("http")]
