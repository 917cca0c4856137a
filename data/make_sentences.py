"""Write the embedded sample of sentences with named entities, sentences.tsv.bz2, a file with its SHA-256, and its numbers in
README.md.

    python data/make_sentences.py

Names and sentences are combined from the lists below. The script writes the same bytes on every machine. README.md describes
the file, the structure that is built into it, and the best possible scores.

How to read a pattern: its tokens are separated by spaces. {person:a} is a name of this type in a context of this kind
(KINDS); {firm:a} is an organisation with the name of a company, not of a bank or an institute. {N} is a name of the type for
which the pattern is filled; {cue}, {cues} and {aside} come from the lists of this type. The first letter of a sentence is
changed to upper case.
"""

import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # also when the course is not installed

from data import samples  # noqa: E402

FILE = "sentences.tsv.bz2"
COLUMNS = ("split", "tokens", "tags", "kinds")

SEED = 20240303
SIZES = {"train": 3000, "validation": 500, "test": 1000}
LENGTHS = range(4, 33)  # tokens of a sentence
TYPES = ("person", "place", "organisation", "product")
KINDS = {  # of context: where the words are that show the type
    "a": "right before the name",
    "b": "right after the name",
    "c": "far to the right",
    "d": "far to the left",
}
FAR = {"c": 6, "d": 4}  # tokens after or before the name, at least

# What a sentence has: no entity, one, several of one type, an organisation with its product, or two or three of different
# types, in one scene or in two clauses of which one is of kind c or d.
SORTS = {"none": 0.15, "one": 0.45, "list": 0.05, "pair": 0.05, "scene": 0.11, "joined": 0.19}
# These make all kinds about equally frequent: many long sentences are too long, and are replaced.
KINDS_OF_ONE = {"a": 0.12, "b": 0.14, "c": 0.49, "d": 0.25}
FAR_OF_JOINED = {"c": 0.7, "d": 0.3}

AMBIGUOUS = {
    "a": 0.4,
    "b": 0.4,
    "c": 0.8,
    "d": 0.8,
}  # fraction of names, by kind, that are from STOCK: they can have any type
SEEN = {"train": 0, "validation": 0.33, "test": 0.33}  # of these: a name of the training split; a fifth of all names
FROM_STOCK = 0.3  # of the other names, where possible: built with one of STOCK ("Bank of Madison")


def lines(text: str) -> list[str]:
    """The lines of a block of text that are not empty."""
    return [line.strip() for line in text.strip().splitlines()]


# --- names ----------------------------------------------------------------------------------------------------------------
# Each of these can be a person, a place, an organisation or a product. A split has its own part of them.

STOCK = """
    Madison Paris Jordan Austin Florence Chelsea Orion Aurora Phoenix Atlas Sydney Dakota Savannah Georgia Carolina Victoria
    Alexandria Valencia Sienna Verona Vienna Lorraine Geneva Cheyenne Dallas Houston Lincoln Jackson Jefferson Franklin
    Kingston Brooklyn Devon Kent Chester Lancaster Hamilton Wellington Nelson Darwin Melbourne Adelaide Santiago Troy Helena
    Augusta Aspen Denver Boston Carmel Camden Camilla Celeste Luna Nova Stella Vega Lyra Apollo Juno Minerva Diana Athena
    Artemis Hermes Titan Calypso Iris Selene Castor Perseus Andromeda Sirius Altair Rigel Antares Mira Electra Maia Merlin
    Arthur Avalon Tristan Isolde Percival Sierra Hazel Juniper Willow Rowan Laurel Ivy Heather Clover Sorrel Saffron Jasmine
    Violet Olive Magnolia Dahlia Linden Alder Aster Sage Basil Coral Pearl Ruby Amber Jade Opal Onyx Jasper Garnet Topaz Beryl
    Sterling Falcon Raven Wren Griffin Leo Drake Kestrel Finch Harmony Serenity Liberty Victor Felicity Verity Trinity Genesis
    Haven Eden Arcadia Monroe Emerson Hudson Harper Parker Carter Mercer Sawyer Tyler Tanner Fletcher Archer Hunter Mason
    Taylor Marshall Spencer Porter Quincy Lennox Maxwell Winslow Marlow Harlow Barlow Arden Ashton Easton Weston Preston
    Clayton Dalton Milton Colton Carlton Morgan Logan Bristol Skye Iona Isla Arran Lewis Harris Ross Clyde Avon Severn Trent
    Derwent Kendal Selby Shelby Digby Darby Kelso Melrose Montrose Stirling Lorne Blair Lowell Newell Roma Milan Lucca Ravenna
    Modena Odessa Petra Cairo Memphis Delphi Olympia Naxos Rhodes Halcyon Solara Velora Meridian Polaris Zephyr Tempest Vesper
    Ember Aurelia Elara Oberon Titania Ariel Prospero Miranda Cordelia Portia Viola Lysander Leander Evander Cassius Marius
    Octavia Livia Flavia Claudia Cornelia Axel Felix Rex Hugo Summit
""".split()

