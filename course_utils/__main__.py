"""The commands of the course: python -m course_utils lists them.

This file and __init__.py keep to what any old Python can read, so that it can be told which Python is needed.
"""

import sys

PYTHONS = ((3, 11), (3, 13))  # oldest and newest that the course runs on, as in pyproject.toml
COMMANDS = {  # name: (module with main(argv), what it does)
    "setup": ("course_utils.setup_env", "make the environment of the course, or bring it up to date"),
    "lab": ("course_utils.lab", "open the lessons in JupyterLab"),
    "doctor": ("course_utils.doctor", "check this computer and say what is wrong and what to do"),
    "progress": ("course_utils.progress", "which exercises pass, as your notebooks tell"),
    "data": ("course_utils.datasets.prepare", "download real datasets and prepare them"),
    "sentiment": ("course_utils.sentiment", "is a film review praise or blame? ask the network of lesson 10"),
    "seq2bow": ("course_utils.seq2bow.command", "learn what interests go with job titles, from any table, and ask"),
    "lint": ("course_utils.authoring.lint", "check that every lesson has what its readers may expect (for authors)"),
    "links": ("course_utils.authoring.links", "check that links within the course lead somewhere (for authors)"),
}


def wrong_python(version):
    """What to tell somebody whose Python is `version` (major, minor, ...); None if the course runs on it."""
    oldest, newest = PYTHONS
    if oldest <= tuple(version[:2]) <= newest:
        return None
    dots = [".".join(str(number) for number in numbers) for numbers in (version[:3], oldest, newest)]
    return (
        "This is Python " + dots[0] + "; the course needs Python " + dots[1] + " to " + dots[2] + ".\n"
        "Install one of these beside it, and name it in the command, for example:\n"
        "    python" + dots[2] + " -m course_utils setup          (on Windows: py -" + dots[2] + " ...)\n"
        "    make lab PYTHON=python" + dots[2] + "\n"
    )


def usage():
    lines = ["usage: python -m course_utils COMMAND [options]", ""]
    lines += ["  " + name.ljust(11) + what for name, (_, what) in COMMANDS.items()]
    return "\n".join(lines) + "\n"


def main(argv):
    problem = wrong_python(sys.version_info)
    if problem:
        sys.stderr.write(problem)
        return 1
    if argv[:1] in (["-h"], ["--help"]):
        sys.stdout.write(usage())
        return 0
    if not argv or argv[0] not in COMMANDS:
        sys.stderr.write(usage())
        return 2
    import importlib

    try:
        return importlib.import_module(COMMANDS[argv[0]][0]).main(argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may not know every sign that is printed
    sys.exit(main(sys.argv[1:]))
