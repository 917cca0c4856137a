"""`python -m course_utils seq2bow`: training on a table, queries, and what is said when something is wrong."""

import gzip
import random
import signal

import numpy as np
import pytest

from course_tools import __main__ as commands
from course_tools.ask import seq2bow
from course_utils import files
from course_utils.models.seq2bow import corpus, model, training

LEVELS = [f"{a}{b}" for a in "vwxyz" for b in "abcd"]
SKILLS = ["Python|SQL", "SQL|AWS", "AWS|Python"]
ROWS = [
    row
    for i in range(60)
    for row in (
        f"{['Data', 'Cloud', 'Web'][i % 3]} Engineer {LEVELS[i % 20]};{random.Random(i).choice(SKILLS)};FR;{i}",
        f"Nurse {LEVELS[i % 20]};care|First Aid|{['nights', 'days', 'none'][i // 20]};{['FR', 'ES'][i % 2]};{i}",
    )
]
TABLE = "title;skills;country;id\n" + "\n".join(ROWS) + "\n"
ODD = ["torn row", ";care;FR;a", "Boss;see below;FR;b", "Boss;only once;FR;c", 'Chef;"open;FR;d', "Cook;care;FR;e"]
QUICK = ("--title", "title", "--interests", "skills", "--epochs", "1", "--size", "4", "--units", "4")


def run(*arguments):
    return commands.main(["seq2bow", *map(str, arguments)])


def train(folder, content=TABLE, *options, name="jobs.csv"):
    """The exit status of training on a file with this content; the model is to be written to folder/models/jobs.npz."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return run("train", folder / name, *QUICK, "--model", folder / "models" / "jobs.npz", *options)


def left_in(folder):
    return sorted(path.name for path in (folder / "models").rglob("*"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The path of a model that the command has trained on a compressed table with oddities, in twelve epochs."""
    folder = tmp_path_factory.mktemp("trained")
    content = gzip.compress((TABLE + "\n".join(ODD)).encode("utf-16"))
    assert train(folder, content, "--extra", "country", "--epochs", "12", name="jobs.csv.gz") == 0
    assert left_in(folder) == ["jobs.npz"]
    return folder / "models" / "jobs.npz"


@pytest.fixture
def ask(trained, capsys):
    """Queries the model; gives the exit status and the lines that were printed."""

    def ask(kind, *arguments):
        status = run("query", kind, *arguments, "--model", trained)
        captured = capsys.readouterr()
        assert not captured.err or status == 1
        return status, (captured.out or captured.err).splitlines()

    return ask


def names(lines):
    return [line.split(maxsplit=1)[1] for line in lines if line.startswith("  ")]


def values(lines):
    return [float(line.split()[0]) for line in lines if line.startswith("  ")]


def test_training_says_what_was_read_and_how_good_the_answers_are(tmp_path, capsys):
    assert train(tmp_path, TABLE + "\n".join([ROWS[0], *ODD])) == 0
    out = capsys.readouterr().out
    report = dict(line.split(maxsplit=1)[::-1] for line in out.splitlines() if line.startswith("   "))
    held_out = int(report.pop("examples held out"))
    assert held_out > 0 and held_out + int(report.pop("examples")) == len(ROWS) + 1
    assert report.pop("rows") == str(len(ROWS) + 7) and report.pop("bags of rare interests only") == "2"
    assert report.pop("placeholders instead of interests, such as 'none'") == "21"
    assert report.pop("words, 7 interests") == "25" and set(report.values()) == {"1"}
    ragged = f"rows with more or fewer fields than the header, in line {len(ROWS) + 3}"
    assert set(report) == {ragged, "duplicates", "titles without a word", "bags without an interest"}
    for name in ("Seq2BoW", "the most frequent ones"):
        assert f"{name}, on {held_out} examples whose titles were held out: recall@10 " in out
    assert out.splitlines()[-1].startswith(f"Written: {tmp_path / 'models' / 'jobs.npz'}. Query it with: ")
    assert left_in(tmp_path) == ["jobs.npz"]