FIRST = """
    Ivo Noor Sasha Kim Jules Alexis Andrea Luca Mika Nico Toni Robin Sam Alex Kit Jo Charlie Frankie Billie Jamie Jesse Casey
    Riley Quinn Rory Remy Lou Max Pat Chris Dana Gale Jackie Kerry Lee Leslie Lynn Marion Merle Mischa Nikita Noa Pascal
    Dominique Camille Morgane Yannick Loris Elia Gael Malo Sky Indigo Arya Kiran Amal Nour Salma Omid Parvin
    Ravi Anjali Devi Tara Kavi Mani Jin Yuki Akira Haru Ren Sora Hikaru Makoto Nao Ming Lian Wei Xiu Thi Minh Linh Kwame
    Ama Kofi Abena Zuri Imani Sefu Thandi Lindo Bongani Ayo Chidi Ngozi Femi Tunde Marta Tomasz Jana Pavel Zofia
    Bartek Ewa Lech Petr Vera Olga Dmitri Irina Anouk Sven Ingrid Lars Astrid Bjarne Signe Aino Eero Kaisa Matti Pilar Diego
    Inés Rafael Lucía Beatriz Joana Tiago Rita Nuno Carla Paolo Chiara Matteo Elena Giulia Dario Ilse Dieter Heike Jürgen
    Anke Uwe
""".split()

STARTS = """
    Hal Cor Bran Tol Mar Ves Kel Dor Fen Lin Ost Pel Quar Rav Sel Tam Wyn Yar Zel Gor Bel Nor Sim Var Lor Mel Ket Tor Fal Gren
    Hol Jar Kor Lem Mor Nel
""".split()
ENDS = "den van lin mar tor sel bar nis la ra mel dor gan ven ko ris tan vik zo net".split()
ROOTS = [start + end for start in STARTS for end in ENDS if start.lower() != end and start + end not in STOCK]
FAMILY = ("", "", "smith", "man", "wright", "sen")
SETTLEMENT = ("ville", "bury", "ford", "ham", "mouth", "stead")
NUMBERS = (20, 40, 50, 100, 200, 300, 400, 500, 700, 900, 1000, 2000)

# Forms that tell the type. {name} is a root or a name of STOCK, {root} a root.
FORMS = {
    "person": ("{first} {root}{family}",) * 5 + ("{first} {letter}. {root}{family}",),
    "place": ("Port {name}", "New {name}", "{name} Hill", "{name} Bay", "{name} on Sea") + ("{root}{settlement}",) * 5,
    "firm": ("{name} & Sons", "{name} Ltd", "{name} Group", "{name} & {root}", "{root}corp"),
    "product": ("{name} {number}",) * 3
    + ("{name}-{digit}",) * 2
    + ("{name} Pro", "{name} Mini", "{name} {number} Pro", "{root}ix"),
}
FORMS["organisation"] = (*FORMS["firm"], "Bank of {name}", "{name} Institute", "{name} Trust")

# --- kind a: the cue right before the name ---------------------------------------------------------------------------------
# The name is the subject, with the predicates of its type, or the end of a clause, with a time that may follow.

