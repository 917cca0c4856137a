"""Write the embedded sample of job postings, postings.tsv.bz2, a file with its SHA-256, and its numbers in README.md.

    python data/make_postings.py

The skills of an occupation come from job_facts.txt; the postings are synthetic. The script writes the same bytes on every
machine. README.md describes the file, the structure that is built into it, and the best possible scores.
"""

import random
import sys
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from statistics import fmean, median
from string import capwords

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # also when the course is not installed

from course_utils.text import tokenize  # noqa: E402
from data import samples  # noqa: E402

FACTS = "job_facts.txt"
FILE = "postings.tsv.bz2"
COLUMNS = ("split", "occupation", "title", "skills", "country", "seniority", "company")
SPLITS = ("train", "validation", "test")

SEED = 20240302
POSTINGS = 70  # of an occupation
PAIR_POSTINGS = 20  # more of each title in PAIRS
FOR_VALIDATION, FOR_TEST = 0.2, 0.25  # of the combinations of title, seniority and city
HELD_OUT = 0.4  # how often a held-out form is sampled, compared with another

# Probabilities of a skill of the occupation: the first in the list, the last, and one that is shared by the field.
FIRST, LAST, SHARED = 0.9, 0.4, 0.3
NOISE = 0.05  # fraction of the skills that are replaced by a random one
EMPTY = 0.005  # fraction of the postings without skills

LEVELS = {"junior": 0.25, "regular": 0.5, "senior": 0.25}
SENIORITY_SHOWS = 0.6  # fraction of the postings for juniors and seniors whose title says so
CITY_SHOWS = 0.35
BOILERPLATE_SHARE = 0.02  # fraction of the titles that say nothing about the job
SLIPS = 0.03  # fraction of the titles with a typing error: a letter missing, doubled or swapped
BOILERPLATE = (
    "see below",
    "various",
    "join our team",
    "multiple positions",
    "we are hiring!",
    "new opportunity",
    "apply now",
)
ENDINGS = {"": 16, "(m/f/d)": 3, "full time": 1, "part time": 1, "urgent!": 1, "- permanent": 1}  # and how often
LETTERS = {capwords: 12, str.lower: 5, str.capitalize: 2, str.upper: 1}

# Words for juniors and for seniors, by the kind of occupation.
LADDERS = {
    "office": (("junior", "graduate", "entry level"), ("senior", "lead", "principal")),
    "manager": (("assistant", "deputy", "junior"), ("senior", "group")),
    "craft": (("apprentice", "trainee", "assistant"), ("master", "senior", "head")),
    "clinical": (("trainee", "junior", "assistant"), ("senior", "consultant", "lead")),
    "plain": (("trainee", "junior"), ("senior", "head")),
    "aide": (("trainee", "junior"), ("senior",)),
    "bench": (("deputy",), ("senior",)),
    "top": ((), ("group", "global")),
}
BEHIND = {"junior", "senior", "trainee"}  # words that may also follow the title: "baker (senior)"

