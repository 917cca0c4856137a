"""The loader of the postings: the sample, small stand-ins for the real files, and (marked real) the real files."""

import csv
import shutil
from collections import Counter

import pytest

from course_utils import paths
from course_utils.datasets import postings
from course_utils.text import tokenize

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


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """A copy of the sample's files, which the loader reads. Yields their folder."""
    monkeypatch.setenv("COURSE_DATA", "sample")
    for suffix in ("", ".sha256"):
        shutil.copy(paths.SAMPLES / (postings.SAMPLE + suffix), tmp_path)
    monkeypatch.setattr(paths, "SAMPLES", tmp_path)
    return tmp_path


@pytest.fixture
def real(monkeypatch, tmp_path):
    """Small files in the places of the real ones. Yields the folder of the data."""
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    write(tmp_path / postings.REAL, HEADER + ROWS)
    for name, text in ONET.items():
        write(tmp_path / postings.ONET / name, text)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parts(splits):
    return {name: getattr(splits, name) for name in postings.PARTS}


def examples(splits):
    """(part, title, bag, occupation) of each."""
    return [
        (name, title, bag, occupation)
        for name, part in parts(splits).items()
        for title, bag, occupation in zip(part.titles, part.bags, part.occupations, strict=True)
    ]


# --- the sample ---


def test_sample_says_in_one_line_what_it_is(sample, capsys):
    sizes = {name: f"{len(part):,}" for name, part in parts(postings.load()).items()}
    line = (
        f"Postings: embedded sample – {sizes['train']} train, {sizes['validation']} validation, {sizes['test']} test, "
    )
    printed = capsys.readouterr().out
    assert printed.startswith(line) and printed.endswith(" interests (real ones: make data DATASETS=postings)\n")
    postings.load_onet()
    assert capsys.readouterr().out == printed.replace(
        "real ones: make data DATASETS=postings", "O*NET: make data DATASETS=onet"
    )
    postings.load_sample()
    assert capsys.readouterr().out == printed.partition(" (")[0] + "\n"


def test_sample_postings(sample):
    splits = postings.load()
    for part in parts(splits).values():
        assert part.source == "sample" and tuple(part.extras) == postings.EXTRAS
        fields = (part.titles, part.bags, part.occupations, *part.extras.values())
        assert {len(field) for field in fields} == {len(part)} and len(part) > 500
        for bag in part.bags:
            assert bag == sorted({skill.lower().strip() for skill in bag})
        assert set(part.extras["seniority"]) == {"junior", "regular", "senior"}
        assert len(set(part.extras["country"])) == 9 and len(set(part.extras["company"])) == 4
        assert [] in part.bags
    by_occupation = Counter(
        skill
        for _, title, bag, occupation in examples(splits)
        if occupation == "winemaker" and "wine" in title.lower()
        for skill in bag
    )
    assert {"fermentation", "wine tasting"} <= {skill for skill, _ in by_occupation.most_common(3)}


def test_sample_titles_of_the_parts_are_different(sample):
    words = {name: {tuple(tokenize(title)) for title in part.titles} for name, part in parts(postings.load()).items()}
    assert not words["train"] & (words["validation"] | words["test"]) and not words["validation"] & words["test"]


def test_the_sample_on_demand_whatever_is_there(sample, real):
    assert postings.load_sample().train.source == "sample"


def test_a_damaged_sample_is_refused(sample):
    content = bytearray((sample / postings.SAMPLE).read_bytes())
    content[1000] ^= 1
    (sample / postings.SAMPLE).write_bytes(content)
    with pytest.raises(ValueError, match=r"is damaged.*python data/make_postings.py"):
        postings.load()


# --- real postings ---