SUBJECTS = {
    "person": lines("""
        our teacher
        my cousin
        my colleague
        my friend
        my nephew
        our neighbour
        the gardener
        the pianist
        the plumber
        the baker
        the librarian
        the goalkeeper
        the nurse
        the painter
        Doctor
        Professor
        Captain
        Coach
    """),
    "place": ["downtown", "rural", "suburban", "coastal", "northern", "southern"],
    "firm": lines("""
        the company
        the insurer
        the airline
        the publisher
        the brewery
        the charity
        the manufacturer
        the law firm
        the supermarket chain
        the foundation
        the football club
        the start-up
    """),
    "organisation": ["the organisation", "the institution", "our sponsor", "my employer"],
    "product": lines("""
        the printer
        my camera
        the app
        our dishwasher
        the vacuum cleaner
        the tablet
        the electric bicycle
        my toothbrush
        the lawnmower
        the board game
        our coffee machine
        the detergent
        my smartwatch
        the drill
        the blender
    """),
}
PREDICATES = {
    "person": lines("""
        missed the bus again
        plays chess in the park on Sundays
        has written a poem about onions
        baked twelve loaves before breakfast
        never drinks tea without honey
        fell asleep during the concert
        speaks Italian with the cat
        ran home through the rain
        forgot the tickets on the kitchen table
        wants to keep bees
        found a ring under the sofa
        swims before work , even in December
        was too shy to dance
        cannot tell a rose from a tulip
        reads three books a week
    """),
    "place": lines("""
        has only one traffic light
        is quiet in winter
        gets more rain than sun
        was flooded twice in November
        is known for its plums
        lies under a metre of snow
        has lost its last cinema
        smells of seaweed in August
        is full of tourists on Saturdays
        has more bridges than streets
        can be seen from the lighthouse
        has not changed for a century
    """),
    "firm": lines("""
        hired two hundred people last year
        cancelled its summer party
        moved its desks to the top floor
        pays for the lunch of its trainees
        lost a lawsuit about a logo
        will merge with a rival
        opened a branch opposite the cinema
        published its annual report in March
        planted a tree for every new client
        answers letters within a day
        was founded in a garage
        is looking for a new chairwoman
        refused to comment on Thursday
    """),
    "product": lines("""
        stopped working after a week
        costs less than a pair of shoes
        comes with a manual in Japanese
        is lighter than an apple
        beeps whenever the door opens
        can be repaired with a spoon
        won the test against six rivals
        needs no cable
        was sold out before noon
        is too loud for our flat
        fits into a coat pocket
        must be switched off at night
        has been recalled because of a loose screw
        does not work below zero
    """),
}
PREDICATES["organisation"] = PREDICATES["firm"]
CLAUSES = lines("""
    we waited an hour for our teacher {person:a}
    the prize went to the pianist {person:a}
    I borrowed a ladder from our neighbour {person:a}
    the children sent a card to Doctor {person:a}
    the choir sang for the librarian {person:a}
    nobody recognised the painter {person:a}
    I learned this recipe from my cousin {person:a}
    we had a long talk with Professor {person:a}
    the crowd cheered for the goalkeeper {person:a}
    they all thanked the nurse {person:a}
    we spent a rainy week in {place:a}
    the ferry stopped for an hour near {place:a}
    my parents rented a cottage outside {place:a}
    the parade went right through {place:a}
    we cycled all the way across {place:a}
    the storm broke windows throughout {place:a}
    I got lost on a walk around {place:a}
    the train waited for ten minutes in {place:a}
    a bear was seen outside {place:a}
    they picked wild garlic near {place:a}
    a swimming pool was opened in {place:a}
    the balloon drifted slowly towards {place:a}
    she sold umbrellas in {place:a}
    my sister started to work for the insurer {firm:a}
    the contract was signed by the publisher {firm:a}
    we received an invoice from the company {firm:a}
    half the street bought shares in the brewery {firm:a}
    they complained to the airline {firm:a}
    the playground was paid for by the charity {firm:a}
    he gave up his job at the law firm {firm:a}
    she went to court against the manufacturer {firm:a}
    the shirts were paid for by our sponsor {organisation:a}
    a letter came from the institution {organisation:a}
    I took pictures of snails with my camera {product:a}
    she mended the fence with the drill {product:a}
    we made soup with the blender {product:a}
    he exchanged an old radio for the tablet {product:a}
    the children fought over the board game {product:a}
    I cleaned the carpet with the vacuum cleaner {product:a}
    somebody stole the electric bicycle {product:a}
    we found our way with the app {product:a}
    I printed the menu on the printer {product:a}
    the stain came out with the detergent {product:a}
""")
TIMES = lines("""
    on Monday
    on Tuesday evening
    last Friday
    in January
    in the middle of March
    last September
    one Sunday
    on a cold Wednesday in October
    two days ago
    this year
    after the French lesson
    before the news on TV
    at noon
    for the second time
""")

# --- kind b: the cue right after the name ----------------------------------------------------------------------------------
# What comes before is the same for all types.

OPENINGS = lines("""
    I read that
    nobody noticed that
    according to the radio ,
    my aunt says that
    it is well known that
    as we heard on TV ,
    the newspaper writes that
    everybody knows that
    we were told that
    believe it or not ,
    it is a pity that
    do not forget that
    I am glad that
    to be honest ,
    it is no secret that
    on Monday we heard that
    it says in the FAQ that
""")
ENDINGS = {
    "person": lines("""
        laughed so loudly that the dog woke up
        sneezed three times in a row
        whispered something about a surprise
        yawned during the speech
        blushed and said nothing
        married a beekeeper in April
        smiled at everybody in the queue
        cried at the end of the film
        shrugged and went on reading
        whistled all the way home
        graduated with a thesis on moss
        apologised for the noise
        nodded and closed the door
        hummed a tune from an opera
        snored through the whole DVD
        giggled behind the curtain
        sighed and put on an apron
    """),
    "place": lines("""
        airport was closed because of fog
        station has a new clock
        harbour froze over in January
        residents voted for more benches
        cathedral will be repaired this summer
        market opens at seven
        streets were empty after the match
        beaches are clean again
        schools were closed because of the snow
        castle can be visited on Sundays
        bakeries sell out before nine
        suburbs grow every year
        mayor opened the fair on Saturday
        rooftops were white with frost
        taxis are painted yellow
        trams run until midnight
    """),
    "organisation": lines("""
        shares fell by a tenth on Friday
        employees get fruit for free
        shareholders met on Thursday
        headquarters will move across the river
        lorries blocked the road for hours
        customers have to wait for a refund
        trainees baked a cake for the boss
        lawyers wrote an angry letter
        profits doubled within a year
        managers had to wash the dishes
        invoices arrive on the first of the month
        adverts are all over the bus stop
        offices are cold on Mondays
        spokeswomen denied the rumour
        subsidiaries were sold in July
        vacancies are listed in Spanish , too
    """),
    "product": lines("""
        batteries are sold out again
        chargers fit every socket
        firmware was updated overnight
        screens break easily
        cartridges cost a fortune
        manuals were translated into German
        refills smell of lemon
        buttons are too small for thumbs
        downloads reached a million
        cables are always too short
        accessories are in the drawer
        filters have to be changed in March
        software has learned Portuguese
        lenses scratch too easily
        prototypes were tested in the desert
        replacements arrive within a week
    """),
}

