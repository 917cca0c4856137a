import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_tools.lessons import execute
from course_utils.paths import REPOSITORY


def notebook(*cells):
    return new_notebook(cells=[new_markdown_cell("# A lesson"), *(new_code_cell(cell) for cell in cells)])


def run(tmp_path, *cells, limit=60, **environment):
    (made,) = execute.run_all([("77_made", notebook(*cells))], tmp_path, limit, environment)
    return made


def test_outputs_claims_tables_time_and_memory_are_collected(tmp_path):
    made = run(
        tmp_path,
        "from course_utils import claims, tables\nkept = bytearray(b'x') * 200_000_000\nimport time; time.sleep(0.5)",
        "claims.claim('one is at least zero', 1, at_least=0)\nclaims.claim('two is at most one', 2, at_most=1)",
        "tables.table('Scores', [{'model': 'bag', 'accuracy': 0.5}])",
        "print('reached')",
    )
    assert made.fault is None
    assert [(claim["text"], claim["held"], claim["cell"]) for claim in made.claims] == [
        ("one is at least zero", True, 2),
        ("two is at most one", False, 2),
    ]
    assert made.faults == [
        "77_made, cell 2: this claim does not hold: two is at most one: measured 2.0, expected at most 1.0"
    ]
    assert made.tables == [{"title": "Scores", "rows": [{"model": "bag", "accuracy": 0.5}]}]
    assert "reached" in made.notebook.cells[-1].outputs[0].text
    assert made.seconds > 0.5 and made.memory > 200e6


def test_raising_cell_is_named_with_its_error_and_the_bar_comes_to_its_end(tmp_path, capsys):
    made = run(tmp_path, "a = 1", "# why\n1 / 0", "print('not reached')")
    assert made.faults == ["77_made, cell 2 (1 / 0): raised ZeroDivisionError: division by zero"]
    assert "100%" in capsys.readouterr().err


def test_hanging_lesson_is_stopped_and_named(tmp_path):
    made = run(
        tmp_path, "import os; open('pid', 'w').write(str(os.getpid()))", "import time; time.sleep(600)", limit=10
    )
    assert made.faults == ["77_made, cell 2 (import time; time.sleep(600)): stopped at the limit of 10 s"]
    if sys.platform != "win32":
        with pytest.raises(ProcessLookupError):  # no kernel is left behind
            os.kill(int((tmp_path / "pid").read_text()), 0)


def test_dying_kernel_is_named_and_the_others_still_run(tmp_path):
    last_words = "os.write(2, b'no room left\\n'); time.sleep(2); os._exit(9)"
    dying, fine = notebook("import os, time", last_words), notebook("print('fine')")
    dead, alive = execute.run_all([("77_dies", dying), ("78_lives", fine)], tmp_path, 60)
    assert dead.faults[0].startswith("77_dies, cell 2 (os.write(2, b'no room left")
    assert dead.faults[0].endswith("the kernel died (out of memory, or a crash); its last message: no room left")
    assert not alive.faults


def test_every_run_has_a_kernel_and_a_build_folder_of_its_own_and_the_given_environment(tmp_path):
    look = (
        "import os\nassert 'secret' not in globals()\nprint(os.environ['COURSE_DATA'], os.environ['COURSE_BUILD_DIR'])"
    )
    pairs = [("77_made (student)", notebook("secret = 1")), ("77_made (solved)", notebook(look))]
    runs = execute.run_all(pairs, tmp_path, 60, {"COURSE_DATA": "sample"}, at_once=1)
    assert [made.faults for made in runs] == [[], []]
    data, _, folder = runs[1].notebook.cells[-1].outputs[0].text.strip().partition(" ")
    assert data == "sample" and Path(folder).name == "77_made (solved)"


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_ctrl_c_ends_everything_and_leaves_no_kernel(tmp_path):
    program = (
        "from nbformat.v4 import new_code_cell, new_notebook\n"
        "from pathlib import Path\n"
        "from course_tools.lessons import execute\n"
        "hanging = 'import os; open(str(os.getpid()), chr(119)).close()\\nwhile True: pass'\n"
        "pairs = [(name, new_notebook(cells=[new_code_cell(hanging)])) for name in 'abc']\n"
        "execute.run_all(pairs, Path('.'), 600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    running = subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    )
    while len(kernels := list(tmp_path.iterdir())) < 2:
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    try:
        assert "KeyboardInterrupt" in running.communicate(timeout=120)[1]
    finally:
        running.kill()
    assert len(list(tmp_path.iterdir())) == 2  # the third was not begun
    for kernel in kernels:
        with pytest.raises(ProcessLookupError):
            os.kill(int(kernel.name), 0)