def test_the_smallest_table_that_something_can_be_learned_from(tmp_path, capsys):
    content = "title of boss;k;skills\nNurse;a;care|aid\nNurse;b;care\nNurse 2;b;aid\n"
    options = ("--title", "title of boss", "--extra", "k", "--size", 1, "--units", 1)
    assert train(tmp_path, content, *options) == 0
    assert run("query", "interests-of", "nurse", "--extra", "k=b", "--model", tmp_path / "models" / "jobs.npz") == 0
    assert sorted(names(capsys.readouterr().out.splitlines())[-2:]) == ["aid", "care"]


def test_bags_that_are_not_separated_are_pointed_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training, "fit", lambda *given, **options: [])
    assert train(tmp_path, TABLE.replace("|", "\t")) == 0
    assert "No bag has two interests. Are they separated by '|'?" in capsys.readouterr().out
    assert train(tmp_path, TABLE.replace("|", "\t"), "--separator", "\\t") == 0  # as typed in a shell
    assert " 7 interests" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "separator"),
    [
        ("\\t", "\t"),
        ("\\n", "\n"),
        ("\\x1f", "\x1f"),
        ("\\u00b7", "·"),
        ("\\\\", "\\"),
        ("\\", "\\"),
        ("\\|", "\\|"),
        ("é", "é"),
    ],
)
def test_separators_may_be_typed_as_escape_sequences(tmp_path, capsys, monkeypatch, typed, separator):
    monkeypatch.setattr(training, "fit", lambda *given, **options: [])
    table = TABLE.replace("|", separator)
    if separator == "\n":
        table = "\n".join(
            [table.partition("\n")[0], *(row.replace(";", ';"', 1).replace(";FR", '";FR') for row in ROWS[::2])]
        )
        table = table.replace("|", "\n")
    assert train(tmp_path, table, "--separator", typed) == 0
    assert f" {3 if separator == chr(10) else 7} interests" in capsys.readouterr().out


TITLES = ["数据工程师", "数据分析师", "مهندس بيانات", "مُهَنْدِس", "Ingénieur", "E\u0301lectricien", "सॉफ्टवेयर इंजीनियर"]
TITLES += ["วิศวกรข้อมูล", "🚀 Pilot", "\u200fنجار\u200f", "инженер", "Μηχανικός", "간호사"]


def test_titles_in_any_script(tmp_path, capsys):
    rows = [f"{title};{bag}|common" for i, title in enumerate(TITLES) for bag in (f"s{i % 3}|t{i % 2}", f"t{i % 2}")]
    assert train(tmp_path, "title;skills\n" + "\n".join(rows * 2)) == 0
    capsys.readouterr()
    loaded = model.Seq2BoW.load(tmp_path / "models" / "jobs.npz")
    assert len(loaded.index) == len(TITLES)
    path = ("--model", tmp_path / "models" / "jobs.npz", "--number", 3)
    for kind in ("interests-of", "titles-near"):
        assert run("query", kind, *TITLES, *path) == 0
        assert len(names(capsys.readouterr().out.splitlines())) == 3 * len(TITLES)
    for kind in ("interests-near", "titles-near-interest"):
        assert run("query", kind, "s0", *path) == 0
        assert len(names(capsys.readouterr().out.splitlines())) == 3


def test_what_cannot_be_answered_says_why(tmp_path, capsys):
    rows = [f"{job} {level};{bag}" for job, bag in (("Nurse", "care|aid"), ("Pilot", "flying|maps")) for level in "abc"]
    assert (
        train(tmp_path, "title;skills\n" + "\n".join([*rows, "Nurse d;travel", "Nurse e;travel", "Pilot f;see below"]))
        == 0
    )
    out = capsys.readouterr().out
    assert "1 placeholders instead of interests, such as 'see below'" in out
    assert "1 interests never beside another one in a bag, left out, such as 'travel'" in out
    path = ("--model", tmp_path / "models" / "jobs.npz")
    for kind in ("interests-near", "titles-near-interest"):
        assert run("query", kind, "Travel", "see below", *path) == 1
        answers = capsys.readouterr().out.splitlines()
        assert "'travel' was never beside another interest" in answers[1] and "a placeholder" in answers[3]
    assert run("query", "titles-near", "Nurse d", *path) == 0
    answers = capsys.readouterr().out.splitlines()
    assert "these words once or never: d" in answers[1] and not any("nurse e" in line for line in answers)