# Further skills that a posting asks for, with their probabilities.
OF_LEVEL = {
    "junior": {"on-the-job training": 0.6, "supervised work": 0.4},
    "regular": {},
    "senior": {"leadership": 0.6, "mentoring": 0.5, "budgeting": 0.4},
}
OF_COMPANY = {
    "start-up": {"wearing many hats": 0.5},
    "corporation": {"compliance rules": 0.4, "erp systems": 0.3},
    "public sector": {"public procurement": 0.3, "equal opportunities": 0.4},
    "family business": {"customer contact": 0.5},
}
OFFICES = ("data", "software", "marketing", "management and office", "finance", "law", "health")
EUROPE = {field: {"gdpr": 0.4} for field in OFFICES}
DRIVING = {"transport": {"tachographs": 0.4}}
# Country: its cities, its language (in all fields), and rules and programs of one field.
COUNTRIES = {
    "United Kingdom": (
        ("London", "Manchester", "Glasgow", "Cardiff"),
        {},
        {
            **EUROPE,
            **DRIVING,
            "construction": {"cscs card": 0.6},
            "security and rescue": {"sia licence": 0.5},
            "education": {"dbs check": 0.6},
            "care": {"dbs check": 0.6},
        },
    ),
    "United States": (
        ("Chicago", "Boston", "Seattle", "Austin"),
        {},
        {
            "health": {"hipaa": 0.6},
            "construction": {"osha": 0.6},
            "finance": {"us gaap": 0.6, "quickbooks": 0.4},
            "food": {"servsafe": 0.6},
            "transport": {"commercial driver's license": 0.6},
        },
    ),
    "Canada": (("Toronto", "Montreal", "Vancouver"), {"french": 0.3}, {"construction": {"whmis": 0.6}}),
    "France": (("Paris", "Lyon", "Bordeaux", "Lille"), {"french": 0.7}, {**EUROPE, **DRIVING}),
    "Germany": (
        ("Berlin", "Hamburg", "Munich", "Leipzig"),
        {"german": 0.7},
        {**EUROPE, **DRIVING, "finance": {"datev": 0.6, "gdpr": 0.4}},
    ),
    "Spain": (("Madrid", "Barcelona", "Valencia"), {"spanish": 0.7}, {**EUROPE, **DRIVING}),
    "Italy": (("Rome", "Milan", "Turin", "Naples"), {"italian": 0.7}, {**EUROPE, **DRIVING}),
    "Brazil": (("Recife", "Salvador", "Curitiba"), {"portuguese": 0.7}, {"data": {"lgpd": 0.4}, "law": {"lgpd": 0.4}}),
    "India": (("Mumbai", "Pune", "Chennai", "Delhi"), {"hindi": 0.5}, {"finance": {"tally": 0.6}}),
}

# Titles of different occupations whose words are alike, each with the word for its seniority; the first five are made of
# the same words.
PAIRS = (
    (("assistant", "sales director"), ("", "sales director assistant")),
    (("assistant", "marketing manager"), ("", "marketing manager assistant")),
    (("assistant", "restaurant manager"), ("", "restaurant manager assistant")),
    (("", "software sales engineer"), ("", "sales software engineer")),
    (("", "security data engineer"), ("", "data security engineer")),
    (("", "sales assistant"), ("", "sales director's assistant")),
    (("entry level", "data engineer"), ("", "data entry clerk")),
    (("", "wine bar manager"), ("", "bar code engineer")),
    (("", "school bus driver"), ("", "driver school teacher")),
    (("", "guard dog trainer"), ("", "security guard")),
)


@dataclass(frozen=True)
class Occupation:
    """A line of job_facts.txt, and what the line of its field adds. The forms in `held_out` are in the test split only."""

    name: str
    field: str
    forms: tuple[str, ...]
    held_out: tuple[str, ...]
    ladder: str
    own: tuple[str, ...]
    shared: tuple[str, ...]
    companies: tuple[str, ...]

    @property
    def levels(self) -> list[str]:
        """The levels of seniority that exist: nobody hires a junior chief executive."""
        words = dict(zip(("junior", "senior"), LADDERS[self.ladder], strict=True))
        return [level for level in LEVELS if words.get(level, True)]


@dataclass(frozen=True)
class Posting:
    """A line of the file. The fields from `form` on are the parts of its title ("" for a missing part)."""

    split: str
    occupation: Occupation
    title: str
    skills: tuple[str, ...]  # by name
    country: str
    level: str
    company: str
    form: str
    word: str
    city: str


