"""Write the embedded sample of English–French sentence pairs, pairs.tsv.bz2, and the lemmas of its French forms,
pairs_lemmas.tsv.bz2, files with their SHA-256, and their numbers in README.md.

    python data/make_pairs.py

The grammar below generates each sentence in both languages at once; an English sentence has exactly one translation. The
script writes the same bytes on every machine. README.md describes the files and the structure that is built into them.

Words and patterns are chosen so that French leaves no choice: each word has one translation, words for people show their
gender, and no sentence needs a partitive, a second past tense, or a preposition that contracts with an article.

While a sentence is generated, its French contains marks: "lampe#3" is a noun, and "verte@3@vert" is a form that agrees with
this noun at a distance, followed by the form for a masculine noun.
"""

import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # also when the course is not installed

from data import samples  # noqa: E402

FILE, LEMMAS = "pairs.tsv.bz2", "pairs_lemmas.tsv.bz2"
COLUMNS = ("split", "english", "french")

SEED = 20240513
SIZES = {"train": 8_000, "validation": 800, "test": 1_000, "long": 300}
USUAL, LONG = range(4, 15), range(15, 21)  # English tokens of a sentence; every length is equally frequent


# --- words ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Noun:
    english: tuple[str, str]  # singular, plural
    french: tuple[str, str]
    gender: str  # m, f
    kind: str  # people, kin, animal, thing, place


@dataclass(frozen=True, eq=False)
class Adjective:
    english: str
    french: Mapping[str, str]  # m, f, and in the plural mp, fp
    first: bool  # whether it is placed before the noun in French
    kinds: tuple[str, ...]  # of nouns that it can modify
    said_of: tuple[str, ...]  # of subjects of "is"


@dataclass(frozen=True)
class Verb:
    english: tuple[str, str, str]  # see, sees, saw
    infinitive: str
    french: tuple[str, str, str]  # with je, with one, with several
    participle: str  # masculine singular
    kinds: tuple[str, ...]  # of nouns that may be the object; without an object, of the subject


HUMAN = ("people", "kin")
LIVING = (*HUMAN, "animal")
OTHERS = ("animal", "thing", "place")
ALL = (*HUMAN, *OTHERS)

# English, French, gender. The nouns of SINGULAR have no plural here.
NOUN_LISTS = {
    "people": "man homme m, woman femme f, king roi m, queen reine f, prince prince m, princess princesse f",
    "kin": "brother frère m, sister sœur f, uncle oncle m, aunt tante f",
    "animal": "cat chat m, dog chien m, horse cheval m, cow vache f, mouse souris f, goose oie f",
    "thing": "book livre m, bag sac m, hat chapeau m, computer ordinateur m, armchair fauteuil m, table table f, "
    "chair chaise f, lamp lampe f, key clé f, box boîte f, apple pomme f, car voiture f",
    "place": "garden jardin m, castle château m, house maison f, church église f, school école f",
}
SINGULAR = "garden castle house church school".split()
ENGLISH_PLURALS = {"man": "men", "woman": "women", "mouse": "mice", "goose": "geese"}

ADJECTIVE_LISTS = {  # first, kinds of nouns, kinds of subjects of "is": English, French
    (True, ("people", *OTHERS), ALL): "small petit",
    (True, OTHERS, OTHERS): "big grand",
    (True, (*LIVING, "thing", "place"), (*LIVING, "thing", "place")): "old vieux",
    (True, ("people", *OTHERS), ("people", *OTHERS)): "beautiful beau",
    (True, LIVING, LIVING): "young jeune",
    (False, OTHERS, OTHERS): "black noir, white blanc",
    (False, ("thing",), ("thing",)): "green vert, red rouge, heavy lourd",
    (False, ("people", "animal"), LIVING): "happy heureux, tired fatigué",
}
MOODS = ("happy", "tired")  # what somebody can be today, or often
FEMININE = {"blanc": "blanche", "vieux": "vieille", "beau": "belle", "heureux": "heureuse"}
BEFORE_VOWEL = {"vieux": "vieil", "beau": "bel", "ma": "mon", "sa": "son", "ce": "cet"}

