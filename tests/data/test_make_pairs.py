"""The generator of the sentence pairs: what it writes is what lies in data/, and it plants what data/README.md says.

Whether the French agrees is checked by a reader of its own, below, with its own lists of words.
"""

import random
from collections import Counter

import pytest


@pytest.fixture(scope="module")
def pairs(make):
    return make.make_pairs()


@pytest.fixture(scope="module")
def splits(make, pairs):
    return {name: [pair for pair in pairs if pair.split == name] for name in make.SIZES}


def test_the_files_in_data_are_what_the_script_writes(compare, pairs):
    assert len(compare(pairs)) == 5  # with README.md and the sha256


def test_another_seed_writes_other_sentences(make, monkeypatch):
    monkeypatch.setattr(make, "SIZES", {"train": 110, "long": 12})
    one, again, other = (make.make_pairs(seed) for seed in (0, 0, 1))
    assert one == again
    assert not {pair.english for pair in one if pair.split == "long"} & {pair.english for pair in other}


# --- sentences ---


def test_sizes_and_lengths(make, pairs, splits):
    sizes = {"train": 8_000, "validation": 800, "test": 1_000, "long": 300}
    assert {name: len(split) for name, split in splits.items()} == sizes
    assert [pair.split for pair in pairs] == [name for name, size in sizes.items() for _ in range(size)]
    for name, split in splits.items():
        lengths = Counter(len(pair.english) for pair in split)
        assert set(lengths) == set(range(15, 21) if name == "long" else range(4, 15))
        assert max(lengths.values()) - min(lengths.values()) <= 1
        in_order = [len(pair.english) for pair in split]
        assert abs(sum(in_order[: len(split) // 2]) / sum(in_order) - 0.5) < 0.05  # shuffled


def test_no_sentence_comes_twice(pairs):
    assert len({pair.english for pair in pairs}) == len({pair.french for pair in pairs}) == len(pairs)


def test_tokens(pairs):
    for pair in pairs:
        for tokens in (pair.english, pair.french):
            assert tokens[-1] in (".", "?") and not {".", "?"} & set(tokens[:-1])
            for token in tokens:
                assert token in (".", "?", ",") or (token == token.lower() and token.strip("'").replace("'", "")), token
        assert all(token.isalpha() and token.isascii() for token in pair.english[:-1] if token != ",")
        for token in pair.french[:-1]:
            assert token == "," or token in ("aujourd'hui", "est-ce") or token.removesuffix("'").isalpha(), token


def test_an_english_sentence_has_one_translation(make, pairs):
    pen, found, met = make.Pen(random.Random(1)), {pair.english: pair.french for pair in pairs}, 0
    for i in range(6_000):
        pair = make.finished(pen.sentence(4 + i % 3))
        met += pair.english in found
        assert found.setdefault(pair.english, pair.french) == pair.french
    assert met > 500


def test_every_form_is_frequent_enough_to_be_learned(splits):
    for side in ("english", "french"):
        train = Counter(token for pair in splits["train"] for token in getattr(pair, side))
        assert min(train.values()) >= 10
        for name in ("validation", "test", "long"):
            assert {token for pair in splits[name] for token in getattr(pair, side)} <= set(train)
        assert 150 < len(train) < 250


PLANTED = {" not ": 0.1, " it ": 0.1, " in ": 0.05, " that ": 0.05, " because ": 0.05, " yesterday ": 0.02}
PLANTED |= dict.fromkeys([" never ", " who ", " them ", " they "], 0.03)
PLANTED |= {" l' ": 0.05, " j' ": 0.01, " n' ": 0.05, " qu' ": 0.03, " d' ": 0.001}


def test_everything_that_is_planted_is_frequent(splits):
    for split in splits.values():
        text = [f" {' '.join(pair.english)} → {' '.join(pair.french)} " for pair in split]
        for part, share in PLANTED.items():
            assert sum(part in line for line in text) > share * len(text), part
    for name in ("train", "validation", "test"):
        assert 0.12 < sum(pair.english[-1] == "?" for pair in splits[name]) / len(splits[name]) < 0.22


def test_an_and_a(pairs):
    for pair in pairs:
        for one, other in zip(pair.english, pair.english[1:], strict=False):
            if one in ("a", "an"):
                assert (one == "an") == (other[0] in "aeiou"), pair.english


# --- French, read by somebody else ---

SOUNDS_LIKE_A_VOWEL = (*"aeiouâéêôœ", "homme", "horloge", "hôtel", "heureu", "hier")
HUMAN = {
    "m": "homme garçon roi prince acteur frère oncle père",
    "f": "femme fille reine princesse actrice sœur tante mère",
}
OTHER = {
    "m": "chat chien oiseau cheval âne livre couteau sac chapeau manteau parapluie vélo journal ordinateur fauteuil œuf "
    "gâteau jardin parc château hôtel magasin",
    "f": "vache chèvre souris oie abeille table chaise lampe lettre clé tasse assiette boîte robe voiture montre horloge "
    "pomme poire maison cuisine forêt église école",
}
IRREGULAR = {"cheval": "chevaux", "journal": "journaux", "souris": "souris"}
IRREGULAR |= {word: f"{word}x" for word in ("oiseau", "couteau", "chapeau", "manteau", "gâteau")}
NOUNS = {  # form: gender, the numbers that it can have, whether it is of a human being
    form: (gender, "sp" if singular == "souris" else number, words is HUMAN)
    for words in (HUMAN, OTHER)
    for gender, text in words.items()
    for singular in text.split()
    for number, form in (("p", IRREGULAR.get(singular, f"{singular}s")), ("s", singular))
}

BEFORE = "petit petite petits petites, grand grande grands grandes, vieux vieille vieux vieilles, jeune jeune jeunes jeunes, "
BEFORE += "nouveau nouvelle nouveaux nouvelles, beau belle beaux belles"
AFTER = "noir noire noirs noires, blanc blanche blancs blanches, gris grise gris grises, vert verte verts vertes, "
AFTER += "bleu bleue bleus bleues, rouge rouge rouges rouges, lourd lourde lourds lourdes, cher chère chers chères, "
AFTER += "sale sale sales sales, étrange étrange étranges étranges, heureux heureuse heureux heureuses, "
AFTER += "triste triste tristes tristes, fatigué fatiguée fatigués fatiguées, fier fière fiers fières"
PARTICIPLES = ", ".join(
    f"{m} {m}e {m}s {m}es"
    for m in "vu trouvé acheté vendu dessiné caché perdu cherché oublié emprunté rencontré".split()
)
PARTICIPLES += ", " + ", ".join(f"{m} - - -" for m in "dormi chanté ri dansé couru travaillé attendu".split())


def inflections(text):
    """form: the genders and numbers that it can be."""
    found = {}
    for forms in text.split(", "):
        for place, form in zip(("ms", "fs", "mp", "fp"), forms.split(), strict=True):
            found.setdefault(form, set()).add(place)
    return found


BEFORE, AFTER, PARTICIPLES = map(inflections, (BEFORE, AFTER, PARTICIPLES))
SPECIAL = {"vieil": "vieux", "nouvel": "nouveau", "bel": "beau"}
BEFORE |= {form: {"ms"} for form in SPECIAL}

SINGULAR = {"ms": "le un ce cet", "fs": "la une cette ma sa"}
DETERMINERS = {word: {place} for place, words in SINGULAR.items() for word in words.split()}
DETERMINERS |= {word: {"ms", "fs"} for word in ("l'", "notre", "mon", "son")}
DETERMINERS |= {word: {"mp", "fp"} for word in "les des ces mes nos ses deux trois de d'".split()}

I_SEE = (
    "suis ai vois trouve achète vends dessine cache perds cherche oublie emprunte rencontre aime dors chante ris danse "
)
I_SEE += "cours travaille attends"
HE_SEES = "est était a voit trouve achète vend dessine cache perd cherche oublie emprunte rencontre aime dort chante rit danse "
HE_SEES += "court travaille attend"
THEY_SEE = "sont étaient ont voient trouvent achètent vendent dessinent cachent perdent cherchent oublient empruntent "
THEY_SEE += "rencontrent aiment dorment chantent rient dansent courent travaillent attendent"
PERSONS = {"i": set(I_SEE.split()), "s": set(HE_SEES.split()), "p": set(THEY_SEE.split())}
FINITE = set.union(*PERSONS.values())
BE = {"est", "était", "sont", "étaient"}
ADVERBS = {"pas", "jamais", "souvent", "toujours"}
PREPOSITIONS = {"dans", "sur", "sous", "derrière", "devant", "avec", "pour"}
SUBJECTS = {"je": "i", "j'": "i", "il": "ms", "elle": "fs", "ils": "mp", "elles": "fp"}


def vowel(word):
    return word.startswith(SOUNDS_LIKE_A_VOWEL)


def phrase(french, i):
    """Place of the first word of the phrase around the noun french[i], and its gender and number. Checks what agrees in it."""
    gender, numbers, _ = NOUNS[french[i]]
    start = i - 1
    while french[start] in BEFORE:
        start -= 1
    places = {gender + number for number in numbers} & DETERMINERS[french[start]]
    assert len(places) == 1, french[start : i + 1]
    for word in french[start + 1 : i]:
        assert places <= BEFORE[word], french[start : i + 1]
    if french[i + 1] in AFTER:
        assert places <= AFTER[french[i + 1]], french[start : i + 2]
    following = french[start + 1]
    if french[start] in ("le", "la", "ma", "sa", "ce", "de"):
        assert not vowel(following), french[start : i + 1]
    if french[start] in ("l'", "cet", "d'") or (french[start] in ("mon", "son") and gender == "f"):
        assert vowel(following), french[start : i + 1]
    if french[i - 1] in (*SPECIAL, *SPECIAL.values()) and places == {"ms"}:
        assert (french[i - 1] in SPECIAL) == vowel(french[i]), french[start : i + 1]
    if french[start] in ("de", "d'"):
        start -= 1
        assert french[start] == "beaucoup"
    return start, *places


class Clause:
    def __init__(self, subject=None, head=None):
        self.subject, self.head, self.verb = subject, head, False  # gender and number; of what "que" stands for


def read(english, french):
    """Check all that agrees; returns how often a form agreed with something outside its phrase."""
    phrases = {i: phrase(french, i) for i, word in enumerate(french) if word in NOUNS}
    told = {}  # what "it" and "they" can stand for
    for number, human in (("s", False), ("p", None)):
        fitting = [
            place
            for i, (_, place) in phrases.items()
            if place[1] == number and not (human is False and NOUNS[french[i]][2])
        ]
        told[number] = fitting
    for word, number in (("it", "s"), ("they", "p"), ("them", "p")):
        if word in english:
            assert len(told[number]) == 1, english
    stack, last, joined, n = [Clause()], None, False, 0
    for i, word in enumerate(french):
        if i in phrases:
            start, place = phrases[i]
            last = place
            if french[start - 1] in PREPOSITIONS and start:
                continue
            if stack[-1].subject is None and not stack[-1].verb:
                stack[-1].subject = place
            elif joined:
                stack[-1].subject = ("f" if stack[-1].subject[0] == place[0] == "f" else "m") + "p"
            joined = False
        elif word in SUBJECTS and not stack[-1].verb:
            stack[-1].subject = SUBJECTS[word]
            if word != "il" or french[i + 1] != "y":
                if {"it", "they"} & set(english) and word in ("il", "elle", "ils", "elles"):
                    assert SUBJECTS[word] == told[SUBJECTS[word][1]][0], french
                    n += 1
        elif word in ("parce", "pendant", "mais") or (
            word == "et" and stack[-1].verb and french[i + 1] not in BEFORE | AFTER
        ):
            stack = [Clause()]
        elif word == "et":
            joined = not stack[-1].verb
        elif word == "qui":
            stack.append(Clause(subject=last or "ms"))
        elif word in ("que", "qu'") and french[i - 1] not in ("parce", "pendant", "est-ce"):
            stack.append(Clause(head=last))
        elif word in FINITE:
            while stack[-1].verb:
                stack.pop()
            clause = stack[-1]
            clause.verb = True
            if clause.subject is None:  # "où est le chat"
                assert french[0] == "où" and i == 1
                continue
            assert word in PERSONS[clause.subject[-1]], (french, word)
            before = french[i - 1]
            after = next(form for form in french[i + 1 : i + 3] if form not in ADVERBS)
            if word in BE:
                if after in BEFORE | AFTER:
                    assert clause.subject in (BEFORE | AFTER)[after], (french, after)
                    n += 1
                    where = french.index(after, i)
                    if french[where + 1] == "et" and french[where + 2] in BEFORE | AFTER:
                        assert clause.subject in (BEFORE | AFTER)[french[where + 2]], french
            elif word in ("ai", "a", "ont") and after in PARTICIPLES:
                place = "ms"
                if before in ("l'", "les"):
                    place = told["p" if before == "les" else "s"][0]
                elif clause.head:
                    place = clause.head
                assert place in PARTICIPLES[after], (french, after)
                n += place != "ms"
            elif before in ("le", "la"):
                assert told["s"][0] in DETERMINERS[before], french
                n += 1
    return n


def test_what_agrees_agrees(pairs):
    assert sum(read(pair.english, pair.french) for pair in pairs) > 4_000


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("the lamp that i saw is green .", "la lampe que j' ai vu est verte ."),
        ("the lamp that i saw is green .", "la lampe que j' ai vue est vert ."),
        ("the lamp that i saw is green .", "le lampe que j' ai vu est verte ."),
        ("i have a lamp and the girl sees it .", "j' ai une lampe et la fille le voit ."),
        ("i have a lamp and the girl saw it .", "j' ai une lampe et la fille l' a vu ."),
        ("i have a lamp and a key and the girl sees it .", "j' ai une lampe et une clé et la fille la voit ."),
        ("the lamp is old but it is green .", "la lampe est vieille mais il est vert ."),
        ("the girl and the boy are old .", "la fille et le garçon sont vieilles ."),
        ("the cats that the boy sees sleep .", "les chats que le garçon voit dort ."),
        ("my plate is green .", "ma assiette est verte ."),
        ("an old man sleeps .", "un vieux homme dort ."),
        ("a small table is green .", "une petit table est verte ."),
    ],
)
def test_the_reader_finds_what_is_wrong(english, french):
    with pytest.raises(AssertionError):
        read(english.split(), french.split())


def test_the_reader_finds_each_form_that_does_not_agree_from_afar(pairs):
    wrong = 0
    for pair in pairs:
        for _, form, masculine in pair.agreements:
            if pair.french[form] != masculine:
                wrong += 1
                with pytest.raises(AssertionError):
                    read(pair.english, (*pair.french[:form], masculine, *pair.french[form + 1 :]))
    assert wrong > 2_000


def test_elision(pairs):
    short = {"le", "la", "je", "ne", "que", "de"}
    for pair in pairs:
        for word, after in zip(pair.french, pair.french[1:], strict=False):
            assert word not in short or not vowel(after), pair.french
            assert not word.endswith("'") or vowel(after) or after == "y", pair.french


def test_people_are_he_or_she(pairs):
    for pair in pairs:
        if {"he", "she"} & set(pair.english):
            assert not {"it", "they", "them"} & set(pair.english)
            assert pair.french.count("elle") == pair.english.count("she")
            assert pair.french.count("il") == pair.english.count("he") + pair.english.count("there")


def test_order_and_words_of_other_lengths(pairs):
    adjectives = {each: 0 for each in ("noir", "noire", "noirs", "noires")}
    for pair in pairs:
        for before, word in zip(pair.french, pair.french[1:], strict=False):
            if word in adjectives:
                assert before in NOUNS or before in BE | ADVERBS | {"et"}, pair.french
                adjectives[word] += before in NOUNS
    assert min(adjectives.values()) > 50
    shorter = sum(len(pair.french) < len(pair.english) for pair in pairs)
    longer = sum(len(pair.french) > len(pair.english) for pair in pairs)
    assert min(shorter, longer) > 0.05 * len(pairs)


def test_what_is_denied_is_known(pairs):
    """After pas and jamais an indefinite object would have de: il n' a pas de chat."""
    new = {"un", "une", "des", "deux", "trois", "beaucoup"}
    for pair in pairs:
        for i, word in enumerate(pair.french):
            if word in ("pas", "jamais"):
                rest = pair.french[i + 1 :]
                assert rest[1 if rest[0] in PARTICIPLES else 0] not in new, pair.french


# --- what agrees from afar ---


def test_agreements_are_marked(make, pairs):
    places = set()
    for pair in pairs:
        for noun, form, masculine in pair.agreements:
            assert pair.french[noun] in NOUNS or pair.french[noun] in ("il", "elle")
            assert noun < form
            said = pair.french[form]
            places.add(form - noun)
            if said != masculine:
                inflected = BEFORE | AFTER | PARTICIPLES
                if said in inflected:
                    assert {place[0] for place in inflected[said]} == {"f"} and inflected[said] != inflected[masculine]
                else:
                    assert (said, masculine) in {("elle", "il"), ("elles", "ils"), ("la", "le")}
    assert max(places) > 15


def test_who_remembers_less_gets_less_right(make, splits):
    for name, split in splits.items():
        shares = [sum(make.remembered(pair, back) for pair in split) / len(split) for back in make.BACK.values()]
        assert shares == sorted(shares) and shares[0] < 0.8 and shares[-1] == 1, name
    pair = make.Pair("", ("x",), ("la", "lampe", "est", "très", "verte"), ((1, 4, "vert"),))
    assert make.remembered(pair, 3) and not make.remembered(pair, 2)
    assert make.remembered(make.Pair("", ("x",), ("la", "lampe", "est", "rouge"), ((1, 3, "rouge"),)), 0)


# --- lemmas ---


def test_lemmas(make, pairs):
    forms = {form for pair in pairs for form in pair.french}
    lemmas = make.lemmas(forms)
    assert set(lemmas) == forms and list(lemmas) == sorted(forms)
    same = (
        "le la l' les, un une des, il elle ils elles, vieux vieil vieille vieilles, vois voit voient, vu vue vus vues, "
    )
    for words in f"{same}cheval chevaux, ai a ont".split(", "):
        assert len({lemmas[word] for word in words.split()}) == 1, words
    assert len({lemmas[word] for word in ("voit", "vu", "est", "était", "a", "le", "il", "un")}) == 8


def test_a_form_of_two_words_is_refused(make, monkeypatch):
    monkeypatch.setattr(make, "FORMS", f"{make.FORMS}|dormir voit")
    with pytest.raises(ValueError, match="voit is a form of dormir and of voir"):
        make.lemmas(["la"])