# --- kind c: the cue far to the right --------------------------------------------------------------------------------------
# A beginning that fits all types, and an end that fits one.

BEGINNINGS = lines("""
    yesterday {N} surprised all of us once again :
    for years {N} was hardly mentioned in our family , but then
    we talked about {N} for the whole evening :
    there is one more thing to say about {N} before we go to bed :
    I had almost forgotten {N} when the letter arrived on Saturday :
    in the end {N} turned out to be the best of all :
    my grandmother told me a story about {N} that I will never forget :
    they still speak of {N} with a smile and a shake of the head :
    if you ask me , {N} deserves a good word for once :
    nobody had expected much of {N} at the start of the year , but
    the short report about {N} in the newspaper was true after all :
    what surprised me most about {N} is easy to say :
    I changed my mind about {N} in the course of the summer :
    the news about {N} came late in the evening on TV :
    we had all been wrong about {N} , as we learned on Wednesday :
    whatever they say about {N} on the stairs , I know that
""")
CONTINUATIONS = {
    "person": lines("""
        she learned the piano in a single month
        he cooked soup for the whole street
        she has never missed a train in her life
        he taught the parrot to say good night
        she repaired three clocks with her own hands
        he wore the same coat for twenty years
        her laugh could be heard in the next house
        his beard had turned white overnight
        she knows every bird by its song
        he was afraid of lifts until the age of fifty
        her grandchildren sent flowers from abroad
        she won the race with a broken arm
        his mother had hidden the violin
        he passed the driving test at the ninth attempt
        she was born on a ship
        he broke a leg while dancing
    """),
    "place": lines("""
        its river rose by a metre overnight
        its bay was full of dolphins
        the alleys there are too steep for bicycles
        its lighthouse has been painted green
        the snow lay there until the end of May
        its only bridge was closed for a year
        the fishermen there still mend their nets by hand
        half of its houses stand on wooden piles
        its main square was turned into a garden
        there are more goats than people there
        its population doubled within ten years
        the trains stop there only once a day
        its inhabitants built the road themselves
        two rivers meet there under an old oak
        its church bells ring a quarter of an hour late
        tourists sleep there on the beach
    """),
    "organisation": lines("""
        it hired forty people within a week
        its director resigned by postcard
        it paid its debts before the winter
        its board meets on a boat
        it opened a second office in the old mill
        its canteen serves cake every day
        the shareholders voted against the merger
        it bought its largest competitor
        its founders still answer the phone themselves
        it dismissed nobody during the crisis
        the trade union agreed to the new contracts
        it gave every employee a day off
        its profits went to a hospital
        it moved its headquarters to a farm
        its accountants had found a million in a drawer
        it went bankrupt and nobody noticed
    """),
    "product": lines("""
        its battery lasted for nine days
        it can be charged within a minute
        its screen survived a fall from the roof
        the instructions are printed on the lid
        it runs on rainwater
        its buttons glow in the dark
        it comes with two spare batteries
        the plug does not fit any socket
        its motor is quieter than a cat
        it costs half as much as last year
        it weighs less than an apple
        its handle is made of cork
        you have to shake it before use
        the warranty covers even coffee stains
        its filter can be washed by hand
        the lid comes off when it gets warm
    """),
}

# --- kind d: the cue far to the left ---------------------------------------------------------------------------------------

