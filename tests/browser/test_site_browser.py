"""Reads the pages of the course as a student does: from a folder, without a network. On demand: make test-browser"""

import pytest

from course_tools.publish import site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory, npm):
    """The real site, with the real libraries from npm."""
    out = tmp_path_factory.mktemp("build") / "site"
    assert site.build_site(out) == []
    return out


@pytest.fixture
def visit(pages, chromium):
    """Opens a page of the site with the settings given; whatever it asks for beyond its folder is a failure at the end."""
    asked, errors = [], []

    def go(path: str, **settings):
        page = chromium.new_context(**settings).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((pages / path).as_uri())
        return page

    yield go
    assert asked and all(url.startswith(("data:", pages.as_uri())) for url in asked), asked
    assert errors == []


@pytest.mark.parametrize("start", ["index.html", "notebooks/solutions/10_imdb_sentiment.html"])
def test_the_search_for_forget_gate_finds_lesson_06(visit, start):
    page = visit(start)
    page.keyboard.press("/")
    page.keyboard.type("forget gate")
    first = page.locator("#answers a").first
    assert first.inner_text().startswith("06 · LSTM")
    assert "found" in page.inner_text("#found")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/notebooks/06_lstm.html#*")
    assert "forget" in page.locator(":target").inner_text()


def test_what_is_nowhere_is_not_found_and_escape_closes(visit):
    page = visit("index.html")
    page.fill("#query", "zzyzx quux")
    page.wait_for_selector("text=Nothing found")
    page.keyboard.press("Escape")
    assert page.locator("#answers").is_hidden()


def test_equations_are_drawn_and_have_a_text_for_screen_readers(visit):
    page = visit("notebooks/06_lstm.html")
    page.wait_for_selector("mjx-container[display=true] svg", timeout=60_000)
    page.wait_for_function("document.querySelectorAll('mjx-assistive-mml math').length > 50", timeout=60_000)
    assert "$" not in page.inner_text("article h2 >> nth=3") and page.locator("mjx-merror").count() == 0


def brightness(page, selector: str) -> int:
    colour = page.evaluate("s => getComputedStyle(document.querySelector(s)).backgroundColor", selector)
    return sum(int(part) for part in colour.strip("rgba()").split(",")[:3])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_the_systems_until_the_reader_switches_and_figures_stay_on_white(visit, scheme):
    page = visit("notebooks/06_lstm.html", color_scheme=scheme)
    dark = scheme == "dark"
    for now_dark in (dark, not dark):
        assert (brightness(page, "body") < 150) is now_dark
        assert brightness(page, ".output_png img") == 3 * 255
        page.click("#theme")
    page.click("#theme")
    page.goto(page.url.replace("06_lstm", "07_gru"))
    assert (brightness(page, "body") < 150) is not dark  # the choice is kept


def test_without_a_mouse_the_first_stop_skips_to_the_content_and_focus_can_be_seen(visit):
    page = visit("notebooks/06_lstm.html")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the content" and skip.bounding_box()["x"] >= 0
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_telephone_scrolls_in_one_direction_only(visit):
    page = visit("notebooks/10_imdb_sentiment.html", viewport={"width": 390, "height": 800})
    page.wait_for_function("document.querySelectorAll('mjx-container').length > 10", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_names_in_tables_are_whole(visit):
    page = visit("teaching.html", viewport={"width": 390, "height": 800})
    names = page.locator(".wide td:first-child code")
    assert names.count() >= 5
    for n in range(names.count()):
        assert names.nth(n).evaluate("name => name.getClientRects().length") == 1, names.nth(n).inner_text()