VERBS = (  # with an object
    Verb(("see", "sees", "saw"), "voir", ("vois", "voit", "voient"), "vu", ALL),
    Verb(("find", "finds", "found"), "trouver", ("trouve", "trouve", "trouvent"), "trouvé", OTHERS),
    Verb(("buy", "buys", "bought"), "acheter", ("achète", "achète", "achètent"), "acheté", OTHERS),
    Verb(("lose", "loses", "lost"), "perdre", ("perds", "perd", "perdent"), "perdu", ("animal", "thing")),
    Verb(("look for", "looks for", "looked for"), "chercher", ("cherche", "cherche", "cherchent"), "cherché", ALL),
    Verb(("love", "loves", ""), "aimer", ("aime", "aime", "aiment"), "", ALL),  # no past: French has two for "loved"
    Verb(("have", "has", ""), "avoir", ("ai", "a", "ont"), "", ("animal", "thing")),
)
HAVE = VERBS[-1]
INTRANSITIVE = (
    Verb(("sleep", "sleeps", "slept"), "dormir", ("dors", "dort", "dorment"), "dormi", LIVING),
    Verb(("sing", "sings", "sang"), "chanter", ("chante", "chante", "chantent"), "chanté", HUMAN),
    Verb(("work", "works", "worked"), "travailler", ("travaille", "travaille", "travaillent"), "travaillé", HUMAN),
    Verb(("wait", "waits", "waited"), "attendre", ("attends", "attend", "attendent"), "attendu", LIVING),
)
BY_ANIMALS = ("voir", "trouver", "chercher", "aimer")
NOWHERE = ("aimer", "avoir")  # never with a place
COMPANY = dict.fromkeys(("chanter", "travailler", "attendre"), ("with", "avec"))
COMPANY |= dict.fromkeys(("acheter", "trouver"), ("for", "pour"))

ONE = {"the": "le la", "a": "un une", "this": "ce cette", "my": "mon ma", "our": "notre notre"}  # with m, with f
ONE |= {"his": "son sa", "her": "son sa"}
SEVERAL = {"the": "les", "some": "des", "these": "ces", "two": "deux", "three": "trois", "many": "beaucoup de"}
SEVERAL |= {"my": "mes", "our": "nos", "his": "ses", "her": "ses"}
OWNERS = ("my", "our", "his", "her")
NEW = ("a", "some", "two", "three", "many")
WEIGHTS = {"the": 4, "a": 4, "some": 2, "this": 1.5, "these": 1.5}  # of determiners; of the others 1

BUILDINGS = ("castle", "house", "church", "school")
PREPOSITIONS = {  # English, French: where it goes
    "in dans": ("garden", "box", "bag", *BUILDINGS),
    "on sur": ("table", "chair", "armchair", "box"),
    "under sous": ("table", "chair", "armchair"),
    "behind derrière": BUILDINGS,
    "in front of devant": BUILDINGS,
}
BE = {"present": (("is", "est"), ("are", "sont")), "past": (("was", "était"), ("were", "étaient"))}  # one, several
TIMES = {
    "present": {"now": "maintenant", "today": "aujourd'hui", "every day": "chaque jour"},
    "past": {"yesterday": "hier", "last week": "la semaine dernière", "this morning": "ce matin"},
}
ADVERBS = {"": "", "not": "pas", "never": "jamais", "often": "souvent", "always": "toujours"}
DENIALS, OFTEN = ("not", "never"), ("often", "always")
CONJUNCTIONS = {"and": "et", "but": "mais", "because": "parce que", "while": "pendant que"}
QUESTIONS = {"": "est-ce que", "why": "pourquoi est-ce que", "where": "où est-ce que"}
ELIDED = ("le", "la", "je", "ne", "que", "de")
VOWELS = tuple("aâeéèêiîoôœuhy")  # no h here is aspirate

# Forms of one word, besides those of nouns, adjectives and verbs. The first is its lemma.
FORMS = "le la l' les|un une des|ce cet cette ces|mon ma mes|notre nos|son sa ses|je j'|il elle ils elles|ne n'|que qu'|de d'"
FORMS += "|être est sont|était étaient"


def french_plural(word: str) -> str:
    if word[-1] in "sx":
        return word
    if word.endswith("al"):
        return word[:-1] + "ux"
    return word + ("x" if word.endswith("eau") else "s")