def read_facts(path: Path) -> list[Occupation]:
    """The occupations, in the order of the file. Raises ValueError, with the line's number, for one that it cannot read."""
    found, field = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        parts = [part.split(", ") for part in line.removeprefix("# ").split(" | ")]
        if line.startswith("# "):
            if len(parts) != 3 or not OF_COMPANY.keys() >= set(parts[2]):
                raise ValueError(
                    f"{path.name}, line {number}: a field line needs shared skills and companies from OF_COMPANY: {line}"
                )
            field = parts
        elif field and line:
            if len(parts) != 4 or parts[2][0] not in LADDERS:
                raise ValueError(
                    f"{path.name}, line {number}: an occupation line needs a name, titles, a key of LADDERS and skills: {line}"
                )
            (name,), titles, (ladder,), own = parts
            forms = tuple(title for title in titles if title[0] != "*")
            held_out = tuple(title[1:] for title in titles if title[0] == "*")
            (about,), shared, companies = field
            shared = tuple(skill for skill in shared if skill not in own)
            found.append(Occupation(name, about, forms, held_out, ladder, tuple(own), shared, tuple(companies)))
    return found


@cache
def chances(occupation: Occupation, country: str, level: str, company: str) -> dict[str, float]:
    """The probability that a posting asks for each skill, before the noise."""
    step = (FIRST - LAST) / (len(occupation.own) - 1)
    found = {skill: FIRST - step * rank for rank, skill in enumerate(occupation.own)}
    _, language, rules = COUNTRIES[country]
    shared = dict.fromkeys(occupation.shared, SHARED)
    for added in (shared, language, rules.get(occupation.field, {}), OF_LEVEL[level], OF_COMPANY[company]):
        for skill, chance in added.items():
            found[skill] = max(chance, found.get(skill, 0))
    return found


def every_skill(occupations: list[Occupation]) -> list[str]:
    """All skills that a posting may ask for, by name."""
    return sorted(
        {
            skill
            for occupation in occupations
            for country, company in product(COUNTRIES, occupation.companies)
            for level in occupation.levels
            for skill in chances(occupation, country, level, company)
        }
    )


def slip(title: str, rng: random.Random) -> str:
    """The title with a typing error: a letter is missing, doubled or swapped with the next."""
    i = rng.choice([i for i in range(len(title) - 1) if title[i : i + 2].isalpha()])
    a, b = title[i : i + 2]
    return title[:i] + rng.choice([b, a + a + b, b + a]) + title[i + 2 :]


def write_title(form: str, word: str, city: str, rng: random.Random) -> str:
    """A title with these parts ("" for none), and with noise."""
    if word in BEHIND and rng.random() < 0.2:
        title = f"{form} ({word})" if rng.random() < 0.5 else f"{form}, {word}"
    else:
        title = f"{word} {form}".strip()
    if rng.random() < SLIPS:
        title = slip(title, rng)
    title = rng.choices(list(LETTERS), list(LETTERS.values()))[0](title)
    ending = rng.choices(list(ENDINGS), list(ENDINGS.values()))[0]
    place = rng.choice([" - {}", " - {}", ", {}", " in {}", " ({})"]).format(city) if city else ""
    return f"{title}{place} {ending}" if rng.random() < 0.5 else f"{title} {ending}".rstrip() + place


def write_posting(
    occupation: Occupation, skills: list[str], rng: random.Random, form: str = "", word: str = ""
) -> Posting:
    """A posting for this occupation, without its split; `form` and `word`, if given, are the title's."""
    level = rng.choices(occupation.levels, [LEVELS[level] for level in occupation.levels])[0]
    words = dict(zip(("junior", "senior"), LADDERS[occupation.ladder], strict=True))
    if word:
        level = next(level for level in words if word in words[level])
    elif not form:
        weights = [1] * len(occupation.forms) + [HELD_OUT] * len(occupation.held_out)
        form = rng.choices(occupation.forms + occupation.held_out, weights)[0]
        word = rng.choice(words[level]) if level in words and rng.random() < SENIORITY_SHOWS else ""
    country = rng.choice(list(COUNTRIES))
    company = rng.choice(occupation.companies)
    city = rng.choice(COUNTRIES[country][0]) if rng.random() < CITY_SHOWS else ""
    if rng.random() < BOILERPLATE_SHARE:
        form, word = rng.choice(BOILERPLATE), ""
    bag = []
    for skill, chance in chances(occupation, country, level, company).items():
        if rng.random() < chance:
            bag.append(rng.choice(skills) if rng.random() < NOISE else skill)
    bag = [] if rng.random() < EMPTY else bag
    title = " ".join(write_title(form, word, city, rng).split())
    return Posting("", occupation, title, tuple(sorted(set(bag))), country, level, company, form, word, city)