CUES = {
    "person": lines("""
        neighbour
        dentist
        plumber
        hairdresser
        violinist
        tailor
        gardener
        babysitter
        pilot
        referee
        novelist
        goalkeeper
    """),
    "place": lines("""
        village
        town
        suburb
        port
        island
        holiday resort
        capital
        district
        hamlet
        market town
        fishing village
        mountain village
    """),
    "firm": lines("""
        company
        insurer
        employer
        publisher
        airline
        football club
        law firm
        start-up
        foundation
        orchestra
        manufacturer
        supermarket chain
    """),
    "product": lines("""
        camera
        printer
        tablet
        dishwasher
        blender
        drill
        lawnmower
        smartphone
        toothbrush
        vacuum cleaner
        board game
        coffee machine
    """),
}
FRAMES = lines("""
    the {cue} that everybody was talking about last week is called {N}
    the name of the {cue} that my parents like so much is {N}
    when my sister looked for a new {cue} , a friend told her about {N}
    as for the best {cue} in the whole country , I would vote for {N}
    there was only one {cue} left on our list , and that was {N}
    for years we had looked for a better {cue} before we discovered {N}
    my favourite {cue} , as you may remember , is still {N}
    of course the {cue} in this old photograph can only be {N}
    if you need a good {cue} , take my advice and choose {N}
    the prize for the best {cue} of the year went to {N}
    which {cue} did the children like best ? I am sure it was {N}
    a {cue} was missing from the list , so somebody added {N}
    we compared every {cue} we knew and finally agreed on {N}
    my new {cue} , {aside} , is called {N}
    that {cue} , {aside} , bears the name {N}
    the {cue} we dream of , {aside} , must be {N}
""")
ASIDES = {
    "person": lines("""
        who plays the cello at night
        who has two parrots
        who never wears socks
        who laughs at every joke
        who grew up on a boat
        who drinks only hot water
        who paints every wall blue
        who speaks Polish and Greek
    """),
    "place": lines("""
        where the bus stops twice a day
        where everybody keeps bees
        where it rains all July
        where nobody locks the door
        where the river bends
        where goats cross the street
        where the sea is never cold
        where they still dance on Sundays
    """),
    "firm": lines("""
        which pays for lunch
        which employs half my family
        which answers every letter
        which closes early on Fridays
        which still sends faxes
        which has changed its logo twice
        which owes me an apology
        which meets in a tent
    """),
    "product": lines("""
        which beeps at midnight
        which survived the washing
        which runs without a cable
        which weighs next to nothing
        which came in a wooden box
        which broke on the second day
        which can be folded
        which needs three batteries
    """),
}
LISTS = lines("""
    two {cues} were praised in the newspaper this week : {N} and {N}
    three {cues} were mentioned in the letter : {N} , {N} and {N}
    the best {cues} of the year , if you ask me , are {N} and {N}
    in the autumn we will compare three {cues} with each other : {N} , {N} and {N}
    she has pictures of her favourite {cues} on the wall above her desk : {N} , {N} and {N}
    only two {cues} were left at the end of the day , namely {N} and {N}
    the children had to guess the names of three {cues} and finally wrote {N} , {N} and {N}
    I will never mix up those two {cues} again , I mean {N} and {N}
""")

# --- two or three entities of different types ------------------------------------------------------------------------------
# A name of kind b comes first, so that nothing to its left tells the type.

SCENES = lines("""
    {person:b} laughed when the tablet {product:a} fell into the soup
    {person:b} married a beekeeper from a farm near {place:a} in April
    {person:b} nodded and signed the contract with the airline {firm:a}
    {person:b} hummed a tune and repaired the printer {product:a}
    {place:b} residents wrote to the airline {firm:a} about the noise at night
    {place:b} station sells tickets through the app {product:a}
    {place:b} harbour was frozen when Captain {person:a} came back
    {place:b} airport was closed , so my friend {person:a} played the board game {product:a} for six hours
    {organisation:b} shares rose after the electric bicycle {product:a} had won a prize
    {organisation:b} employees gave a watering can to the gardener {person:a}
    {organisation:b} lorries got stuck on a bridge near {place:a}
    {organisation:b} trainees took our coffee machine {product:a} to a lake outside {place:a}
    {product:b} cartridges are cheaper in {place:a} than anywhere else
    {product:b} manuals are written by the law firm {firm:a}
    {product:b} chargers were invented by my cousin {person:a} in a shed near {place:a}
    {product:b} batteries were tested by the insurer {firm:a} after a fire in {place:a}
    my cousin {person:a} moved to a cottage near {place:a} in April
    our teacher {person:a} left the tablet {product:a} on a bench in {place:a}
    the insurer {firm:a} sent the plumber {person:a} to a flooded cellar in {place:a}
    the app {product:a} was invented by my colleague {person:a} on a train
    the publisher {firm:a} gave a party for Professor {person:a} on Friday
    the company {firm:a} builds the drill {product:a} in a hall outside {place:a}
    on Thursday Doctor {person:a} moved to a practice in {place:a}
    the lawnmower {product:a} woke the baker {person:a} at six
    I sold the printer {product:a} to the gardener {person:a} for a basket of plums
    the football club {firm:a} plays on a muddy field near {place:a}
    we met the pianist {person:a} at a party of the foundation {firm:a} in {place:a}
    in June the goalkeeper {person:a} left the football club {firm:a}
    the manufacturer {firm:a} tests the vacuum cleaner {product:a} in a quarry near {place:a}
""")
CONNECTIONS = [", and", ", and", ", but", ";", ", while", ", although"]

# --- no entity ---------------------------------------------------------------------------------------------------------------
# Capitals and the names' own words in lower case.

PEOPLE = lines("""
    my sister
    our guests
    the boy next door
    an old man
    two pupils
    somebody
    my grandmother
    the twins
    I
    we
    they
    the woman in the red coat
""")
DEEDS = lines("""
    bought an atlas and a globe
    watered the rose in the yard
    learned Swedish by watching TV
    lost a pearl in the bath
    drank jasmine tea with a little honey
    watched a falcon above the barn
    sat under the willow by the pond
    carved a flute out of hazel
    put an olive on every sandwich
    counted to a hundred in Latin
    wrote a diary in French
    read the FAQ and understood nothing
    borrowed a DVD from the library
    crossed the summit in a tempest
    painted the shed in amber and violet
    planted clover behind the house
    found a ruby in an old shoe
    took the GPS out of the car
    had to spell every word in English
    sewed a curtain of jade green silk
    made a cake with saffron
    slept until the iris opened
    looked for the key in the haven of the armchair
    danced to the music of a street band
    sent an SMS to the wrong number
    peeled onions and cried
    saw a raven on the roof
    asked for the recipe in Italian
    wore a coat of ivy at the carnival
    fed the hens and the geese
    listened to a lecture about basil and sage
    hung the washing out in the rain
""")


