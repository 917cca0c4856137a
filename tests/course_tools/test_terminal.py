import os

from course_tools.terminal import silent


def test_what_libraries_write_while_they_start_does_not_reach_the_terminal(capfd):
    with silent():
        os.write(2, b"noise")
    os.write(2, b"an error")
    assert capfd.readouterr().err == "an error"