def test_examples_held_out_are_scored_a_few_at_a_time():
    rng = np.random.default_rng(0)
    bags = [[f"y{i}" for i in rng.choice(30, rng.integers(1, 6), replace=False)] for _ in range(50)]
    shard = corpus.from_lists(["nurse"] * 50, bags, rare=1).shards[0]()  # all examples
    table, asked = rng.normal(size=(50, 30)), []

    def scores(some):
        asked.append(len(some))
        return table[sum(asked[:-1]) : sum(asked)]

    assert seq2bow._measured(model, scores, shard, 16) == pytest.approx(model.measures(table, shard))
    assert asked == [16, 16, 16, 2]


@pytest.mark.parametrize("when", ["the file is read", "the network is trained", "the model is written"])
def test_after_ctrl_c_the_same_command_resumes(tmp_path, capsys, monkeypatch, trained, when):
    place, name, interrupts = {
        "the file is read": (corpus.Shard, "only", lambda shard, chosen: True),
        "the network is trained": (training._State, "add", lambda state, loss: state.step == 3),
        "the model is written": (files, "write_arrays", lambda path, *rest: path.name == "jobs.npz"),
    }[when]
    original, seen = getattr(place, name), []

    def interrupted(*args):
        if interrupts(*args):
            seen.append(left_in(tmp_path))
            signal.raise_signal(signal.SIGINT)
        return original(*args)

    options = ((TABLE + "\n".join(ODD)).encode("utf-16"), "--extra", "country", "--epochs", "12")
    with monkeypatch.context() as patch:
        patch.setattr(place, name, interrupted)
        assert train(tmp_path, *options) == 130
    resumes, said = when == "the network is trained", capsys.readouterr().err
    assert said.endswith("\nStopped.\n") and ("The same command will resume from" in said) == resumes
    assert seen and left_in(tmp_path) == (["jobs.npz.training"] if resumes else [])
    assert train(tmp_path, *options) == 0
    assert left_in(tmp_path) == ["jobs.npz"]
    assert ("Resuming after step" in capsys.readouterr().out) == resumes
    assert (tmp_path / "models" / "jobs.npz").read_bytes() == trained.read_bytes()


def test_interests_of_a_title(ask):
    status, lines = ask("interests-of", "Nurse", "--number", "3")
    assert status == 0 and lines[0] == "interests-of Nurse" and len(lines) == 4
    assert set(names(lines)) < {"care", "first aid", "nights", "days", "python", "sql", "aws"}
    assert values(lines) == sorted(values(lines), reverse=True) and 0 < values(lines)[-1] <= values(lines)[0] <= 1
    _, typical = ask("interests-of", "Nurse", "--number", "3", "--typical")
    assert values(typical) != values(lines)


NEAR = {"titles-near": ("NURSE va", "nurse vb"), "interests-near": ("SQL", "aws")}
NEAR["titles-near-interest"] = ("  First  AID ", "nurse va")


@pytest.mark.parametrize("kind", NEAR)
def test_what_is_near(ask, kind):
    text, found = NEAR[kind]
    status, lines = ask(kind, text, "--number", "1000")
    assert status == 0 and found in names(lines)
    assert text.strip().lower() not in names(lines)
    assert all(-1 <= value <= 1 for value in values(lines)) and values(lines) == sorted(values(lines), reverse=True)


def test_a_text_without_an_answer_does_not_stop_the_others(ask):
    status, lines = ask("interests-near", "sql", "pyton", "", "care", "--number", "1")
    assert status == 1
    asked = [line for line in lines if not line.startswith("  ")]
    assert asked == [f"interests-near {text}" for text in ("sql", "pyton", "", "care")]
    assert "  the interest 'pyton' is not known; did you mean 'python'?" in lines
    assert "  the interest '' is not known" in lines and len(lines) == 8


def test_a_title_without_a_known_word_has_no_answer(ask):
    for title in ("", "xyzzy", "工程师", "x" * 100_000):
        status, lines = ask("interests-of", title)
        assert status == 1 and len(lines) == 2 and lines[1].startswith("  no word of the title")


