import csv
from collections import Counter

import pytest

from course_utils.datasets import postings
from course_utils.text import title_key

HEADER = ",".join(postings.COLUMNS) + "\n"
ROWS = '"Data Engineer, AWS",Data Engineer,France,2023-03-13,SQL|aws|sql| \nAnalyst,Data Analyst,,2023-01-01,\n'
ONET = {
    "Occupation Data.txt": "O*NET-SOC Code\tTitle\tDescription\n"
    + "".join(f'11-{n:04}.00\tBoss {"abcdefghij"[n]}\tleads "people\n' for n in range(10))
    + "99-0000.00\tNobody\twithout a bag\n",
    "Alternate Titles.txt": "O*NET-SOC Code\tAlternate Title\tShort Title\tSource(s)\n"
    + "".join(f"11-{n:04}.00\tProfessor\tn/a\t08\n11-{n:04}.00\tboss  {'abcdefghij'[n]}\tn/a\t08\n" for n in range(10)),
    "Sample of Reported Titles.txt": "O*NET-SOC Code\tReported Job Title\tShown in My Next Move\n"
    + "11-0003.00\tChief d (CD)\tY\n99-0000.00\tGhost\tN\n",
    "Technology Skills.txt": "O*NET-SOC Code\tExample\tCommodity Code\tCommodity Title\tHot Technology\n"
    + "".join(f"11-{n:04}.00\tExcel\t1\tSpreadsheet software\tY\n" for n in range(10))
    + "11-0003.00\tCalc\t1\tSpreadsheet  software\tN\n",
    "Tools Used.txt": 'O*NET-SOC Code\tExample\tCommodity Code\tCommodity Title\n11-0003.00\tPen\t2\tBall "pens\n',
}


SPLITS = ("train", "validation", "test")


def examples(data):
    """(split, title, bag, occupation) of each."""
    return [
        (name, *example)
        for name, split in zip(SPLITS, data, strict=True)
        for example in zip(split.titles, split.bags, split.occupations, strict=True)
    ]


def check_apart(data):
    """That no title is in two splits."""
    keys = [{title_key(title) for title in split.titles} for split in data]
    assert sum(map(len, keys)) == len(set.union(*keys)) and "" not in set.union(*keys)
    return [len(each) for each in keys]


def test_the_splits_of_the_sample(sample):
    data = postings.load()
    for split in data:
        assert tuple(split.extras) == postings.EXTRAS
        columns = (split.titles, split.bags, split.occupations, *split.extras.values())
        assert {len(column) for column in columns} == {len(split)} and len(split) > 500
        assert all(bag == sorted({skill.lower().strip() for skill in bag}) for bag in split.bags) and [] in split.bags
    check_apart(data)


def test_the_format_of_the_real_postings(stand_in):
    stand_in("postings", {"data_jobs_title_skills.csv": HEADER + ROWS})
    data = postings.load()
    assert sorted(example[1:] for example in examples(data)) == [
        ("Analyst", [], "Data Analyst"),
        ("Data Engineer, AWS", ["sql", "aws"], "Data Engineer"),
    ]
    assert data.source == "real" and all(split.extras.keys() == {"country"} for split in data)
    assert sorted(country for split in data for country in split.extras["country"]) == ["", "France"]


@pytest.mark.parametrize(
    "letters", ["abcdefghijklmnopqrst", "国王大人山水火土木金月日口目手足耳心力刀", "абвгдежзиклмнопрстуф"]
)
def test_a_title_is_in_one_split_in_any_script(write_file, letters):
    forms = ["Job {}", "job  {} 2", "JOB-{}!", "(Job) {}", "{} "]
    rows = [f"{form.format(letter)},short,India,2023,{letter}\n" for form in forms for letter in letters]
    path = write_file("postings.csv", HEADER + "".join(rows))
    data = postings.read(path, seed=0)
    assert check_apart(data) == [32, 4, 4]  # "Job a" and "a"
    assert examples(postings.read(path, seed=0)) == examples(data) != examples(postings.read(path, seed=1))


def test_equal_strings_share_memory(write_file):
    rows = [f"Job {letter},Short Name,Brazil,2023,big query\n" for letter in "abcdefgh"]
    train = postings.read(write_file("p.csv", HEADER + "".join(rows)), seed=0).train
    assert train.bags[0][0] is train.bags[1][0] and train.occupations[0] is train.occupations[1]


