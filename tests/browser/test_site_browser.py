"""Reads the pages of the course as a student does: from a folder, without a network. On demand: make test-browser"""

import pytest

from course_tools.publish import site

pytestmark = pytest.mark.browser
LINE = "x" * 80  # as long as a line of code may be


@pytest.fixture(scope="module")
def pages(tmp_path_factory, npm):
    """The real site, with the real libraries from npm; none of its links leads nowhere."""
    out = tmp_path_factory.mktemp("build") / "site"
    assert site.build_site(out) == 0
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


def drawn(page) -> None:
    """Wait until MathJax, where a page has it, has drawn the equations."""
    page.wait_for_function("!window.MathJax || MathJax.startup?.promise", timeout=60_000)
    page.evaluate("window.MathJax && MathJax.startup.promise.then(() => true)")


def test_every_page_passes_axe_in_light_and_dark(pages, visit):
    axe = (pages.parent / "npm" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    run = "options => axe.run(options).then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    light, dark = {"resultTypes": ["violations"]}, {"runOnly": ["color-contrast"]}  # all else is the same in both
    paths = [path for path in sorted(pages.rglob("*.html")) if "_static" not in path.parts]
    assert len(paths) > 35
    page, found = visit("index.html"), {}
    for path in paths:
        page.goto(path.as_uri())
        drawn(page)
        page.evaluate(axe)
        page.add_style_tag(content="* { transition: none !important; }")  # no colour is looked at while it changes
        for theme, options in (("light", light), ("dark", dark)):
            page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            if violations := page.evaluate(run, options):
                found[path.name, theme] = violations
    assert found == {}


@pytest.mark.parametrize("start", ["index.html", "notebooks/solutions/10_imdb_sentiment.html"])
def test_the_search_for_forget_gate_finds_lesson_06(visit, start):
    page = visit(start)
    page.keyboard.press("Control+k")
    page.keyboard.type("forget gate")
    page.keyboard.press("Enter")
    first = page.locator("#search-results li a").first
    first.wait_for()
    assert first.inner_text().startswith("06 · LSTM")
    first.click()
    page.wait_for_url("**/notebooks/06_lstm.html*")


def test_equations_are_drawn_and_have_a_text_for_screen_readers(visit):
    page = visit("notebooks/06_lstm.html")
    drawn(page)
    assert page.locator("mjx-container[display=true] svg").count() > 5 and page.locator("mjx-merror").count() == 0
    assert page.locator("mjx-assistive-mml math").count() > 50


def brightness(page, selector: str) -> int:
    colour = page.evaluate("s => getComputedStyle(document.querySelector(s)).backgroundColor", selector)
    return sum(int(part) for part in colour.strip("rgba()").split(",")[:3])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_the_systems_until_the_reader_switches_and_figures_stay_on_white(visit, scheme):
    page = visit("notebooks/06_lstm.html", color_scheme=scheme)
    assert (brightness(page, "body") < 150) is (scheme == "dark")
    for theme in ("Light", "Dark"):
        page.click(".theme-switch-button:visible")
        page.click(f".theme-change-button:visible:has-text('{theme}')")
        assert (brightness(page, "body") < 150) is (theme == "Dark")
        assert brightness(page, ".cell_output img") == 3 * 255
    page.goto(page.url.replace("06_lstm", "07_gru"))
    assert brightness(page, "body") < 150  # the choice is kept


def test_without_a_mouse_the_first_stop_skips_to_the_content(visit):
    page = visit("notebooks/06_lstm.html")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to main content" and skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("path", ["notebooks/10_imdb_sentiment.html", "TEACHING.html"])
def test_a_telephone_scrolls_in_one_direction_only(visit, path):
    page = visit(path, viewport={"width": 390, "height": 800})
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_longest_line_of_code_fits_its_column(visit):
    page = visit("notebooks/06_lstm.html", viewport={"width": 1280, "height": 900})
    code = page.locator(".cell_input pre").first
    code.evaluate("(code, line) => { code.textContent = line; }", LINE)
    assert code.evaluate("code => code.scrollWidth <= code.clientWidth")
    code.evaluate("(code, line) => { code.textContent = line; }", 2 * LINE)
    assert code.evaluate("code => code.scrollWidth > code.clientWidth")  # what is longer would be seen
