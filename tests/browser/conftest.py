"""What tests in a browser share. What they need may be missing on somebody's computer, but not where CI=true."""

import os
import shutil

import pytest


def needed(what: str, *names: str) -> str:
    """The path of the first of these programs that is there."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing(f"needs {what} on the PATH")
    return path


@pytest.fixture(scope="session")
def npm() -> str:
    return needed("npm", "npm")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    what = "Chromium (on Debian and Ubuntu: apt install chromium)"
    return needed(what, "chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def launch(chromium_path):
    """Starts a headless Chromium with more options, and sees to it that it does nothing by itself."""
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browsers = []

        def start(*options: str):
            browsers.append(playwright.chromium.launch(executable_path=chromium_path, args=[*quiet, *options]))
            return browsers[-1]

        yield start
        for browser in browsers:
            browser.close()


@pytest.fixture
def chromium(launch):
    """A headless Chromium."""
    return launch("--disable-gpu")
