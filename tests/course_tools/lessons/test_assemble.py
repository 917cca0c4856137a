import re

import pytest

from course_tools import Problem
from course_tools.lessons import assemble


def code(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def test_a_source_becomes_a_blank_and_a_solved_notebook(source):
    lesson = assemble.assemble(source)
    student, solved = code(lesson.student), code(lesson.solved)
    assert "2 * x" not in student and "return 2 * x" in solved
    assert "SOLUTION" not in solved and "Did you square" not in student + solved
    for notebook in (lesson.student, lesson.solved):
        assert 'grader = Checks("77_made")' in notebook.cells[1].source
        assert "Did you square?" in notebook.metadata["otter"]["tests"]["double"]
        assert "test_hidden" not in notebook.metadata["otter"]["tests"]["double"]
        ids = [cell["id"] for cell in notebook.cells]
        assert len(set(ids)) == len(ids)
    assert "test_hidden" in lesson.tests["double"]
    assert [wrong.message for wrong in lesson.wrong_answers["double"]] == ["Did you square?", "is not 6"]


def test_an_added_cell_leaves_the_ids_of_the_others(source, write, text):
    before = {cell["id"] for cell in assemble.assemble(source).student.cells}
    changed = write(text.replace("# The end.", "# Before the end.\n\n# %% [markdown]\n# The end."))
    added = {cell["id"] for cell in assemble.assemble(changed).student.cells} - before
    assert len(added) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (r'# %% tags=\["wrong"\] message="is not 6".*?\n\n', "", "exercise double needs at least two"),
        (' message="is not 6"', "", "a message"),
        ("# # BEGIN QUESTION\n", "", "in an exercise"),
    ],
)
def test_a_source_that_breaks_the_format_is_named(write, text, old, new, said):
    changed = re.sub(old, new, text, flags=re.DOTALL)
    assert changed != text
    with pytest.raises(Problem, match=rf"77_made\.py.*{said}"):
        assemble.assemble(write(changed))


def test_lessons_are_named_by_number_slug_or_file(source, write, text, tmp_path):
    other = write(text, "78_more.py")
    assert assemble.sources(root=tmp_path) == [source, other]
    for name in ("78", "78_more", str(other)):
        assert assemble.sources([name], tmp_path) == [other]
    with pytest.raises(Problem, match="55.*77_made, 78_more"):
        assemble.sources(["55"], tmp_path)


def test_links_out_of_the_folder_of_lessons_lead_to_the_same_page_from_the_solved_notebook(write, text):
    lesson = assemble.assemble(write(text.replace("The end.", "[The end](../GLOSSARY.md#end).")))
    assert "(../GLOSSARY.md#end)" in lesson.student.cells[-1].source
    assert "(../../GLOSSARY.md#end)" in lesson.solved.cells[-1].source