def english_plural(noun: str) -> str:
    return ENGLISH_PLURALS.get(noun) or noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def inflected(word: str) -> dict[str, str]:
    """The forms of an adjective or a participle: m, f, mp, fp."""
    feminine = FEMININE.get(word) or (word if word[-1] == "e" else word + "e")
    return {"m": word, "f": feminine, "mp": french_plural(word), "fp": feminine + "s"}


def listed(text: str) -> list[list[str]]:
    """The words of each entry of a list."""
    return [entry.split() for entry in text.split(",")]


NOUNS = [
    Noun((english, english_plural(english)), (french, french_plural(french)), gender, kind)
    for kind, text in NOUN_LISTS.items()
    for english, french, gender in listed(text)
]
ADJECTIVES = [
    Adjective(english, inflected(french), *use)
    for use, text in ADJECTIVE_LISTS.items()
    for english, french in listed(text)
]

PLACES = [  # English and French preposition, noun
    (*preposition.rsplit(" ", 1), noun)
    for preposition, names in PREPOSITIONS.items()
    for noun in NOUNS
    if noun.english[0] in names
]


def lemmas(forms: Iterable[str]) -> dict[str, str]:
    """For each of these French forms its lemma. Forms have the same one if they differ in gender, number, person or before a
    vowel only; so a participle has its own, and "est" and "était" have two. Raises ValueError for a form with two lemmas."""
    groups = [group.split() for group in FORMS.split("|")]
    groups += [list(noun.french) for noun in NOUNS]
    groups += [list(each.french.values()) for each in ADJECTIVES]
    groups += [
        [each.french["m"], BEFORE_VOWEL[each.french["m"]]] for each in ADJECTIVES if each.french["m"] in BEFORE_VOWEL
    ]
    groups += [[verb.infinitive, *verb.french] for verb in (*VERBS, *INTRANSITIVE)]
    groups += [list(inflected(verb.participle).values()) for verb in VERBS if verb.participle]
    found = {}
    for lemma, *others in groups:
        for form in (lemma, *others):
            if found.setdefault(form, lemma) != lemma:
                raise ValueError(f"{form} is a form of {found[form]} and of {lemma}")
    return {form: found.get(form, form) for form in sorted(forms)}


# --- sentences -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """The same text in both languages: tokens separated by spaces."""

    english: str
    french: str

    def __add__(self, other: "Text") -> "Text":
        return Text(f"{self.english} {other.english}", f"{self.french} {other.french}")


@dataclass(frozen=True)
class Phrase:
    """A noun phrase, with all that other words need to agree with it. `id` is None if no agreement is marked."""

    text: Text
    gender: str
    plural: bool
    kind: str  # of a noun, or "i"
    id: int | None
    closed: bool = False  # whether it ends with a clause, to which any following words would belong

    def form(self, forms: Mapping[str, str]) -> str:
        """The form that agrees with it, with its mark."""
        number = "p" if self.plural else ""
        form = forms[self.gender + number]
        return form if self.id is None else f"{form}@{self.id}@{forms['m' + number]}"


@dataclass(frozen=True)
class Pair:
    """A line of the file. Each of `agreements`: the positions in `french` of a noun and of a form that agrees with it at a
    distance, and the form for a masculine noun."""

    split: str
    english: tuple[str, ...]
    french: tuple[str, ...]
    agreements: tuple[tuple[int, int, str], ...]


THIRD = {"m": "il", "f": "elle", "mp": "ils", "fp": "elles"}
OBJECT = {"m": "le", "f": "la", "mp": "les", "fp": "les"}
SPEAKER = Phrase(Text("i", "je"), "m", False, "i", None)
WHO = Phrase(Text("who", "qui"), "m", False, "people", None)


