"""For all tests: Ctrl-C as in a terminal, a quick start, and how many lessons' exercises were not tried again."""

import signal
import sys

# A shell without job control has its background jobs ignore Ctrl-C, and these would pass
# that on to the processes which some tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.modules["rfc3987_syntax"] = (
    None  # jsonschema does without; its grammar takes each worker more than a second to import
)
UNCHANGED = "passed before, and nothing that it depends on has changed"


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    if count := sum(UNCHANGED in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(f"{count} tests of exercises skipped: {UNCHANGED}. To run all: CI=true make test")