def make_postings(occupations: list[Occupation], seed: int = SEED) -> list[Posting]:
    """All postings, those of a split together.

    A split has all titles of the same form, seniority and city, or none of them. Titles that are a form alone are in the
    training split, those of a held-out form in the test split.
    """
    rng = random.Random(seed)
    skills = every_skill(occupations)
    by_form = {form: occupation for occupation in occupations for form in occupation.forms}
    postings = [write_posting(occupation, skills, rng) for occupation in occupations for _ in range(POSTINGS)]
    for word, form in [title for pair in PAIRS for title in pair]:
        postings += [write_posting(by_form[form], skills, rng, form, word) for _ in range(PAIR_POSTINGS)]
    rng.shuffle(postings)
    held_out = {form for occupation in occupations for form in occupation.held_out}
    split_of = {}
    for posting in postings:
        draw = rng.random()
        split = "validation" if draw < FOR_VALIDATION else "test" if draw < FOR_VALIDATION + FOR_TEST else "train"
        if posting.form in held_out:
            split = "test"
        elif not posting.word and not posting.city:
            split = "train"
        split_of.setdefault(combination(posting), split)
    done = [replace(posting, split=split_of[combination(posting)]) for posting in postings]
    return sorted(done, key=lambda posting: SPLITS.index(posting.split))


def combination(posting: Posting) -> tuple[str, str, str]:
    """The parts of the title."""
    return posting.form, posting.word, posting.city


# --- the best possible scores ------------------------------------------------------------------------------------------

KNOWN = ("the occupation", "everything in the title", "occupation, country, seniority, company")


def popular(postings: list[Posting], k: int = 10) -> tuple[str, ...]:
    """The k most frequent skills."""
    counts = Counter(skill for posting in postings for skill in posting.skills)
    return tuple(sorted(counts, key=lambda skill: (-counts[skill], skill))[:k])


def oracle(posting: Posting, known: str, k: int = 10) -> tuple[str, ...]:
    """The k most probable skills of a posting, from the probabilities in this script and from `known`, one of KNOWN.

    Empty if the title says nothing, and nothing else is known.
    """
    everything, title = known == KNOWN[2], known == KNOWN[1]
    if title and posting.form in BOILERPLATE:
        return ()
    weights = {level: LEVELS[level] for level in posting.occupation.levels}
    if title:
        weights = {level: p * (1 if level == "regular" else 1 - SENIORITY_SHOWS) for level, p in weights.items()}
    if everything or (title and posting.word):
        weights = {posting.level: 1.0}
    countries = (posting.country,) if everything or (title and posting.city) else tuple(COUNTRIES)
    companies = (posting.company,) if everything else posting.occupation.companies
    return _best(posting.occupation, countries, tuple(weights.items()), companies, k)


@cache
def _best(occupation, countries, levels, companies, k) -> tuple[str, ...]:
    scores = Counter()
    for country, (level, weight), company in product(countries, levels, companies):
        for skill, chance in chances(occupation, country, level, company).items():
            scores[skill] += weight * chance
    return tuple(sorted(scores, key=lambda skill: (-scores[skill], skill))[:k])


def recall(guesses: list[tuple[str, ...]], postings: list[Posting]) -> float:
    """The mean fraction of a posting's skills that are among its guesses; postings without skills do not count."""
    pairs = [(guess, posting.skills) for guess, posting in zip(guesses, postings, strict=True) if posting.skills]
    return fmean(len(set(guess) & set(skills)) / len(skills) for guess, skills in pairs)