# --- writing ---------------------------------------------------------------------------------------------------------------

SLOT = re.compile(r"\{(\w+):([abcd])\}")


@dataclass(frozen=True)
class Entity:
    """Tokens start … stop − 1 of a sentence. `form` is a pattern of FORMS, or "" for a name of STOCK.

    `cue` is the place of the nearest token, the name aside, that says something of the type.
    """

    start: int
    stop: int
    type: str
    kind: str
    form: str
    cue: int


@dataclass(frozen=True)
class Sentence:
    """A line of the file."""

    split: str
    tokens: tuple[str, ...]
    entities: tuple[Entity, ...]

    @property
    def tags(self) -> list[str]:
        """IOB2, one a token."""
        tags = ["O"] * len(self.tokens)
        for entity in self.entities:
            tags[entity.start] = f"B-{entity.type}"
            for i in range(entity.start + 1, entity.stop):
                tags[i] = f"I-{entity.type}"
        return tags

    def surface(self, entity: Entity) -> str:
        return " ".join(self.tokens[entity.start : entity.stop])


def divided(rng: random.Random, words: Sequence[str]) -> dict[str, list[str]]:
    """Parts of the words for each split, none in two."""
    words = rng.sample(words, len(words))
    first, second = round(0.625 * len(words)), round(0.75 * len(words))
    return {"train": words[:first], "validation": words[first:second], "test": words[second:]}


def tagged(slot: str) -> str:
    """The type of the names in a slot: the slot itself, unless it is "firm"."""
    return "organisation" if slot == "firm" else slot