def test_the_format_of_the_real_postings(real, capsys):
    found = sorted(examples(postings.load()), key=lambda example: example[1])
    assert [example[1:] for example in found] == [
        ("Analyst", [], "Data Analyst"),
        ("Data Engineer, AWS", ["sql", "aws"], "Data Engineer"),
    ]
    assert capsys.readouterr().out.startswith("Postings: real – ")
    extras = [part.extras for part in parts(postings.load()).values()]
    assert sorted(country for extra in extras for country in extra["country"]) == ["", "France"]
    assert all(extra.keys() == {"country"} for extra in extras)


def test_a_title_is_in_one_part(tmp_path):
    letters = "abcdefghijklmnopqrst"
    forms = ["Job {}", "job  {} 2", "JOB-{}!", "(Job) {}"]
    rows = [f"{form.format(letter)},short,India,2023,{letter}\n" for form in forms for letter in letters]
    path = write(tmp_path / "postings.csv", HEADER + "".join(rows))
    splits = postings.read(path, seed=0)
    assert [len(part) for part in parts(splits).values()] == [16 * 4, 2 * 4, 2 * 4]
    letters_of = [{bag[0] for bag in part.bags} for part in parts(splits).values()]
    assert [len(each) for each in letters_of] == [16, 2, 2]
    assert examples(postings.read(path, seed=0)) == examples(splits) != examples(postings.read(path, seed=1))


def test_what_comes_often_is_one_string(tmp_path):
    rows = [f"Job {letter},Short Name,Brazil,2023,big query\n" for letter in "abcdefgh"]
    part = postings.read(write(tmp_path / "p.csv", HEADER + "".join(rows)), seed=0).train
    assert part.bags[0][0] is part.bags[1][0] and part.occupations[0] is part.occupations[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + "Clerk,Clerk,France,2023-01-01\n", r"p.csv, line 2: 5 fields were expected, there are 4"),
        (HEADER + ROWS + "Clerk,Clerk,France,2023,sql,r\n", r"p.csv, line 4: 5 fields were expected, there are 6"),
        (HEADER + " ,Clerk,France,2023,sql\n", r"p.csv, line 2: the posting has no title"),
        (HEADER + '"Clerk\n of two",Clerk,France,2023,sql\nA\n', r"p.csv, line 4: 5 fields"),
        (HEADER + '"Clerk,Clerk,France,2023,sql\n', r"p.csv, line 2 is not a row of a table: unexpected end of data"),
        (HEADER.encode() + ROWS.encode() + b"caf\xe9,Clerk,France,2023,sql\n", r"p.csv, line 4 is not text in UTF-8"),
        ((HEADER + ROWS).encode("utf-16"), r"p.csv, line 1 is not text in UTF-8"),
        ("title,skills,country\n", r"lacks the columns job_title, .*job_posted_date; it has: title, skills, country"),
        ("", r"lacks the columns job_title"),
    ],
)
def test_what_is_not_of_the_format_is_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        postings.read(write(tmp_path / "p.csv", content), seed=0)


def test_other_line_ends_order_and_a_byte_order_mark(tmp_path):
    text = "skills,job_country,more,job_title,job_title_short,job_posted_date\r\nsql,France,x,Clerk,Short,2023\r\n\r\n"
    part = postings.read(write(tmp_path / "p.csv", b"\xef\xbb\xbf" + text.encode()), seed=0).train
    assert (part.titles, part.bags, part.occupations) == (["Clerk"], [["sql"]], ["Short"])


def test_auto_takes_what_is_there(real, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "auto")
    assert postings.load().train.source == postings.load_onet().train.source == "real"
    (real / postings.REAL).unlink()
    assert postings.load().train.source == "sample" and postings.load_onet().train.source == "real"


@pytest.mark.parametrize("name", postings.ONET_FILES)
def test_real_without_the_files_names_the_command(real, name):
    (real / postings.REAL).unlink()
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=postings"):
        postings.load()
    (real / postings.ONET / name).unlink()
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=onet"):
        postings.load_onet()


# --- O*NET ---


