import json

import numpy as np
import pytest

from course_utils.claims import MIME, Claim, ClaimFailed, claim, summary


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    monkeypatch.setenv("COURSE_CLAIMS", "strict")


@pytest.mark.parametrize("bound", [{"at_least": 0.9}, {"at_most": 0.91}, {"close_to": 0.9, "within": 0.02}])
def test_a_kept_bound_shows_the_value_beside_it(bound, capsys):
    claim("pairs help", 0.907, **bound)
    out = capsys.readouterr().out
    assert out.startswith("✓ pairs help") and "0.907" in out and str(next(iter(bound.values()))) in out


@pytest.mark.parametrize("bound", [{"at_least": 0.95}, {"at_most": 0.9}, {"close_to": 0.8, "within": 0.1}])
def test_missed_bound_raises_where_strict(bound):
    with pytest.raises(ClaimFailed, match="✗.*pairs help: 0.907"):
        claim("pairs help", np.float32(0.907), **bound)


@pytest.mark.parametrize("bound", [{"at_least": -1e300}, {"at_most": 1e300}, {"close_to": 0, "within": 1e300}])
def test_nan_never_passes(bound):
    with pytest.raises(ClaimFailed):
        claim("not a number", float("nan"), **bound)


@pytest.mark.parametrize("mode", ["warn", "record"])
def test_elsewhere_a_missed_bound_is_shown(mode, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_CLAIMS", mode)
    claim("too optimistic", 0.5, at_least=0.9)
    assert capsys.readouterr().out.startswith("✗")


def test_ci_is_strict_by_default_and_a_laptop_is_not(monkeypatch, capsys):
    monkeypatch.delenv("COURSE_CLAIMS")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(ClaimFailed):
        claim("too optimistic", 0.5, at_least=0.9)
    monkeypatch.delenv("CI")
    claim("too optimistic", 0.5, at_least=0.9)
    assert "✗" in capsys.readouterr().out


NO_BOUND = [{}, {"at_least": 0, "at_most": 1}, {"close_to": 1}, {"at_least": 1, "within": 0.1}]
NEVER_OR_ALWAYS = [
    {"at_least": -np.inf},
    {"at_most": np.nan},
    {"close_to": 1, "within": np.inf},
    {"close_to": 1, "within": 0},
]


@pytest.mark.parametrize("bound", NO_BOUND + NEVER_OR_ALWAYS)
def test_a_bound_that_cannot_be_missed_or_met_is_refused(bound):
    with pytest.raises(ValueError, match="claim 'x'"):
        claim("x", 1, **bound)


@pytest.mark.parametrize("value", [None, "high", np.array([1.0, 2.0]), ...])
def test_value_must_be_one_number(value):
    with pytest.raises(TypeError, match="one number"):
        claim("x", value, at_least=0)


def test_an_unknown_mode_is_an_error(monkeypatch):
    monkeypatch.setenv("COURSE_CLAIMS", "strikt")
    with pytest.raises(ValueError, match="strikt"):
        claim("x", 0, at_least=1)


@pytest.mark.parametrize("value", [0.25, float("nan")])
def test_record_for_the_notebook_is_valid_json(value):
    bundle = Claim("a < b", value, "at least", 0.5, None, False)._repr_mimebundle_()
    record = json.loads(json.dumps(bundle[MIME], allow_nan=False))
    assert record["held"] is False and record["text"] == "a < b"
    assert "a &lt; b" in bundle["text/html"]


def test_summary_lists_each_claim_once_with_its_last_value():
    claim("a < b", 1, at_least=0)
    claim("second", 1, at_least=0)
    claim("a < b", 3, at_least=0)
    lines = repr(summary()).splitlines()
    assert sum("a < b" in line for line in lines) == 1 and any("a < b: 3 (" in line for line in lines)
    assert "a &lt; b" in summary()._repr_html_()