class Pen:
    """Writes the sentences of one split. All entries of a list are used equally often, so each split has all contexts, and each
    of its names from STOCK occurs with all types. `known` are the names of the training split."""

    def __init__(
        self, rng: random.Random, split: str, stock: list[str], known: list[str], roots: list[str], first: list[str]
    ):
        self.rng, self.split = rng, split
        self.stock, self.known, self.roots, self.first = stock, known, roots, first
        self.piles = {}

    def deal(self, cards: Sequence[str], of: str = "") -> str:
        """One of the cards, without replacement until all have been used; each `of` has its own pile."""
        pile = self.piles.setdefault((of, tuple(cards)), [])
        if not pile:
            pile += self.rng.sample(cards, len(cards))
        return pile.pop()

    def maybe(self, cards: Sequence[str]) -> str:
        """One of the cards, or nothing."""
        return self.deal(cards) if self.rng.random() < 0.5 else ""

    def weighted(self, weights: Mapping[str, float]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def name(self, slot: str, kind: str) -> tuple[list[str], str]:
        """Tokens and form of a name."""
        rng = self.rng
        if rng.random() < AMBIGUOUS[kind]:
            return [self.deal(self.known if rng.random() < SEEN[self.split] else self.stock, of=tagged(slot))], ""
        form = self.deal(FORMS[slot])
        name = form.format(
            name=self.deal(self.stock if rng.random() < FROM_STOCK else self.roots),
            root=self.deal(self.roots),
            first=self.deal(self.first),
            letter=rng.choice("ABCDEFGHJKLMNPRSTVW"),
            family=rng.choice(FAMILY),
            settlement=rng.choice(SETTLEMENT),
            number=rng.choice(NUMBERS),
            digit=rng.randrange(2, 10),
        )
        return name.split(), form

    def fill(self, pattern: str) -> tuple[list[str], list[Entity]]:
        """A clause with names in its slots. In kinds c and d, "^" marks the place before or after the cue, and is removed."""
        tokens, found, mark = [], [], 0
        for token in pattern.split():
            if slot := SLOT.fullmatch(token):
                name, form = self.name(*slot.groups())
                found.append((len(tokens), len(tokens) + len(name), *slot.groups(), form))
                tokens += name
            elif token == "^":
                mark = len(tokens)
            else:
                tokens.append(token)
        stops = {start: stop for start, stop, *_ in found}
        entities = []
        for start, stop, slot, kind, form in found:
            after = stops.get(stop, stop)  # an organisation and its product have the same cue
            cue = {"a": start - 1, "b": after, "c": mark, "d": mark - 1}[kind]
            entities.append(Entity(start, stop, tagged(slot), kind, form, cue))
        return tokens, entities

    def clause(self, kind: str, type_: str) -> str:
        """A pattern with one slot, without a full stop."""
        slot = self.deal(["firm", "firm", "organisation"]) if type_ == "organisation" else type_
        if kind == "a":
            if self.rng.random() < 0.6:
                return f"{self.deal([each for each in CLAUSES if f'{{{slot}:a}}' in each])} {self.maybe(TIMES)}"
            return f"{self.maybe(OPENINGS)} {self.deal(SUBJECTS[slot])} {{{slot}:a}} {self.deal(PREDICATES[slot])}"
        if kind == "b":
            return f"{self.maybe(OPENINGS)} {{{type_}:b}} {self.deal(ENDINGS[type_])}"
        if kind == "c":
            return f"{self.deal(BEGINNINGS)} ^ {self.deal(CONTINUATIONS[type_])}".replace("{N}", f"{{{type_}:c}}")
        return self.frame(FRAMES, type_)

    def frame(self, patterns: Sequence[str], type_: str) -> str:
        """One of FRAMES or LISTS for one type, with "^" after the cue."""
        slot = "firm" if type_ == "organisation" else type_
        pattern, cue = self.deal(patterns, of=type_), self.deal(CUES[slot])
        if "{aside}" in pattern:
            pattern = pattern.replace("{cue}", cue).replace("{aside}", f"{self.deal(ASIDES[slot])} ^")
        pattern = pattern.replace("{cue}", f"{cue} ^").replace("{cues}", f"{cue}s ^").replace("{N}", f"{{{slot}:d}}")
        return re.sub(r"\ba (?=[aeiou])", "an ", pattern)

    def nothing(self) -> str:
        """A clause without an entity. Half of these clauses have a cue of kind a, but no name after it."""
        if self.rng.random() < 0.5:
            slot = self.deal([slot for slot in SUBJECTS if slot != "place"])
            subject = self.deal([subject for subject in SUBJECTS[slot] if subject.islower()])  # no titles
            return f"{self.maybe(OPENINGS)} {subject} {self.deal(PREDICATES[slot])}"
        return f"{self.maybe(OPENINGS)} {self.deal(PEOPLE)} {self.deal(DEEDS)} {self.maybe(TIMES)}"

    def clauses(self, sort: str) -> list[str]:
        """The patterns that make up a sentence of this sort."""
        if sort == "none":
            return [self.nothing() for _ in range(self.rng.choice([1, 1, 2]))]
        if sort == "one":
            return [self.clause(self.weighted(KINDS_OF_ONE), self.deal(TYPES, of=sort))]
        if sort == "list":
            return [self.frame(LISTS, self.deal(TYPES, of=sort))]
        if sort == "pair":
            return [f"{self.maybe(OPENINGS)} {{firm:b}} {{product:b}} {self.deal(ENDINGS['product'])}"]
        if sort == "scene":
            return [self.deal(SCENES)]
        one = self.deal(TYPES, of=sort)
        other = self.deal([type_ for type_ in TYPES if type_ != one])
        both = [self.clause(self.weighted(FAR_OF_JOINED), one), self.clause(self.deal("ab"), other)]
        return self.rng.sample(both, 2)

    def sentence(self, sort: str) -> Sentence:
        tokens, entities = [], []
        for pattern in self.clauses(sort):
            tokens += self.deal(CONNECTIONS).split() if tokens else []
            words, found = self.fill(pattern)
            n = len(tokens)
            entities += [replace(e, start=e.start + n, stop=e.stop + n, cue=e.cue + n) for e in found]
            tokens += words
        tokens[0] = tokens[0][0].upper() + tokens[0][1:]
        return Sentence(self.split, (*tokens, "!" if self.rng.random() < 0.05 else "."), tuple(entities))


def make_sentences(seed: int = SEED) -> list[Sentence]:
    """All sentences, split by split. All are different, and none has a name twice."""
    rng = random.Random(seed)
    stock, roots, first = (divided(rng, words) for words in (STOCK, ROOTS, FIRST))
    sentences, known = [], set()
    for split, size in SIZES.items():
        pen = Pen(rng, split, stock[split], stock["train"], roots[split], first[split])
        written = []
        for sort in [sort for sort, share in SORTS.items() for _ in range(round(share * size))]:
            while True:
                sentence = pen.sentence(sort)
                names = {sentence.surface(entity) for entity in sentence.entities}
                new = sentence.tokens not in known and len(names) == len(sentence.entities)
                if new and len(sentence.tokens) in LENGTHS:
                    break
            known.add(sentence.tokens)
            written.append(sentence)
        rng.shuffle(written)
        sentences += written
    return sentences


# --- the best possible scores ------------------------------------------------------------------------------------------

READERS = {  # which cues they see
    "the name": lambda entity: False,
    "the name and everything before it": lambda entity: entity.cue < entity.start,
    "the name and three tokens on each side": lambda entity: entity.start - 3 <= entity.cue < entity.stop + 3,
    "the whole sentence": lambda entity: True,
}


def told(entities: Sequence[Entity], reader: str) -> float:
    """The expected fraction of right types for a reader who sees only this much, and chooses at random if it shows no type."""
    right = [1 if entity.form or READERS[reader](entity) else 1 / len(TYPES) for entity in entities]
    return sum(right) / len(right)


def gazetteer(sentences: list[Sentence]) -> dict[tuple[str, ...], str]:
    """Each name in the sentences, with its most frequent type."""
    types = defaultdict(Counter)
    for sentence in sentences:
        for entity in sentence.entities:
            types[sentence.tokens[entity.start : entity.stop]][entity.type] += 1
    return {name: min(counts, key=lambda type_: (-counts[type_], type_)) for name, counts in types.items()}


def look_up(tokens: tuple[str, ...], names: dict[tuple[str, ...], str]) -> set[tuple[int, int, str]]:
    """Start, stop and type of the names that occur among the tokens, read from the left, the longest first."""
    found, i, longest = set(), 0, max(map(len, names))
    while i < len(tokens):
        fitting = [n for n in range(longest, 0, -1) if tokens[i : i + n] in names]
        if fitting:
            found.add((i, i + fitting[0], names[tokens[i : i + fitting[0]]]))
        i += fitting[0] if fitting else 1
    return found


def looked_up(sentences: list[Sentence], names: dict[tuple[str, ...], str]) -> tuple[float, float, float]:
    """Scores of looking up the names: recall of the spans, fraction of these with the right type, F1 of spans with types."""
    spans = right = guessed = 0
    for sentence in sentences:
        true = {(entity.start, entity.stop): entity.type for entity in sentence.entities}
        found = look_up(sentence.tokens, names)
        guessed += len(found)
        spans += sum((start, stop) in true for start, stop, _ in found)
        right += sum(true.get((start, stop)) == type_ for start, stop, type_ in found)
    total = sum(len(sentence.entities) for sentence in sentences)
    return spans / total, right / spans, 2 * right / (guessed + total)


def table(head: list, rows: list[list]) -> str:
    """A table in Markdown."""
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(f"{c:,}" if isinstance(c, int) else str(c) for c in row) + " |" for row in cells)