class Pen:
    """Writes sentences.

    rich: from 0 to 1, how much is added to what a sentence needs.
    alone: what a pronoun will stand for, "it" (one that is not human) or "they" (several), or "" if there will be none. The
    sentence has no second noun that the pronoun could stand for.
    """

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.rich, self.alone, self.used, self.inner, self.ids = 0.0, "", set(), False, 0

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    # phrases

    def noun(self, kinds: Sequence[str]) -> tuple[Noun, bool]:
        """A noun that is not yet in the sentence, and whether it is plural."""
        nouns = [noun for noun in NOUNS if noun.kind in kinds]
        while True:
            noun, plural = self.rng.choice(nouns), self.chance(0.45)
            plural = plural and noun.english[0] not in SINGULAR
            stands_for = "they" if plural else "" if noun.kind in HUMAN else "it"
            if noun not in self.used and (not stands_for or stands_for != self.alone):
                return noun, plural

    def phrase(self, noun: Noun, plural: bool, without: Sequence[str] = (), bare: bool = False) -> Phrase:
        """The noun with a determiner, none of those in `without`, with adjectives and, unless `bare`, perhaps a clause."""
        self.used.add(noun)
        self.ids += 1
        number = "p" if plural else ""
        determiners = [word for word in (SEVERAL if plural else ONE) if word not in without]
        if noun.kind in HUMAN:
            determiners = [word for word in determiners if (word in OWNERS) == (noun.kind == "kin")]
        determiner = self.rng.choices(determiners, [WEIGHTS.get(word, 1) for word in determiners])[0]
        before, after = self.adjective(noun, first=True), self.adjective(noun, first=False)
        if determiner == "some":
            before = []  # French would have "de" for "des"

        english = [determiner, *(each.english for each in (*before, *after)), noun.english[plural]]
        if determiner == "a" and english[1][0] in "aeiou":
            english[0] = "an"
        words = [each.french[noun.gender + number] for each in before] + [noun.french[plural]]
        words.insert(0, SEVERAL[determiner] if plural else ONE[determiner].split()[noun.gender == "f"])
        if not plural and words[-1].startswith(VOWELS):
            words[-2] = BEFORE_VOWEL.get(words[-2], words[-2])
        words[-1] += f"#{self.ids}"
        words += [each.french[noun.gender + number] for each in after]
        said = Phrase(Text(" ".join(english), " ".join(words)), noun.gender, plural, noun.kind, self.ids)
        if bare or self.inner or determiner in OWNERS or not self.chance(0.5 * self.rich):
            return said
        return replace(said, text=said.text + self.relative(said), closed=True)

    def adjective(self, noun: Noun, first: bool) -> list[Adjective]:
        """A list with an adjective to place before or after the noun, or an empty list."""
        fitting = [each for each in ADJECTIVES if each.first == first and noun.kind in each.kinds]
        return [self.unused(fitting)] if fitting and self.chance(0.15 + 0.2 * self.rich) else []

    def unused(self, words: Sequence[Adjective]) -> Adjective:
        """One of the words, if possible one that is not yet in the sentence."""
        chosen = self.rng.choice([word for word in words if word not in self.used] or words)
        self.used.add(chosen)
        return chosen

    def anything(self, kinds: Sequence[str], without: Sequence[str] = (), bare: bool = False) -> Phrase:
        return self.phrase(*self.noun(kinds), without, bare)

    def subject(self, kinds: Sequence[str]) -> Phrase:
        """A phrase, two phrases with "and" or, if people are allowed, "i"."""
        if "people" in kinds and self.chance(0.2):
            return SPEAKER
        if self.alone == "they" or not self.chance(0.15 * self.rich):
            return self.anything(kinds)
        one = self.anything(kinds, bare=True)
        other = self.anything(HUMAN if one.kind in HUMAN else [one.kind], bare=True)
        gender = "f" if one.gender == other.gender == "f" else "m"
        return Phrase(one.text + Text("and", "et") + other.text, gender, True, one.kind, one.id)

    def pronoun(self, of: Phrase) -> Phrase:
        """it, they, he or she. The French form of "it" and "they" depends on the noun that they replace."""
        if of.plural or of.kind not in HUMAN:
            return replace(of, text=Text("they" if of.plural else "it", of.form(THIRD)))
        self.ids += 1
        return replace(
            of, text=Text("he" if of.gender == "m" else "she", f"{THIRD[of.gender]}#{self.ids}"), id=self.ids
        )

    def place(self, kind: str = "") -> Text:
        """Where one of this kind may be; things may also lie on, under or in other things."""
        places = [each for each in PLACES if each[-1].kind == "place" or kind == "thing"]
        english, french, noun = self.rng.choice([each for each in places if each[-1] not in self.used])
        return Text(english, french) + self.phrase(noun, False, bare=True).text

    def time(self, tense: str) -> Text:
        return Text(*self.rng.choice(list(TIMES[tense].items())))

    # clauses

    def verb(
        self,
        subject: Phrase,
        verb: Verb,
        tense: str,
        adverb: str,
        question: bool = False,
        of: Phrase | None = None,
        head: Phrase | None = None,
    ) -> Text:
        """Subject and verb; the object is a pronoun for `of`, or the clause modifies its object `head`."""
        base, third, past = verb.english
        one = not subject.plural and subject.kind != "i"
        do = "did" if tense == "past" else "does" if one else "do"
        if question:
            english = f"{do} {subject.text.english} {adverb} {base}"
        elif adverb == "not":
            english = f"{subject.text.english} {do} not {base}"
        else:
            english = f"{subject.text.english} {adverb} {past if tense == 'past' else third if one else base}"
        person = 2 if subject.plural else 1 if one else 0
        french = [subject.text.french, "ne" if adverb in DENIALS else ""]
        if of is not None:
            english += " them" if of.plural else " it"
            french.append(of.form(OBJECT))
        if tense == "present":
            french += [verb.french[person], ADVERBS[adverb]]
        else:
            french += [HAVE.french[person], ADVERBS[adverb]]
            before = of or head  # with "avoir" the participle agrees with an object that comes before it
            french.append(before.form(inflected(verb.participle)) if before else verb.participle)
        return Text(english, " ".join(french))

    def transitive(self, verbs: Sequence[Verb]) -> Verb:
        """One of the verbs. Verbs with few kinds of objects have a larger weight, so that all are about equally frequent."""
        return self.rng.choices(verbs, [1 / len(verb.kinds) for verb in verbs])[0]

    def relative(self, head: Phrase) -> Text:
        """A clause with who or that, of which the head is the subject or the object."""
        self.inner = True
        tense = self.rng.choice(list(BE))
        if self.chance(0.5):
            who = Text("who" if head.kind in HUMAN else "that", "qui")
            text = self.clause(replace(head, text=who), tense)
        else:
            verbs = [verb for verb in VERBS if head.kind in verb.kinds and (tense == "present" or verb.participle)]
            adverb = self.adverb(tense)
            subject = self.subject(HUMAN)
            text = Text("that", "que") + self.verb(subject, self.transitive(verbs), tense, adverb, head=head)
            if adverb in ("", "not") and self.chance(0.4):
                text += self.time(tense)
        self.inner = False
        return text

    def adverb(self, tense: str, without: Sequence[str] = ()) -> str:
        adverbs = [word for word in ADVERBS if word not in without and (tense == "present" or word not in OFTEN)]
        return self.rng.choice(adverbs) if self.chance(0.45) else ""

    def clause(
        self,
        subject: Phrase,
        tense: str,
        object_: Phrase | None = None,
        of: Phrase | None = None,
        question: bool = False,
        without: Sequence[str] = (),
    ) -> Text:
        """Subject and predicate. The object is `object_`, or a pronoun for `of`, if one is given.

        `without`: "time" or "place" if the clause must not have it.
        """
        barred = (*(DENIALS if question or object_ else ()), *(("never", *OFTEN) if "time" in without else ()))
        lifeless = subject.kind not in (*LIVING, "i")
        if lifeless or (not (object_ or of or subject is SPEAKER) and self.chance(0.25)):
            adverb = self.adverb(tense, (*barred, "never", *OFTEN) if lifeless else barred)
            text, closed = self.state(subject, tense, adverb, question, without)
        else:
            adverb = self.adverb(tense, barred)
            text, closed = self.act(subject, tense, adverb, object_, of, question, without)
        if not closed and adverb in ("", "not") and "time" not in without and self.chance(0.1 + 0.4 * self.rich):
            text += self.time(tense)
        return text

    def state(
        self, subject: Phrase, tense: str, adverb: str, question: bool, without: Sequence[str]
    ) -> tuple[Text, bool]:
        """A state, such as "is green" or "is in the garden"; and whether a time would make no sense."""
        english, french = BE[tense][subject.plural]
        text = Text(
            f"{english} {subject.text.english} {adverb}" if question else f"{subject.text.english} {english} {adverb}",
            f"{subject.text.french} {'ne' if adverb in DENIALS else ''} {french} {ADVERBS[adverb]}",
        )
        if subject.kind != "place" and "place" not in without and self.alone != "it" and self.chance(0.25):
            return text + self.place(subject.kind), subject.kind == "thing"
        adjectives, moods = [each for each in ADJECTIVES if subject.kind in each.said_of], True
        if adverb not in ("", "not") or "time" in without:
            adjectives = [each for each in adjectives if each.english in MOODS]
        for conjunction in (Text("", ""), Text("and", "et"))[: 1 + self.chance(0.25 * self.rich)]:
            adjective = self.unused(adjectives)
            text += conjunction + Text(adjective.english, subject.form(adjective.french))
            moods = moods and adjective.english in MOODS
        return text, not moods

    def act(
        self,
        subject: Phrase,
        tense: str,
        adverb: str,
        object_: Phrase | None,
        of: Phrase | None,
        question: bool,
        without: Sequence[str],
    ) -> tuple[Text, bool]:
        """An action, such as "sleeps in the garden"; and whether it ends with a clause, to which a time would belong."""
        other = object_ or of
        if other or self.chance(0.5):
            verbs = [verb for verb in VERBS if tense == "present" or verb.participle]
            verbs = [verb for verb in verbs if subject.kind != "animal" or verb.infinitive in BY_ANIMALS]
            verbs = [verb for verb in verbs if "place" not in without or verb.infinitive not in NOWHERE]
            verb = self.transitive([verb for verb in verbs if other is None or other.kind in verb.kinds])
            text = self.verb(subject, verb, tense, adverb, question, of)
            if of is None:
                object_ = object_ or self.anything(verb.kinds, NEW if adverb in DENIALS else ())
                text += object_.text
                if object_.closed:
                    return text, True
        else:
            verb = self.rng.choice([verb for verb in INTRANSITIVE if subject.kind in (*verb.kinds, "i")])
            text = self.verb(subject, verb, tense, adverb, question)
        company = COMPANY.get(verb.infinitive)
        if company and self.chance(0.35 * self.rich):
            text += Text(*company) + self.anything(HUMAN, bare=True).text
        kind = (other or object_ or subject).kind
        nowhere = verb.infinitive in NOWHERE or kind == "place" or "place" in without or self.alone == "it"
        if not nowhere and self.chance(0.05 + 0.45 * self.rich):
            text += self.place(kind)
        return text, False

    # sentences

    def sentence(self, length: int) -> Text:
        """A sentence of about this many English tokens."""
        self.rich = min(1.0, max(0.0, (length - 4) / 16 + self.rng.uniform(-0.25, 0.25)))
        self.alone, self.used = "", set()
        if self.chance(0.15):
            return self.question() + Text("?", "?")
        return self.statement(max(1, round(length / self.rng.uniform(4, 9)))) + Text(".", ".")

    def question(self) -> Text:
        tense, sort = self.rng.choice(list(BE)), self.rng.choice(["who", "where is", "where", "why", "", ""])
        if sort == "who":
            return self.clause(WHO, tense)
        if sort == "where is":
            subject = self.anything((*LIVING, "thing"), NEW)
            english, french = BE[tense][subject.plural]
            return Text(f"where {english}", f"où {french}") + subject.text
        subject = self.anything(LIVING if sort == "where" else (*LIVING, "thing"), NEW)
        without = ("place",) if sort == "where" else ()
        return Text(sort, QUESTIONS[sort]) + self.clause(subject, tense, question=True, without=without)

    def statement(self, clauses: int) -> Text:
        """Clauses joined by conjunctions. In most of the later ones a pronoun replaces a noun of the first."""
        tenses = [self.rng.choice(list(BE)) for _ in range(clauses)]
        pronoun = self.rng.choice(["it", "they", ""]) if clauses > 1 else ""
        there = self.chance(0.08)
        head = self.head(pronoun, there) if pronoun or there else None
        if there:
            text = Text("there are" if head.plural else "there is", "il y a") + head.text
            text = text if head.closed or pronoun == "it" else text + self.place(head.kind)
            subject = SPEAKER
        else:
            as_object = head is not None and self.chance(0.6 if head.kind in LIVING else 0.85)
            usual = LIVING if self.chance(0.75) else ("thing", "place")
            subject = self.subject(HUMAN) if as_object else head or self.subject(usual)
            text = self.opening(subject, tenses[0], head if as_object else None)
        used = set()
        for before, tense in pairwise(tenses):
            allowed = [word for word in CONJUNCTIONS if word not in used]
            allowed = [word for word in allowed if word != "while" or before == tense == "present"] or ["and"]
            conjunction = self.rng.choice(allowed)
            text += Text(conjunction, CONJUNCTIONS[conjunction])
            if pronoun and (not used or self.chance(0.4)):
                if self.chance(0.4):
                    text += self.clause(self.pronoun(head), tense)
                else:
                    text += self.clause(self.subject(HUMAN), tense, of=head)
            elif not pronoun and subject.kind in HUMAN and not subject.plural and self.chance(0.6):
                text += self.clause(self.pronoun(subject), tense)
            else:
                subject = self.subject(LIVING)
                text += self.clause(subject, tense)
            used.add(conjunction)
        return text

    def head(self, pronoun: str, there: bool) -> Phrase:
        """The noun phrase that the pronoun will replace, or the one after "there is"."""
        kinds = [kind for kind in (OTHERS if pronoun == "it" else ALL) if not there or kind not in ("kin", "place")]
        noun, plural = self.noun(kinds)
        while pronoun and plural != (pronoun == "they"):
            noun, plural = self.noun(kinds)
        self.alone = pronoun
        return self.phrase(noun, plural, [word for word in (*ONE, *SEVERAL) if word not in NEW] if there else ())

    def opening(self, subject: Phrase, tense: str, object_: Phrase | None) -> Text:
        """The first clause, sometimes with its time or place in front."""
        if subject.kind not in (*LIVING, "i") or not self.chance(0.05 + 0.2 * self.rich):
            return self.clause(subject, tense, object_)
        if self.alone != "it" and self.chance(0.4):
            return self.place() + Text(",", ",") + self.clause(subject, tense, object_, without=("place",))
        return self.time(tense) + Text(",", ",") + self.clause(subject, tense, object_, without=("time",))