def test_options_that_do_not_fit_are_pointed_out(ask):
    for arguments, message in {
        "interests-of Nurse --extra city=Paris": "there is no extra input city; there are: country",
        "interests-of Nurse --extra France": "--extra France is not of the form COLUMN=VALUE",
        "interests-near sql --extra country=FR": "--extra goes with a title, not with interests-near",
        "titles-near Nurse --typical": "--typical goes with interests-of, not with titles-near",
    }.items():
        status, lines = ask(*arguments.split())
        assert status == 1 and lines[-1].strip() == message


def test_without_a_model_that_can_be_read_the_command_that_makes_one_is_named(tmp_path, trained, capsys):
    (tmp_path / "torn.npz").write_bytes(trained.read_bytes()[:-50])
    for path, message in (
        (
            tmp_path / "none.npz",
            f"There is no {tmp_path / 'none.npz'}: make it with python -m course_utils seq2bow train\n",
        ),
        (tmp_path / "torn.npz", f"{tmp_path / 'torn.npz'} holds no Seq2BoW that can be read"),
    ):
        assert run("query", "interests-of", "Nurse", "--model", path) == 1
        said = capsys.readouterr().err
        assert said.startswith(message) and said.count("\n") == 1


def test_a_table_that_cannot_be_learned_from(tmp_path, capsys):
    for content, message in (
        (TABLE.replace("title", "Title", 1), "has no column 'title'; it has: 'Title', 'skills', 'country', 'id'"),
        (
            "title;skills\n" + "Nurse;see below\n" * 9,
            "9 rows, 8 duplicates, 1 placeholders instead of interests, such as 'see below', 1 bags without an interest",
        ),
    ):
        assert train(tmp_path, content) == 1
        captured = capsys.readouterr()
        assert message in captured.err.splitlines()[-1] and not captured.out  # before it, a progress bar
        assert left_in(tmp_path) == []
    assert run("train", tmp_path / "none.csv", *QUICK, "--model", tmp_path / "models" / "jobs.npz") == 1
    assert "No such file" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named_before_the_file_is_read(tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("")  # nothing can be made below it, even by root
    monkeypatch.setattr(seq2bow, "from_csv", None)
    for place in (tmp_path / "file" / "jobs.npz", tmp_path / "file" / "below" / "jobs.npz", tmp_path):
        assert train(tmp_path, TABLE, "--model", place) == 1
        said = capsys.readouterr().err
        assert said.startswith("the model cannot be written") and str(tmp_path) in said and said.count("\n") == 1


def test_the_table_is_not_overwritten(tmp_path, capsys):
    assert train(tmp_path, TABLE, "--model", tmp_path / "jobs.csv") == 1
    assert capsys.readouterr().err == f"{tmp_path / 'jobs.csv'} would be overwritten: give another --model\n"
    assert (tmp_path / "jobs.csv").read_text() == TABLE


def test_too_little_memory(tmp_path, capsys, monkeypatch):
    def too_large(*args, **options):
        raise MemoryError

    monkeypatch.setattr(model, "interest_vectors", too_large)
    assert train(tmp_path) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "There is too little memory."
    assert left_in(tmp_path) == []


TRAIN, QUERY = ("train", "jobs.csv", *QUICK), ("query", "interests-of")
MISUSE = [(), ("learn",), ("train", "jobs.csv", "--title", "title"), QUERY, ("query", "interests", "Nurse")]
MISUSE += [(*TRAIN, "--size", "0"), (*TRAIN, "--units", "-1"), (*TRAIN, "--seed", "9" * 30), (*TRAIN, "--size", "many")]
MISUSE += [(*QUERY, "Nurse", "--number", "0"), (*QUERY, "Nurse", "--number", "1e3")]


@pytest.mark.parametrize("arguments", MISUSE, ids=" ".join)
def test_a_command_that_is_not_understood_has_status_2(capsys, arguments):
    assert run(*arguments) == 2
    assert capsys.readouterr().err.startswith("usage: python -m course_utils seq2bow")