def numbers(sentences: list[Sentence]) -> str:
    """The numbers for README.md: the contents of each split, and the best possible scores."""
    splits = {name: [sentence for sentence in sentences if sentence.split == name] for name in SIZES}
    entities = {name: [entity for sentence in split for entity in sentence.entities] for name, split in splits.items()}
    names = {name: [s.surface(entity) for s in split for entity in s.entities] for name, split in splits.items()}
    lengths = [sorted(len(sentence.tokens) for sentence in split) for split in splits.values()]
    known = set(names["train"])

    def share(holds) -> list[str]:
        return [f"{sum(map(holds, each)) / len(each):.1%}" for each in entities.values()]

    contents = [["sentences", *map(len, splits.values())]]
    for n, words in enumerate(("no entity", "one entity", "two entities", "three entities")):
        contents.append([f"with {words}", *(sum(len(s.entities) == n for s in split) for split in splits.values())])
    contents.append(["tokens", *map(sum, lengths)])
    contents.append(["of a sentence: fewest, median, most", *(f"{n[0]}, {n[len(n) // 2]}, {n[-1]}" for n in lengths)])
    contents.append(["entities", *map(len, entities.values())])
    for type_ in TYPES:
        contents.append([f"of type {type_}", *(sum(e.type == type_ for e in each) for each in entities.values())])
    contents += [[f"of kind {kind}", *share(lambda e, kind=kind: e.kind == kind)] for kind in KINDS]
    contents.append(["with an ambiguous name", *share(lambda e: not e.form)])
    contents.append(["whose name has more than one token", *share(lambda e: e.stop - e.start > 1)])
    contents.append(["directly after another entity", *(sum(_adjacent(s) for s in split) for split in splits.values())])
    contents.append(["different names", *(len(set(each)) for each in names.values())])
    contents.append(
        [
            "with a name of the training set",
            *(f"{sum(n in known for n in each) / len(each):.1%}" for each in names.values()),
        ]
    )

    told_by = []
    for reader in READERS:
        of_test = [[entity for entity in entities["test"] if entity.kind == kind] for kind in KINDS]
        told_by.append([reader, *(f"{told(each, reader):.3f}" for each in (*entities.values(), *of_test))])
    head = ["correct type, known:", *SIZES, *(f"test, kind {kind}" for kind in KINDS)]

    by_heart = gazetteer(splits["train"])
    looked = [
        [name, *(f"{value:.3f}" for value in looked_up(splits[name], by_heart))] for name in ("validation", "test")
    ]
    head_2 = ["list of the names in train", "names found", "of these with the right type", "F1"]
    return "\n\n".join((table(["", *SIZES], contents), table(head, told_by), table(head_2, looked)))


def _adjacent(sentence: Sentence) -> int:
    """How many entities begin where another ends."""
    return len({entity.start for entity in sentence.entities} & {entity.stop for entity in sentence.entities})


# --- files -----------------------------------------------------------------------------------------------------------------


def write_sample(sentences: list[Sentence], folder: Path) -> None:
    """Write the file into `folder`, and its numbers into the README.md there, as `samples.write` does."""
    rows = ["\t".join(COLUMNS)]
    for s in sentences:
        kinds = " ".join(entity.kind for entity in s.entities) or "-"
        rows.append("\t".join((s.split, " ".join(s.tokens), " ".join(s.tags), kinds)))
    samples.write(folder, "make_sentences.py", {FILE: rows}, numbers(sentences))


if __name__ == "__main__":
    write_sample(make_sentences(), HERE)