def elided(words: Sequence[str]) -> list[str]:
    """The words, with an apostrophe where a word loses its vowel before the next one."""
    following = [*words[1:], ""]
    return [
        word[:-1] + "'" if word in ELIDED and after.startswith(VOWELS) else word
        for word, after in zip(words, following, strict=True)
    ]


def finished(text: Text) -> Pair:
    """The sentence without marks, not yet in a split."""
    forms, masculine, nouns, agreeing = [], [], {}, []
    for i, token in enumerate(text.french.split()):
        token, _, id_ = token.partition("#")
        form, *mark = token.split("@")
        if id_:
            nouns[id_] = i
        if mark:
            agreeing.append((mark[0], i))
        forms.append(form)
        masculine.append(mark[1] if mark else form)
    french, masculine = elided(forms), elided(masculine)
    agreements = tuple((nouns[id_], i, masculine[i]) for id_, i in agreeing)
    return Pair("", tuple(text.english.split()), tuple(french), agreements)


def make_pairs(seed: int = SEED) -> list[Pair]:
    """All pairs, split by split; no English and no French sentence comes twice."""
    rng = random.Random(seed)
    pen = Pen(rng)
    shares = {split: dict(shared(size, LONG if split == "long" else USUAL)) for split, size in SIZES.items()}
    missing = Counter()
    for share in shares.values():
        missing.update(share)
    found, known = defaultdict(list), set()
    while missing := +missing:  # drops the lengths that are complete
        text = pen.sentence(rng.choice(list(missing)))
        length = len(text.english.split())
        if not missing[length]:
            continue
        pair = finished(text)
        if pair.english not in known and pair.french not in known:
            known |= {pair.english, pair.french}
            found[length].append(pair)
            missing[length] -= 1
    for each in found.values():
        rng.shuffle(each)  # the last ones found are the rarer ones
    pairs = []
    for split, share in shares.items():
        part = [replace(found[length].pop(), split=split) for length, count in share.items() for _ in range(count)]
        pairs += rng.sample(part, len(part))
    return pairs