def test_onet_titles_have_the_bag_of_their_occupation(real, capsys):
    splits = postings.load_onet()
    assert capsys.readouterr().out.startswith("Postings: O*NET – ")
    found = {title: (bag, code) for _, title, bag, code in examples(splits)}
    bag = ["spreadsheet software", 'ball "pens']
    assert found["Boss d"] == found["Chief d (CD)"] == (bag, "11-0003.00")
    assert found["Boss a"] == (["spreadsheet software"], "11-0000.00")
    assert not {"Nobody", "Ghost", "boss  a"} & set(found)
    assert all(part.extras == {} and part.source == "real" for part in parts(splits).values())


def test_onet_is_split_by_occupation(real):
    splits = postings.load_onet()
    codes = [set(part.occupations) for part in parts(splits).values()]
    assert [len(each) for each in codes] == [8, 1, 1] and len(set.union(*codes)) == 10
    assert examples(postings.load_onet(seed=0)) == examples(splits) != examples(postings.load_onet(seed=1))


def test_an_onet_title_of_many_occupations_is_in_one_part_only(real):
    where_found = Counter(part for part, title, _, _ in examples(postings.load_onet()) if title == "Professor")
    assert where_found == {"train": 8}


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        (
            "Alternate Titles.txt",
            "22-0000.00\tX\tn/a\t08\n",
            r"Alternate Titles.txt, line 22: 22-0000.00 is not in Occupation",
        ),
        (
            "Alternate Titles.txt",
            "11-0000.00\t \tn/a\t08\n",
            r"Alternate Titles.txt, line 22: there is no Alternate Title",
        ),
        ("Tools Used.txt", "11-0000.00\tPen\n", r"Tools Used.txt, line 3: 4 fields were expected, there are 2"),
        ("Tools Used.txt", b"11-0000.00\tPen\t2\tcaf\xe9\n", r"Tools Used.txt, line 3 is not text in UTF-8"),
    ],
)
def test_what_is_not_onet_is_named(real, name, line, message):
    path = real / postings.ONET / name
    path.write_bytes(path.read_bytes() + (line if isinstance(line, bytes) else line.encode()))
    with pytest.raises(ValueError, match=message):
        postings.load_onet()


def test_an_onet_file_without_its_column(real):
    write(real / postings.ONET / "Tools Used.txt", "O*NET-SOC Code\tExample\n")
    with pytest.raises(
        ValueError, match=r"Tools Used.txt lacks the columns Commodity Title; it has: O\*NET-SOC Code, Example"
    ):
        postings.load_onet()


# --- real data ---


@pytest.mark.real
def test_the_real_postings(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "real")
    if not postings.is_ready(paths.data_dir()):
        pytest.skip(f"no postings under {paths.data_dir()}")
    splits = postings.load()
    with open(paths.data_dir() / postings.REAL, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = Counter((title, "|".join(bag), short) for _, title, bag, short in examples(splits))
    assert found == Counter((row["job_title"], row["skills"], row["job_title_short"]) for row in rows)
    words = [{tuple(tokenize(title)) for title in part.titles} for part in parts(splits).values()]
    assert sum(map(len, words)) == len(set.union(*words))
    assert len(words[0]) > 7.9 * len(words[1]) and abs(len(words[1]) - len(words[2])) <= 1


@pytest.mark.real
def test_the_real_onet(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "real")
    if not postings.onet_is_ready(paths.data_dir()):
        pytest.skip(f"no O*NET under {paths.data_dir()}")
    splits = postings.load_onet()
    codes = [set(part.occupations) for part in parts(splits).values()]
    assert [len(each) for each in codes] == [728, 91, 91] and len(set.union(*codes)) == 910
    titles = [{tuple(tokenize(title)) for title in part.titles} for part in parts(splits).values()]
    assert sum(map(len, titles)) == len(set.union(*titles)) > 35_000
    chiefs = {title for _, title, _, code in examples(splits) if code == "11-1011.00"}
    assert {"Chief Executives", "Chief Executive Officer (CEO)"} <= chiefs
    assert all(part.bags and min(map(len, part.bags)) > 0 for part in parts(splits).values())