def twins(postings: list[Posting]) -> list[Posting]:
    """The postings whose title has, without the city, the same words as a title of another occupation, in another order."""
    owners = {}
    for posting in postings:
        owners.setdefault(_words(posting), set()).add(posting.occupation)
    return [posting for posting in postings if posting.form not in BOILERPLATE and len(owners[_words(posting)]) > 1]


def _words(posting: Posting) -> tuple[str, ...]:
    return tuple(sorted(f"{posting.word} {posting.form}".split()))


def table(head: list, rows: list[list]) -> str:
    """A table in Markdown."""
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(f"{c:,}" if isinstance(c, int) else str(c) for c in row) + " |" for row in cells)


def numbers(occupations: list[Occupation], postings: list[Posting]) -> str:
    """The numbers for README.md: the contents of each split, and the best possible scores."""
    splits = {name: [posting for posting in postings if posting.split == name] for name in SPLITS}
    held_out = {form for occupation in occupations for form in occupation.held_out}
    with_twin = set(map(id, twins(postings)))
    words = {name: [word for posting in split for word in tokenize(posting.title)] for name, split in splits.items()}
    known = set(words["train"])
    facts = {
        "postings": len,
        "different titles, ignoring case": lambda split: len({posting.title.lower() for posting in split}),
        "with seniority in the title": lambda split: sum(posting.word != "" for posting in split),
        "with a city in the title": lambda split: sum(posting.city != "" for posting in split),
        "of a held-out form": lambda split: sum(posting.form in held_out for posting in split),
        "with the same words as another occupation's title": lambda split: sum(
            id(posting) in with_twin for posting in split
        ),
        "with a title without information": lambda split: sum(posting.form in BOILERPLATE for posting in split),
        "without skills": lambda split: sum(not posting.skills for posting in split),
        "skills of a posting: mean": lambda split: f"{fmean(len(posting.skills) for posting in split):.1f}",
        "skills of a posting: median": lambda split: int(median(len(posting.skills) for posting in split)),
        "skills of a posting: most": lambda split: max(len(posting.skills) for posting in split),
    }
    contents = [[name, *map(count, splits.values())] for name, count in facts.items()]
    new = [f"{sum(word not in known for word in words[name]) / len(words[name]):.1%}" for name in SPLITS]
    contents.append(["words of titles that are not in train", *new])
    whole = (
        f"There are {len(occupations)} occupations in {len({occupation.field for occupation in occupations})} fields, with "
        f"{sum(len(occupation.forms + occupation.held_out) for occupation in occupations)} titles, {len(held_out)} of them "
        f"held out, and {len(every_skill(occupations))} skills."
    )
    guess = popular(splits["train"])
    reached = [["nothing (the ten most frequent skills)"], *([known] for known in KNOWN)]
    for name in SPLITS:
        reached[0].append(f"{recall([guess] * len(splits[name]), splits[name]):.3f}")
        for row in reached[1:]:
            # where a title says nothing, the most frequent skills are the best prediction
            guesses = [oracle(posting, row[0]) or guess for posting in splits[name]]
            row.append(f"{recall(guesses, splits[name]):.3f}")
    head = ["recall@10, known", *SPLITS]
    return f"{table(['', *SPLITS], contents)}\n\n{whole}\n\n{table(head, reached)}"


# --- files -----------------------------------------------------------------------------------------------------------------


def write_sample(folder: Path) -> None:
    """Write the file into `folder`, and its numbers into the README.md there, as `samples.write` does."""
    occupations = read_facts(HERE / FACTS)
    postings = make_postings(occupations)
    lines = ["\t".join(COLUMNS)]
    for p in postings:
        fields = (p.split, p.occupation.name, p.title, "|".join(p.skills), p.country, p.level, p.company)
        lines.append("\t".join(fields))
    samples.write(folder, "make_postings.py", {FILE: lines}, numbers(occupations, postings))


if __name__ == "__main__":
    write_sample(HERE)