def shared(size: int, lengths: range) -> list[tuple[int, int]]:
    """How many sentences of each length there are if there are `size` in all."""
    return [(length, size // len(lengths) + (i < size % len(lengths))) for i, length in enumerate(lengths)]


# --- the best possible scores --------------------------------------------------------------------------------------------

BACK = {f"nouns up to {back} tokens back": back for back in (3, 6, 12)}
BACK = {"no noun": 0, **BACK, "all nouns": math.inf}
GROUPS = {"4–6": range(4, 7), "7–9": range(7, 10), "10–12": range(10, 13), "13–14": range(13, 15)}  # English tokens


def remembered(pair: Pair, back: float) -> bool:
    """Whether a translator is right who knows the grammar, but forgets the gender of a noun more than `back` French tokens
    before the form that agrees with it, and then writes the masculine form."""
    return all(form - noun <= back or pair.french[form] == masculine for noun, form, masculine in pair.agreements)


def table(head: list, rows: list[list]) -> str:
    """A table in Markdown."""
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(f"{c:,}" if isinstance(c, int) else str(c) for c in row) + " |" for row in cells)


def numbers(pairs: list[Pair]) -> str:
    """The numbers for README.md: the contents of each split, and the best possible scores."""
    splits = {name: [pair for pair in pairs if pair.split == name] for name in SIZES}

    def share(holds) -> list[str]:
        return [f"{sum(bool(holds(pair)) for pair in split) / len(split):.1%}" for split in splits.values()]

    contents = [["pairs", *map(len, splits.values())]]
    for side in ("english", "french"):
        lengths = [sorted(len(getattr(pair, side)) for pair in split) for split in splits.values()]
        forms = [len({form for pair in split for form in getattr(pair, side)}) for split in splits.values()]
        contents.append([f"{side.title()} tokens", *map(sum, lengths)])
        contents.append(
            ["of a sentence: fewest, median, most", *(f"{n[0]}, {n[len(n) // 2]}, {n[-1]}" for n in lengths)]
        )
        contents.append([f"different {side.title()} forms", *forms])
    contents += [
        ["questions", *share(lambda pair: pair.english[-1] == "?")],
        ["with a relative clause", *share(lambda pair: {"who", "that"} & set(pair.english[1:]))],
        ["with a negation", *share(lambda pair: {"not", "never"} & set(pair.english))],
        ["with *it*, *them* or *they*", *share(lambda pair: {"it", "them", "they"} & set(pair.english))],
        ["with long-distance agreement", *share(lambda pair: pair.agreements)],
    ]
    far = [sorted(form - noun for pair in split for noun, form, _ in pair.agreements) for split in splits.values()]
    contents.append(["such forms", *map(len, far)])
    contents.append(["tokens back to the noun: median, most", *(f"{n[len(n) // 2]}, {n[-1]}" for n in far)])
    other = [sum(p.french[i] != m for p in split for _, i, m in p.agreements) for split in splits.values()]
    contents.append(["of them other than the masculine form", *other])

    counts = [
        Counter(form for pair in splits["train"] for form in getattr(pair, side)) for side in ("english", "french")
    ]
    rarest = [min(count.items(), key=lambda item: (item[1], item[0])) for count in counts]
    feminine, verbs = sum(noun.gender == "f" for noun in NOUNS), len(VERBS) + len(INTRANSITIVE)
    known = (
        f"The grammar has {len(NOUNS)} nouns, {feminine} of them feminine, {len(ADJECTIVES)} adjectives and {verbs} verbs. "
        f"The French forms have {len(set(lemmas(counts[1]).values()))} lemmas. All forms of the other splits are in train, "
        f"where the rarest ones are *{rarest[0][0]}*, {rarest[0][1]} times, and *{rarest[1][0]}*, {rarest[1][1]} times."
    )

    grouped = [[pair for pair in splits["test"] if len(pair.english) in lengths] for lengths in GROUPS.values()]
    reached = [
        [words, *(f"{sum(remembered(p, back) for p in each) / len(each):.3f}" for each in (*splits.values(), *grouped))]
        for words, back in BACK.items()
    ]
    head = ["correct sentences of a model that remembers", *SIZES, *(f"test, {name} tokens" for name in GROUPS)]
    return "\n\n".join((table(["", *SIZES], contents), known, table(head, reached)))


# --- files ---------------------------------------------------------------------------------------------------------------


def write_sample(pairs: list[Pair], folder: Path) -> None:
    """Write the files into `folder`, and their numbers into the README.md there, as `samples.write` does."""
    rows = ["\t".join(COLUMNS), *("\t".join((p.split, " ".join(p.english), " ".join(p.french))) for p in pairs)]
    forms = lemmas({form for pair in pairs for form in pair.french})
    words = ["form\tlemma", *(f"{form}\t{lemma}" for form, lemma in forms.items())]
    samples.write(folder, "make_pairs.py", {FILE: rows, LEMMAS: words}, numbers(pairs))


if __name__ == "__main__":
    write_sample(make_pairs(), HERE)