def test_a_posting_without_a_title_is_named(write_file):
    with pytest.raises(ValueError, match=r"p.csv, line 2: the posting has no title"):
        postings.read(write_file("p.csv", HEADER + " ,Clerk,France,2023,sql\n"), seed=0)


@pytest.fixture
def onet(stand_in):
    return stand_in("onet", ONET)


def test_onet_titles_have_the_bag_of_their_occupation(onet):
    data = postings.load_onet()
    found = {title: (bag, code) for _, title, bag, code in examples(data)}
    bag = ["spreadsheet software", 'ball "pens']
    assert found["Boss d"] == found["Chief d (CD)"] == (bag, "11-0003.00")
    assert found["Boss a"] == (["spreadsheet software"], "11-0000.00")
    assert not {"Nobody", "Ghost", "boss  a"} & set(found)
    assert data.source == "real" and all(split.extras == {} for split in data)


def test_onet_is_split_by_occupation(onet):
    data = postings.load_onet()
    codes = [set(split.occupations) for split in data]
    assert [len(each) for each in codes] == [8, 1, 1] and len(set.union(*codes)) == 10
    assert examples(postings.load_onet(seed=0)) == examples(data) != examples(postings.load_onet(seed=1))


def test_an_onet_title_of_many_occupations_is_in_one_split_only(onet):
    where_found = Counter(split for split, title, _, _ in examples(postings.load_onet()) if title == "Professor")
    assert where_found == {"train": 8}


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("Alternate Titles.txt", "22-0000.00\tX\tn/a\t08\n", r"line 22: 22-0000.00 is not in Occupation"),
        ("Alternate Titles.txt", "11-0000.00\t \tn/a\t08\n", r"line 22: .*Alternate Title"),
    ],
)
def test_damaged_files_of_onet_are_named(onet, name, line, message):
    (onet / name).write_text(ONET[name] + line)
    with pytest.raises(ValueError, match=f"{name}, {message}"):
        postings.load_onet()


@pytest.mark.real
def test_the_real_postings(real):
    (path,) = real("postings")
    data = postings.load()
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = Counter((title, "|".join(bag), short) for _, title, bag, short in examples(data))
    assert found == Counter((row["job_title"], row["skills"], row["job_title_short"]) for row in rows)
    train, validation, test = check_apart(data)
    assert train > 7.9 * validation and abs(validation - test) <= 1


@pytest.mark.real
def test_the_real_onet(real):
    real("onet")
    data = postings.load_onet()
    codes = [set(split.occupations) for split in data]
    assert [len(each) for each in codes] == [728, 91, 91] and len(set.union(*codes)) == 910
    assert sum(check_apart(data)) > 35_000
    chiefs = {title for _, title, _, code in examples(data) if code == "11-1011.00"}
    assert {"Chief Executives", "Chief Executive Officer (CEO)"} <= chiefs
    assert all(min(map(len, split.bags)) > 0 for split in data)


def test_questions_have_their_tags_and_are_split_by_title(stand_in):
    lines = [f"How to {word}?\t['c#', '{word}']\n" for word in "abcdefghij"] + ['"HOW  to ""a"""\t[\'java\']\n']
    folder = stand_in("stackoverflow", {"validation.tsv": "title\ttags\n" + "".join(lines)})
    data = postings.load_questions()
    assert sum(check_apart(data)) == 10 and data.source == "real"
    found = {title: (split, bag, first) for split, title, bag, first in examples(data)}
    assert found["How to b?"][1:] == (["c#", "b"], "c#")
    assert found['HOW  to "a"'] == (found["How to a?"][0], ["java"], "java")
    for damage in ("\t['c']\n", "How?\tphp\n", "How?\t['a|b']\n"):
        (folder / "validation.tsv").write_text("title\ttags\n" + lines[0] + damage)
        with pytest.raises(ValueError, match="line 3: there must be a title, and a list of tags"):
            postings.load_questions()


@pytest.mark.real
def test_the_real_questions(real):
    real("stackoverflow")
    data = postings.load_questions()
    assert sum(map(len, data)) == 30_000 and len({tag for split in data for bag in split.bags for tag in bag}) == 100
    check_apart(data)
