"""Write the embedded sample of film reviews: reviews.tsv.bz2, a file with its SHA-256, and its numbers in README.md.

    python data/make_reviews.py

The reviews come from the grammar below: word lists, sentence patterns with {slots}, and rules that combine them. The script
writes the same bytes on every machine. README.md describes the structure that is built into the reviews, and why.

How to read a pattern: {place} is the film's own place, or an entry sampled from the list of that name, the same one each time
within a sentence ({relative2} is a second, different entry). Slots that begin with W or L are opinions: W has the polarity of
the sentence, L the opposite one. {W} is "truly superb", {Wp} and {Wq} are plain adjectives, {Wn} is a noun, {Ws} a state of
the viewer, {Wv} a verb in the past, {Wb} its base form, {Wr} an advice ("see"), {Wx} an adjective for places near a "not";
{aW}, {aWn}, … include the article. A "side" in this script is a polarity: 1 is positive, 0 is negative.
"""

import itertools
import random
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import fmean

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # so that the command above works without installing the course

from course_utils.text import tokenize  # noqa: E402
from data import samples  # noqa: E402

SEED = 20240229
SIZES = {"train": 3000, "validation": 500, "test": 1000, "unlabelled": 500}
TWIN_SHARE = 1 / 3  # fraction of the reviews in each split
NOISE_SHARE = 0.02  # fraction of the other reviews whose stars are wrong: their writers confused the ends of the scale
FILE = "reviews.tsv.bz2"
COLUMNS = ("split", "label", "stars", "twin", "text")


def lines(text: str) -> list[str]:
    """The lines of a block of text that are not empty."""
    return [line.strip() for line in text.strip().splitlines()]


def turns(text: str) -> list[list[str]]:
    """The orders of each turn, from lines with "|" between the orders; a line may break after one."""
    return [[order.strip() for order in line.split("|")] for line in lines(text.replace("|\n", "|"))]


# --- opinion words, from the most frequent to the rarest ------------------------------------------------------------
# By side (1 positive, 0 negative). Reviews of two and four stars mostly have mild adjectives, others strong ones.

ADJECTIVES = {
    (1, "mild"): """good enjoyable entertaining engaging decent charming clever likeable pleasant solid convincing witty
        lively thoughtful satisfying polished inventive graceful touching amusing absorbing fresh stylish tender
        watchable""",
    (1, "strong"): """brilliant excellent superb wonderful great outstanding magnificent terrific fantastic stunning
        masterful marvellous flawless splendid dazzling exceptional perfect glorious breathtaking unforgettable
        extraordinary phenomenal exquisite sublime""",
    (
        0,
        "mild",
    ): """bad weak boring predictable forgettable bland clumsy mediocre tedious uneven shallow lifeless muddled
        thin sloppy stale dreary awkward plodding pointless lazy uninspired tiresome stilted limp""",
    (0, "strong"): """dull dreadful awful terrible horrible atrocious appalling abysmal pathetic laughable unwatchable
        unbearable lousy horrendous insulting wretched disastrous ghastly excruciating miserable rotten hopeless
        hideous deplorable""",
}
NOUNS = {
    1: "masterpiece triumph gem delight treat joy classic winner marvel treasure knockout".split(),
    0: "disaster mess bore failure disappointment chore flop dud letdown fiasco shambles ordeal".split(),
}
STATES = {
    1: "moved thrilled gripped delighted hooked captivated charmed enchanted fascinated amused spellbound".split(),
    0: "bored annoyed irritated disappointed frustrated exasperated exhausted embarrassed unmoved".split(),
}
VERBS = {  # past and base form
    1: [("loved", "love"), ("enjoyed", "enjoy"), ("adored", "adore"), ("liked", "like"), ("admired", "admire")],
    0: [
        ("hated", "hate"),
        ("disliked", "dislike"),
        ("loathed", "loathe"),
        ("detested", "detest"),
        ("despised", "despise"),
    ],
}
ADVICE = {1: "see watch choose catch".split(), 0: "skip avoid ignore miss".split()}
DEGREES = {
    "mild": "really very quite rather pretty so fairly genuinely surprisingly consistently".split(),
    "strong": "absolutely truly utterly really completely so simply thoroughly positively".split(),
}
DEGREES_NEAR_NOT = {
    "mild": "very really so".split(),
    "strong": "really truly so".split(),
}  # "not fairly good" is not English
ADJECTIVES = {key: words.split() for key, words in ADJECTIVES.items()}

# --- opinion that turns: the side of W decides, whatever comes first --------------------------------------------------
# Each family has patterns; each pattern has one or more orders of the same words. These make the twins.

TURNS = {
    "expectation": turns(
        """
        I expected {aL} {film}, and it was {W}.
        I expected {aL} {film}. {between}What I got was {aW} one. |
            What I got was {aW} {film}. {between}I expected {aL} one.
        I was expecting something {L}, and what I saw was {W}. | What I saw was {W}, and I was expecting something {L}.
        The poster promised something {L}. {between}The {film} is {W}. |
            The {film} is {W}. {between}The poster promised something {L}.
        I went in for {aL} evening and came out of {aW} one.
        From the outside it looked {L}. {between}From the inside it is {W}.
        I had been told it was {L}, but it is {W}. | It is {W}, but I had been told it was {L}.
        They promised me {aLn}. {between}They gave me {aWn}. | They gave me {aWn}. {between}They promised me {aLn}.
        """
    ),
    "other people": turns(
        """
        My {relative} called it {L}. I call it {W}. | I call it {W}. My {relative} called it {L}.
        The critics found it {L}; I found it {W}. | I found it {W}; the critics found it {L}.
        Everyone else in the room thought it was {L}. {between}I thought it was {W}.
        My {relative} {Lv} it. {between}I {Wv} it. | I {Wv} it. {between}My {relative} {Lv} it.
        Some will say that it is {L}. I say that it is {W}. | I say that it is {W}. Some will say that it is {L}.
        The papers said it was {aLn}; I say it was {aWn}. | I say it was {aWn}; the papers said it was {aLn}.
        Half the audience was {Ls}. {between}I was {Ws}. | I was {Ws}. {between}Half the audience was {Ls}.
        Maybe the critics {Lv} it, but I {Wv} it. | I {Wv} it, but maybe the critics {Lv} it.
        """
    ),
    "book and trailer": turns(
        """
        The book is {L}. {between}The {film} is {W}. | The {film} is {W}. {between}The book is {L}.
        The {film} is {W}, even if the trailer is {L}. | Even if the trailer is {L}, the {film} is {W}.
        {Lp} book, {Wp} {film}. | {Wp} {film}, {Lp} book.
        How can so {Lp} a book make so {Wp} a {film}?
        I {Lv} the novel, I {Wv} the {film}. | I {Wv} the {film}, I {Lv} the novel.
        The stage play was {aLn}. {between}The {film} is {aWn}. |
            The {film} is {aWn}. {between}The stage play was {aLn}.
        """
    ),
    "start and end": turns(
        """
        It starts out {L} and ends up {W}.
        It begins as {aL} {film}, and by the end it is {aW} one.
        What begins as {aLn} ends as {aWn}.
        For the first {number} minutes I was {Ls}. {between}By the end I was {Ws}. |
            By the end I was {Ws}. {between}For the first {number} minutes I was {Ls}.
        After ten minutes I thought it was {L}. {between}After the credits I thought it was {W}.
        At first I {Lv} it. {between}Later I {Wv} it.
        """
    ),
    "negation": turns(
        """
        It is not {Lx}, it is {Wx}. | It is {Wx}, it is not {Lx}.
        Not {Lx} at all, but {Wx}.
        This is not {aLx} {film}; this is {aWx} one. | This is {aWx} {film}; this is not {aLx} one.
        Far from {Lx}, it is {Wx}. | It is {Wx}, far from {Lx}.
        It is anything but {Lx}: it is {Wx}. | It is {Wx}: it is anything but {Lx}.
        Never {Lx}, always {Wx}. | Always {Wx}, never {Lx}.
        There is nothing {Lx} about it, and everything about it is {Wx}. |
            Everything about it is {Wx}, and there is nothing {Lx} about it.
        I was never {Ls}, and I was often {Ws}. | I was often {Ws}, and I was never {Ls}.
        It is {aWn}, it is not {aLn}. | It is not {aLn}, it is {aWn}.
        It is never {Lx}, and always {Wx}. | It is always {Wx}, and never {Lx}.
        """
    ),
    "concession": turns(
        """
        Although the {aspect} is {L}, the {film} as a whole is {W}. |
            The {film} as a whole is {W}, although the {aspect} is {L}.
        The {aspect} may be {L}, but the {film} is {W}. | The {film} is {W}, but the {aspect} may be {L}.
        Despite {aL} {part} it is {aW} {film}. | It is {aW} {film} despite {aL} {part}.
        Yes, the {aspect} is {L}. {between}The {film} is still {W}. |
            The {film} is still {W}. {between}Yes, the {aspect} is {L}.
        Even with {aL} {part}, it remains {aW} {film}. | It remains {aW} {film}, even with {aL} {part}.
        Though the {aspects} are {L}, I found the {film} {W}. | I found the {film} {W}, though the {aspects} are {L}.
        """
    ),
    "second viewing": turns(
        """
        Years ago I found it {L}. {between}Last night I found it {W}. |
            Last night I found it {W}. {between}Years ago I found it {L}.
        I used to think it was {L}. {between}Now I think it is {W}. |
            Now I think it is {W}. {between}I used to think it was {L}.
        I remembered {aL} {film}. {between}I have just watched {aW} one.
        Seen again after {number} years it is {W}; I remembered it as {L}.
        When I was young I {Lv} it. {between}Now I am old and I have {Wv} it.
        """
    ),
    "other film": turns(
        """
        The last {film} by {director} was {L}. {between}This one is {W}. |
            This one is {W}. {between}The last {film} by {director} was {L}.
        Unlike the first part, which was {L}, this one is {W}. | This one is {W}, unlike the first part, which was {L}.
        The original was {aLn}. This one is {aWn}. | This one is {aWn}. The original was {aLn}.
        I {Lv} the first part and I {Wv} this one. | I {Wv} this one and I {Lv} the first part.
        After {aL} first part, here is {aW} second one.
        Next to {title2}, which is {L}, this one is {W}. | This one is {W} next to {title2}, which is {L}.
        """
    ),
    "advice": turns(
        """
        {Wr} it, do not {Lr} it. | Do not {Lr} it, {Wr} it.
        {Wr} the {film} and {Lr} the trailer. | {Lr} the trailer and {Wr} the {film}.
        You can {Lr} the sequel, but {Wr} this one. | {Wr} this one, but you can {Lr} the sequel.
        I thought I would {Lb} it. {between}I did not know how much I would {Wb} it.
        You may think that you will {Lb} it. You will {Wb} it.
        I cannot {Lb} it, I can only {Wb} it. | I can only {Wb} it, I cannot {Lb} it.
        """
    ),
}

# --- opinion on one side -------------------------------------------------------------------------------------------

PLAIN_VERDICTS = lines(
    """
    {aW} {film}.
    This is {aW} {film}.
    All in all, {aW} {film}.
    In short: {W}.
    I {Wv} it.
    I {Wv} every minute of it.
    What {aWn}.
    It is {aWn}.
    {aWn} from start to finish.
    I was {Ws} from start to finish.
    {Wp} and {Wq}.
    {title} is {W}.
    {title} is {aWn}.
    I left the cinema {Ws}.
    {Wr} it.
    My advice: {Wr} it.
    Just {W}.
    We were all {Ws}.
    I {Wv} this {film}, and so did my {relative}.
    {aW} piece of work.
    {W}. There is no other word for it.
    It was {W}.
    One word: {Wp}.
    For me {aWn}.
    {director} has made {aW} {film}.
    The whole thing is {W}.
    {aW} {genre}, and {aWn} besides.
    As a {genre} it is {W}.
    I cannot remember so {Wq} an evening. {W}.
    """
)
NEGATED_VERDICTS = lines(
    """
    Hardly {aLn}.
    It is not {aLx} {film}.
    I cannot call it {Lx}.
    I did not {Lb} it.
    I was never {Ls}.
    Nobody could {Lb} this {film}.
    {Lx}? Not at all.
    Nothing about it is {Lx}.
    It is never {Lx}.
    This is no {Ln}.
    Not {aLx} minute in it.
    I do not see how anyone could call it {Lx}.
    There is nothing {Lx} about it.
    {title} is far from {Lx}.
    It was not {Lx} at all.
    I would never call it {aLn}.
    It is anything but {Lx}.
    I was not once {Ls}.
    Do not {Lr} it.
    It could not be less {Lx}.
    """
)
PLAIN_ASPECTS = lines(
    """
    The {aspect} is {W}.
    The {aspects} are {W}.
    The {aspect} was {W} too.
    I thought the {aspect} was {W}.
    {lead} is {W} as the {job}.
    The performance of {second} is {W}.
    {lead} gives {aW} performance.
    {aW} {part}, too.
    What {aW} {part}.
    Every scene with {lead} is {W}.
    Even the {aspect} is {W}.
    And the {aspect}? {W}.
    The score by {composer} is {W}.
    {lead} and {second} are {W} together.
    I was {Ws} by the {aspect}.
    I was {Ws} by {lead}.
    The scene with the {thing} is {W}.
    I {Wv} the {aspect}.
    I {Wv} {lead} in it.
    My {relative} {Wv} the {aspects}.
    {director} has {aW} eye for {sight}.
    The {animal} is {W}.
    There is {aW} moment with the {animal}.
    {Wp} {aspects}, {Wq} {aspect}.
    The {aspect} alone is {aWn}.
    The way {director} shows {place} is {W}.
    The {aspect} and the {aspect2} are {W}.
    The {aspects} in particular are {W}.
    As for the {aspect}, it is {W}.
    The {aspect} struck me as {W}.
    {second} turns a small part into {aWn}.
    The {event} in the middle is {aWn}.
    You get {aW} {part} and {aWq} {part2}.
    The last ten minutes are {W}.
    """
)
NEGATED_ASPECTS = lines(
    """
    The {aspect} is never {Lx}.
    The {aspect} is not {Lx} at all.
    There is not {aLp} scene in it.
    Nothing about the {aspect} is {Lx}.
    Not one of the {aspects} is {Lx}.
    I would not call the {aspect} {Lx}.
    The {aspects} are not {Lx}.
    No {Lp} {aspects} here.
    I did not find the {aspect} {Lx}.
    The {aspect} is anything but {Lx}.
    {second} is not {Lx} in the part of {friend}.
    The {aspect} is far from {Lx}.
    I was not {Ls} by the {aspect}.
    The scenes with {lead} are never {Lx}.
    Nobody will be {Ls} by the {aspects}.
    It does not have {aLx} {part}.
    {lead} does not give {aLx} performance.
    I did not {Lb} the {aspects}.
    """
)
MIXED_ASPECTS = lines(
    """
    The {aspect} is {L}, the {aspect2} is {W}.
    The {aspects} are {W}, though the {aspect} is {L}.
    {lead} is {W} and {second} is {L}.
    The first part is {W} and the middle is {L}.
    I was {Ls} by the {aspect} and {Ws} by the {aspects}.
    {aW} {part} meets {aL} {part2}.
    """
)
IDIOMS = {
    1: lines(
        """
        I would watch it again tomorrow.
        I have told everyone I know to go.
        I did not want it to end.
        Two hours went by like ten minutes.
        I walked home with a smile on my face.
        We clapped when the lights came on.
        It is worth every penny.
        Give {lead} every prize there is.
        I laughed until my sides hurt.
        I have already bought the disc.
        My whole family sat on the edge of the sofa.
        Take your friends.
        I am going back on {weekday}.
        It has stayed with me for days.
        It deserves a far bigger audience.
        I had tears in my eyes when the credits rolled.
        It is one of the best I have seen this year.
        Ten stars if I could.
        More like this, please.
        It made my week.
        Thank you, {director}.
        You will not be sorry.
        I could not look away.
        Nobody in the room made a sound.
        I have not stopped talking about it.
        This is why I go to the cinema.
        My {relative} wants to see it a second time.
        It gets everything right.
        {director} never puts a foot wrong.
        I recommend it to everyone.
        """
    ),
    0: lines(
        """
        I want my money back.
        I looked at my watch every five minutes.
        I will never get those two hours back.
        I fell asleep twice.
        We left before the end.
        Half the audience walked out.
        Save your money.
        I kept waiting for something to happen.
        Somebody should have stopped {director}.
        I have seen better acting at a school play.
        My {relative} still has not forgiven me.
        I would rather watch paint dry.
        {lead} should look for a new agent.
        It is one of the worst I have seen this year.
        No stars if I could.
        I was glad when the credits rolled.
        What were they thinking?
        Do yourself a favour and stay at home.
        I could not wait for it to end.
        You will be sorry.
        It goes on and on and on.
        They must have written it in a lunch break.
        I have forgotten most of it already.
        My {relative} wants an apology from {director}.
        It gets everything wrong.
        Nobody involved seems to care.
        I warned my friends.
        Even the {animal} looks ready to leave.
        This is why I stay at home.
        I cannot recommend it to anyone.
        """
    ),
}
SCORES = {5: (9, 10), 4: (7, 8), 2: (3, 4), 1: (1, 2)}  # out of ten; reviews of three stars name no score

# --- talk without opinion ---------------------------------------------------------------------------------------------

OPENINGS = lines(
    """
    I saw this at the {venue} on a {weekday} {daytime}.
    My {relative} picked this one, so I knew nothing about it.
    I watched it {medium} with my {relative} and a bowl of {snack}.
    {title} came out in {year} and runs for {minutes} minutes.
    {title} was shown in {town} last {month}.
    This was the {ordinal} {film} by {director} that I have seen.
    I had read the book by {writer} a few years before.
    We drove {number} miles to see it, since there is no cinema in {town}.
    I am no {trade} and know little about {topic}.
    Before the {film} there were {number} minutes of commercials.
    Let me say first that I have never been to {place}.
    The festival in {town} showed it with subtitles.
    My copy is the version of {minutes} minutes.
    I am writing this {number} days after seeing it.
    There were {number} people in the room, and two of them were {trade}s.
    I sat near the door because of my {relative}.
    {title} is set in {place} in the year {past}.
    It was raining in {town}, so I went to the {venue}.
    After {number} years I finally got round to {title}.
    It was on {channel} last {weekday}, a little before midnight.
    My {relative} is a {trade} and wanted to see how they show the work.
    I know {director} from {title2}.
    This is a {genre} about {topic} and {topic2}.
    {title} is a {genre} from {year} with {lead} and {second}.
    Be warned that I give away some of the story.
    We saw it on the {ordinal} day of our holiday in {town}.
    Every {month} my {relative} and I choose a {genre}.
    I bought the disc at a market in {town} for {number} coins.
    A {trade} I know worked on this one.
    I took {number} pages of notes.
    """
)
PLOT = lines(
    """
    The story follows {hero}, a {job} from {place} who {quest}.
    {hero} is a {job} who {quest}.
    One {season} {hero} finds a {thing} {spot} and takes it to {place2}.
    {hero} and {friend} meet {spot}, lose a {thing2} and travel to {place2} to find it.
    Then {friend} arrives with a {thing2}.
    There is a {thing}, a {animal} and a {job2}, and they all end up {spot}.
    {hero} has a {relative} who owns the {thing} that everyone in {place} wants.
    A {job2} called {friend} lives next door with a {animal}.
    In the meantime the {job2} writes letters to a {relative} in {place2}.
    The action moves from {place} to {place2} and back.
    Somebody steals the {thing} on the night of the {event}.
    Halfway through, {hero} learns that the {job2} is a lost {relative}.
    {hero} has to return the {thing} before the {event}.
    The {animal} belongs to {friend}, who works as a {job2}.
    It is the year {past}, and {place} is waiting for the {event}.
    The last part takes place {spot}, where {hero} and the {job2} talk about {topic}.
    We also learn how the {thing} came to {place}.
    Later the {job2} {quest}.
    A {event} brings them together.
    It takes a while until we learn who built the {building}.
    {friend} {quest}, and {hero} helps.
    On the way they meet a {trade}, a {trade2} and a {animal2}.
    {hero} hides {spot} with a {tool} and a {animal}.
    The {job2} knows more about the {thing} than about {topic}.
    They spend the {season} {spot}.
    {hero} sends a {tool} to {friend}, who sends back a {thing2}.
    The {event} is told twice, once by {hero} and once by {friend}.
    It all goes back to a {thing2} that was left {spot} in {past}.
    Then there is the matter of the {tool}.
    {hero} makes a list: a {tool}, a {tool2}, a {thing2} and a map of {place}.
    The people of {place} want to turn the {building} into a {building2}.
    At the {event} {friend} speaks about {topic} for the first time.
    {hero} loses the {tool} and borrows one from a {trade}.
    A {trade} from {town} buys the {building}.
    By {weekday} the {animal2} is {spot}.
    The {thing} stands {spot}, and no one may touch it.
    {friend} {quest}, as we learn {spot2}.
    """
)
CREW = lines(
    """
    {lead} plays {hero} and {second} plays {friend}.
    {hero} is played by {lead}, {friend} by {second}.
    {director} wrote it together with {writer}.
    The music is by {composer}, who also wrote the songs for {title2}.
    {lead} was a {trade} before turning to the stage.
    {second} is on screen for about {number} minutes.
    You may know {second} from {title2}.
    {director} made {title2} in {year2}.
    It was filmed in {place} and {town} over {number} weeks.
    The budget was {number} million, as far as I know.
    {lead} had to learn {skill} for the part.
    The {animal} has its own name in the credits.
    The credits list {number} {trade}s.
    {writer} spent {number} years on the script.
    Most of it was shot {spot}.
    {composer} uses a {instrument} and a {instrument2}.
    The camera was in the hands of {writer}.
    This is the {ordinal} time that {lead} and {second} have worked together.
    They built the {building} in a hall near {town}.
    {second} took over when another actor left for {town}.
    The voice on the telephone is {composer}.
    For {director} it was the first {film} since {year2}.
    """
)
ASIDES = lines(
    """
    There is a long talk about {topic} {spot}.
    One scene shows {lead} carrying a {tool} across {place2}.
    The {thing} appears {number} times; my {relative} counted.
    Somebody behind me asked what the {tool} was for.
    My {relative} used to be a {trade}, so we talked about {topic} afterwards.
    I had to look up what a {trade} does.
    In {town} people still use a {tool} like that.
    The {instrument} comes back whenever {friend} is {spot}.
    I counted {number} shots of the {building}.
    Look out for the {animal2} {spot}.
    In the book the {job2} was a {trade}.
    The year on the wall says {past}.
    A {trade} in the next row explained {topic} to us.
    There is talk of {topic}, and there is talk of {topic2}.
    It is about {topic} as much as about the {thing}.
    They eat {snack} in almost every scene.
    My {relative}'s dog slept through the {event}.
    It ends {spot}, in the {season}, with a {tool}.
    Afterwards we went for {snack} and talked about {topic}.
    I have been to {place}, and the streets are narrower there.
    I still wonder who fed the {animal}.
    The subtitles call the {thing} a {tool}.
    It has been compared with {title2}.
    Between the {event} and the end there are {number} minutes.
    """
)

# --- lists for the slots, from the most frequent to the rarest ---------------------------------------------------------

POOLS = {
    "film": "film, movie, film, movie, picture",
    "aspect": """acting, script, plot, story, ending, dialogue, direction, pacing, photography, score, soundtrack, editing,
        casting, camera work, opening, humour, final act, lighting, costume design, narration, climax, supporting
        cast, set design, second act, sound design, choreography, opening scene, make-up, love story, voice acting""",
    "aspects": """performances, characters, jokes, costumes, sets, songs, special effects, action scenes, fight scenes,
        flashbacks, love scenes, stunts, twists, crowd scenes, chase scenes, dance numbers, close-ups, minor roles""",
    "part": """script, plot, story, ending, score, soundtrack, opening, climax, final act, second act, love story, opening
        scene, supporting cast, villain, title song, fight scene, chase, subplot, voice-over""",
    "relative": """brother, sister, mother, father, wife, husband, daughter, son, uncle, aunt, cousin, neighbour, flatmate,
        grandmother, grandfather, boss, nephew, niece, teacher, godmother, stepfather, colleague, landlady""",
    "genre": """thriller, drama, comedy, western, romance, musical, mystery, horror film, war film, documentary, satire, road
        movie, fairy tale, spy story, heist film, ghost story, courtroom drama, sports film""",
    "weekday": "Saturday, Friday, Sunday, Wednesday, Thursday, Tuesday, Monday",
    "daytime": "evening, night, afternoon, morning",
    "month": "October, March, May, January, November, August, June, April, September, February, July, December",
    "season": "summer, winter, autumn, spring",
    "number": """two, three, twenty, ten, five, seven, forty, four, twelve, eleven, thirty, nine, fifteen, sixty, 25, 17, 48,
        90, 35, 300""",
    "ordinal": "third, second, fourth, first, fifth, seventh, sixth, tenth, ninth, twelfth",
    "medium": """on television, on a plane, on an old disc, on my laptop, on a train, on a tape from the library, in bed, on
        the big screen, in the school hall, on my phone""",
    "channel": "television, the local channel, the late programme, cable, the film channel, channel nine",
    "venue": """Odeon, Rex, Lumen, old town hall, Astor, film club, Capitol, Metro, student cinema, Scala, drive-in, Palace,
        museum, Gaumont, Roxy""",
    "snack": """popcorn, crisps, noodles, soup, dumplings, pancakes, peanuts, liquorice, pickles, cherries, toast, pizza,
        gingerbread, olives, porridge, waffles, oysters, figs""",
    "instrument": """piano, cello, accordion, trumpet, harp, organ, banjo, flute, zither, tuba, clarinet, oboe, mandolin, drum,
        viola, bassoon, harmonica, glockenspiel""",
    "job": """teacher, detective, nurse, baker, pilot, lawyer, doctor, soldier, farmer, singer, sailor, clerk, waiter,
        painter, driver, gardener, priest, tailor, banker, barber, butcher, cook, plumber, beekeeper, locksmith,
        librarian, surgeon, welder, boxer, dentist, shepherd, translator, violinist, archivist, magician, undertaker,
        clockmaker, cartographer, ferryman, judge, journalist, chemist, jeweller, miner, potter, puppeteer, ranger,
        juggler, optician, astronomer, gravedigger, glassblower, auctioneer, ventriloquist, cobbler, falconer""",
    "trade": """carpenter, postal worker, bus driver, nurse, electrician, mason, accountant, florist, mechanic, plumber,
        baker, roofer, vet, bookbinder, typist, porter, goldsmith, saddler, engraver, stonemason, weaver, brewer,
        cooper, tiler, milliner, thatcher, miller, glazier, upholsterer, farrier, chimney sweep, piano tuner,
        lighthouse keeper, signal operator, fishmonger, watchmaker, organ builder, typesetter, bellfounder, basket
        maker""",
    "animal": """dog, cat, horse, goat, parrot, donkey, pigeon, rabbit, crow, goose, tortoise, mule, ferret, hen, pony,
        hedgehog, owl, llama, peacock, badger, otter, camel, raven, lizard, heron, magpie, piglet, jackdaw, alpaca,
        stork, canary, seal, salamander, weasel""",
    "thing": """letter, piano, boat, clock, painting, diary, suitcase, bell, statue, radio, ring, engine, caravan, telescope,
        airship, violin, printing press, carousel, tapestry, chessboard, typewriter, barge, music box, globe,
        manuscript, locomotive, sundial, mosaic, lantern, gramophone, catapult, chandelier, cannon, coffin, sledge,
        wardrobe, portrait, vase, tricycle, crown, mirror, puppet, cradle, trunk, cuckoo clock, model ship, church
        organ, weathervane""",
    "building": """house, lighthouse, bridge, bakery, factory, tower, mill, theatre, hotel, harbour, tunnel, archive, garden,
        vineyard, orchard, observatory, greenhouse, brewery, sawmill, aqueduct, quarry, weather station, windmill,
        dam, planetarium, cathedral, tannery, funicular, cable car, orphanage, courthouse, laundry, racecourse,
        shipyard, warehouse, monastery, power station, swimming pool, zoo, crypt""",
    "tool": """key, rope, ladder, knife, map, hammer, lamp, bucket, umbrella, shovel, needle, torch, compass, kettle,
        whistle, saw, wrench, broom, pencil, scarf, basket, candle, spade, chisel, crowbar, magnet, sieve, funnel,
        bicycle pump, anvil, pulley, thermometer, stopwatch, trowel, sextant, mallet, bellows, plumb line, abacus,
        loom, hacksaw, pitchfork, wheelbarrow, soldering iron, thimble, metronome, spirit level, oilcan, barometer,
        tuning fork""",
    "topic": """money, love, the weather, football, the war, politics, trains, marriage, religion, cooking, chess, taxes,
        justice, gardening, mathematics, the sea, memory, the moon, geology, bread, silence, grammar, the stock
        market, fishing, exile, poetry, architecture, botany, insurance, opera, inheritance, bees, railways,
        volcanoes, etiquette, philosophy, cheese, tides, genealogy, mushrooms, rhetoric, comets, fencing, astronomy,
        mining, folklore, customs duty, glaciers, bookkeeping, calligraphy, electricity, plumbing, whaling,
        hydraulics, heraldry, mirrors""",
    "skill": """sailing, Welsh, tango, welding, chess, archery, sign language, knitting, fencing, Latin, juggling, horse
        riding, the cello, shorthand, falconry, pottery, ice skating, Morse code, beekeeping, origami, glass blowing,
        Portuguese, rock climbing, card tricks, cheese making, bookbinding""",
    "spot": """in a kitchen, in the attic, at the station, in a cellar, on the roof, at the harbour, in the woods, in a bar,
        at the market, in a hotel room, on a beach, under the bridge, in a barn, in a church, behind the school, on a
        train, in a hospital, at the border, in a lift, by the river, in a stairwell, on a ferry, at a petrol station,
        in a library, on a hill, in a snowstorm, in a courtroom, at the bakery, in a tent, beside the canal, in a
        lighthouse, in a museum, at the airport, in the laundry, in a cemetery, in a greenhouse, on the pier, in a
        wine cellar, in the boiler room, in a shipyard, on a balcony, at the dentist, in a phone box, on a sandbank,
        in the bell tower, in a quarry""",
    "sight": """kitchens, faces, landscapes, stairs, crowds, trains, small towns, weather, harbours, hands, streets at night,
        empty rooms, old machines, machinery, windows""",
    "event": """wedding, funeral, storm, election, trial, fire, flood, birthday, concert, strike, auction, harvest, eclipse,
        robbery, boat race, festival, earthquake, carnival, chess tournament, blackout, bankruptcy, census, power cut,
        market day, heatwave, landslide, coronation, regatta, dance, audition, shipwreck, train crash, school play,
        inspection, ice storm, parade, circus visit, truce""",
}
POOLS = {name: " ".join(text.split()).split(", ") for name, text in POOLS.items()}
POOLS["quest"] = lines(
    """
    inherits a {thing} from a {relative}
    has to sell the {building} within {number} days
    falls in love with a {trade}
    wants to cross {place2} with a {animal}
    finds a {tool} {spot}
    loses a {thing2} to a {job2}
    runs away from a {event}
    builds a {thing2} out of old parts
    investigates a {event}
    learns {skill} from a {trade}
    returns to {place2} after {number} years
    hides a {animal} from the {job2}
    writes a book about {topic}
    takes a {job2} to court
    buys a {thing2} {spot}
    steals a {tool} from a {trade}
    wakes up {spot} with a {tool}
    swaps places with a {job2}
    teaches {skill} {spot}
    digs for a {thing2} near {place2}
    promises a {relative} to save the {thing}
    repairs a {thing2} for a {trade}
    plans a {event} with a {trade}
    follows a {animal} to {place2}
    drives a {job2} to {place2}
    bets a {tool} on a {event}
    receives a {tool} and a letter about {topic}
    shares a room with a {trade} and a {animal}
    breaks into a {building}
    translates a letter about {topic}
    survives a {event}
    opens a {building} in {place2}
    """
)
TITLE_NOUNS = """
    River House Winter Letter Garden Night Train Island Stone Harbour Mirror Orchard Tide Bridge Shadow Summer Lantern
    Road Feather Clock Window Salt Paper Wolf Sparrow Ladder Echo Ember Harvest Signal Anchor Ribbon Compass Thistle
    Parade Cellar Almanac Quarry Sonata Ferry Glacier Meridian Cinder Juniper Saffron Verdict Cartel Nocturne Rookery
""".split()
TITLE_ADJECTIVES = """
    Last Silent Long Second Crimson Northern Hidden Paper Distant Borrowed Seventh Wooden Midnight Blue Broken Glass
    Winter Unknown Iron Sunken Amber Forgotten Secret Copper Foreign Invisible Twelfth Hungry Vanishing Scarlet
""".split()
FIRST_NAMES = """
    Anna James Maria Peter Laura David Helen Thomas Julia Martin Clara Daniel Eva Robert Nora Simon Alice Paul Ruth
    Oscar Irene Victor Lena Hugo Rosa Felix Ines Walter Mira Leo Greta Omar Edith Ivan Sofia Noah Amara Kofi Mei Arjun
    Yuki Farid Leila Tomas Ingrid Pablo Nadia Sven Carla Emil Priya Kenji Zoë Aisha Bruno Dora Elias Freya Gustav Hana
    Igor Jonas Kavya Lorenzo Maude Nils Olga Piotr Quentin Renée Sanjay Tess Umberto Vera Wanda Xavier Yusuf Zelda
    André Bettina Cyril Dmitri Esther Fiona Gerald Harriet Imogen Joaquín Katya Ludwig Marguerite
""".split()
SURNAME_STARTS = """
    Hal Vos Mar Tes Bran Kel Dor Lin Pem Or Ash Cal Fen Gar Hol Jas Ker Lom Mon Nor Pel Quin Ros Sel Tal Ul Ver Wes
    Yar Zan Bel Cor Dal Ed Fal Gol Har Is Jor Lan Mer Nel Os Pan Ril Sar Tor Um Val Wol Yel Zim Ar Bor Cas Dun Er Fos
""".split()
SURNAME_ENDS = """
    den more ley well by croft er wick ova mann ini ard stone ton dale son aux ell ström enko berg ham eski oud worth
    ez bury low hurst ikov amura andra ingly quist oni aldi esco ander elin ikainen opoulos ashvili etti ov
""".split()
PLACE_STARTS = """
    Elder Stone Marl Win Green Black Ox Harrow Salt Alder Birch Crow Dun East Fern Grim High Ivy Kirk Lark Mill North
    Otter Penn Raven South Thorn Upper Wester Ash Brack Cold
""".split()
PLACE_ENDS = "ford bridge haven mouth field port ham wick cliff dale burn stead minster combe bury holm".split()

CONTRACTIONS = lines(
    """
    is not = isn't
    was not = wasn't
    do not = don't
    Do not = Don't
    did not = didn't
    does not = doesn't
    could not = couldn't
    are not = aren't
    would not = wouldn't
    cannot = can't
    will not = won't
    has not = hasn't
    I am = I'm
    I have = I've
    You will = You'll
    I would = I'd
    It is = It's
    (?<!about )it is = it's
    There is = There's
    """
)
CONTRACTIONS = [
    (re.compile(rf"\b{long}\b(?= \w)"), short) for long, short in (line.split(" = ") for line in CONTRACTIONS)
]
ELONGATED = "sooooo reeeeally veeery baaad gooood booooring neverrr loooove looooved haaaated greaaaat".split()
ELONGATED = dict(zip("so really very bad good boring never love loved hated great".split(), ELONGATED, strict=True))

SLOT = re.compile(r"\{(\w+)\}")
OPINION_SLOT = re.compile(r"(a?)([WL])(.?)")
WRONG_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])")

# Target words of a review without a twin: the 0, 10, … 100 % points of their distribution.
LENGTHS = (5, 20, 50, 76, 98, 118, 144, 178, 225, 300, 500)
OPINION = {word: side for (side, _), words in ADJECTIVES.items() for word in words}
OPINION |= {word: side for words in (NOUNS, STATES, ADVICE) for side in words for word in words[side]}
OPINION |= {word: side for side in VERBS for pair in VERBS[side] for word in pair}


@dataclass(frozen=True)
class Review:
    """One review. `meant` is the side its words take (1 for, 0 against); where there is noise, label and stars disagree."""

    split: str
    text: str
    meant: int
    stars: int
    twin: int = -1

    @property
    def label(self) -> int:
        """1 for four and five stars, 0 for one and two; three stars go to the side they lean to."""
        return self.meant if self.stars == 3 else int(self.stars > 3)


# --- drawing and filling -----------------------------------------------------------------------------------------------


@cache
def zipf_weights(number: int, flat: int) -> list[float]:
    return list(itertools.accumulate(1 / (rank + flat) for rank in range(number)))


def zipf(rng: random.Random, words: list, flat: int = 6):
    """One of `words`, the one of rank r = 0, 1, … with a weight of 1 / (r + flat)."""
    return rng.choices(words, cum_weights=zipf_weights(len(words), flat))[0]


def invent_films(rng: random.Random, number: int = 2500) -> list[dict]:
    """Films with title, people, places and plot. Nothing about a film says whether its reviews are kind."""

    def person():
        return f"{zipf(rng, FIRST_NAMES)} {rng.choice(SURNAME_STARTS)}{rng.choice(SURNAME_ENDS)}"

    def place():
        return rng.choice(PLACE_STARTS) + rng.choice(PLACE_ENDS)

    def title():
        (noun, other), adjective = rng.sample(TITLE_NOUNS, 2), rng.choice(TITLE_ADJECTIVES)
        titles = [
            f"The {adjective} {noun}",
            f"{noun} of {place()}",
            f"{noun} and {other}",
            f"The {noun}",
            f"{adjective} {noun}",
            f"A {noun} in {place()}",
            f"{rng.choice(FIRST_NAMES)} and the {noun}",
        ]
        return right_articles(rng.choice(titles))

    films = []
    for _ in range(number):
        year = 1931 + rng.randrange(90)
        film = {"title": title(), "title2": title(), "year": str(year), "year2": str(year - 1 - rng.randrange(9))}
        film |= {"past": str(1690 + rng.randrange(270)), "minutes": str(78 + rng.randrange(90))}
        film |= {role: person() for role in ("director", "lead", "second", "writer", "composer")}
        film |= {role: rng.choice(FIRST_NAMES) for role in ("hero", "friend")}
        film |= {where: place() for where in ("place", "place2", "town")}
        film |= {slot: zipf(rng, POOLS[slot], 20) for slot in ("job", "thing", "building", "animal", "genre")}
        film["job2"] = rng.choice([job for job in POOLS["job"] if job != film["job"]])
        films.append(film)
    return films


def right_articles(text: str) -> str:
    """'a awful' becomes 'an awful': by the first letter, which holds for the words in this file."""
    return WRONG_ARTICLE.sub(r"\1n ", text)


def capitalise(text: str) -> str:
    """Capital letters at the starts of sentences and paragraphs."""
    return re.sub(r"(^|[.!?] |/>)([a-z])", lambda match: match[1] + match[2].upper(), text)


class Side:
    """Opinion words of one polarity, each sampled when first needed: they fill the W or the L slots of one sentence."""

    def __init__(self, rng: random.Random, side: int, strength: str):
        self.rng, self.side, self.strength, self.drawn = rng, side, strength, {}

    def __getitem__(self, slot: str) -> str:
        """The filler of a slot: '' for {W}, 'n' for {Wn}, …"""
        if slot not in self.drawn:
            self.drawn[slot] = self._draw(slot)
        return self.drawn[slot]

    def _draw(self, slot: str) -> str:
        rng = self.rng
        if slot in ("v", "b"):
            past, base = zipf(rng, VERBS[self.side], 2)
            self.drawn |= {"v": past, "b": base}
            return self.drawn[slot]
        if slot in ("n", "s", "r"):
            return zipf(rng, {"n": NOUNS, "s": STATES, "r": ADVICE}[slot][self.side])
        drawn = " ".join(self.drawn.values()).split()
        adjective = zipf(rng, ADJECTIVES[self.side, self.strength])
        while adjective in drawn:
            adjective = zipf(rng, ADJECTIVES[self.side, self.strength])
        if slot in ("p", "q") or rng.random() < 0.55:
            return adjective
        return f"{zipf(rng, (DEGREES_NEAR_NOT if slot == 'x' else DEGREES)[self.strength])} {adjective}"


class Pen:
    """Fills patterns for one review, or one pair of twins, about one film; it remembers the patterns that it has used."""

    def __init__(self, rng: random.Random, film: dict):
        self.rng, self.film, self.used = rng, film, set()

    def pick(self, patterns: list):
        """One of `patterns`, if possible one that this review does not have yet."""
        fresh = [p for p in patterns if str(p) not in self.used] or patterns
        chosen = self.rng.choice(fresh)
        self.used.add(str(chosen))
        return chosen

    def fill(self, pattern: str, win: Side | None = None, lose: Side | None = None, drawn: dict | None = None) -> str:
        """`pattern` with its slots filled. `drawn` holds the fillers, so that two patterns can share them."""
        drawn = {} if drawn is None else drawn

        def filler(match) -> str:
            slot = match[1]
            opinion = OPINION_SLOT.fullmatch(slot)
            if opinion:
                phrase = {"W": win, "L": lose}[opinion[2]][opinion[3]]
                return "a " + phrase.removeprefix("so ") if opinion[1] else phrase
            if slot in self.film:
                return self.film[slot]
            if slot not in drawn:
                base = slot.rstrip("2")
                entry = zipf(self.rng, POOLS[base], 8)
                while entry in (self.film.get(base), drawn.get(base)):
                    entry = zipf(self.rng, POOLS[base], 8)
                drawn[slot] = self.fill(entry, drawn=drawn)
            return drawn[slot]

        return right_articles(SLOT.sub(filler, pattern))

    def talk(self) -> str:
        """A sentence without opinion."""
        return self.fill(self.pick(self.rng.choices([PLOT, CREW, ASIDES], [5, 2, 3])[0]))


# --- whole reviews -------------------------------------------------------------------------------------------------------


def strength_of(rng: random.Random, stars: int) -> str:
    return "strong" if rng.random() < {1: 0.9, 2: 0.15, 3: 0.2, 4: 0.15, 5: 0.9}[stars] else "mild"


def turn(pen: Pen, pros: Side, cons: Side) -> tuple[str, str]:
    """A sentence with two opposite opinions, in a positive and a negative version of the same words."""
    rng = pen.rng
    orders = pen.pick(pen.pick(list(TURNS.values())))
    drawn = {"between": pen.talk() + " " if rng.random() < 0.2 else ""}

    def order():  # the first order, which mostly ends with the deciding opinion, is more frequent
        return orders[0] if rng.random() < 0.75 else orders[-1]

    return pen.fill(order(), pros, cons, drawn), pen.fill(order(), cons, pros, drawn)


def opinion_sentence(pen: Pen, side: int, stars: int, whole: bool) -> str:
    """An opinion about an aspect or, if `whole`, sometimes about the whole film."""
    rng = pen.rng
    sides = Side(rng, side, strength_of(rng, stars)), Side(rng, 1 - side, strength_of(rng, stars))
    kind = rng.random()
    if kind < 0.13 and whole:
        return pen.fill(pen.pick(IDIOMS[side]))
    if kind < 0.18:
        return pen.fill(pen.pick(MIXED_ASPECTS), *sides)
    if kind < 0.30:
        return pen.fill(pen.pick(NEGATED_ASPECTS), *sides)
    return pen.fill(pen.pick(PLAIN_ASPECTS), *sides)


def verdict(pen: Pen, side: int, stars: int) -> str:
    """The sentence that decides the label."""
    rng = pen.rng
    win, lose = Side(rng, side, strength_of(rng, stars)), Side(rng, 1 - side, strength_of(rng, stars))
    kind = rng.random()
    if stars == 3 or kind < 0.12:
        return turn(pen, win, lose)[0]
    if kind < 0.25:
        return pen.fill(pen.pick(NEGATED_VERDICTS), win, lose)
    return pen.fill(pen.pick(PLAIN_VERDICTS if kind < 0.84 else IDIOMS[side]), win, lose)


def paragraphs(rng: random.Random, sentences: list[str]) -> str:
    """The sentences as text, long ones in paragraphs."""
    if sum(len(s) for s in sentences) < 350 or rng.random() < 0.15:
        return " ".join(sentences)
    parts = []
    while sentences:
        cut = 3 + rng.randrange(5)
        parts.append(" ".join(sentences[:cut]))
        sentences = sentences[cut:]
    return "<br /><br />".join(parts)


def misspell(rng: random.Random, word: str) -> str:
    """`word` with one typing error, if it is in lower case and long enough to stay readable."""
    if len(word) < 5 or not word.isascii() or not word.islower():
        return word
    at = 1 + rng.randrange(len(word) - 2)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return rng.choice([swapped, word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]])


def careless(rng: random.Random, sentence: str, rate: float) -> str:
    """`sentence` with a fraction `rate` of its longer words misspelt, and a quarter of some words lengthened ("sooooo")."""

    def typed(match) -> str:
        word = match[0]
        if word in ELONGATED and rng.random() < 0.25:
            return ELONGATED[word]
        return misspell(rng, word) if rng.random() < rate else word

    return re.sub(r"[^\W\d_]+", typed, sentence)


def contract(text: str) -> str:
    for pattern, short in CONTRACTIONS:
        text = pattern.sub(short, text)
    return text


def dress(rng: random.Random, text: str) -> str:
    """Upper case and punctuation as people use them. The words stay the same except for upper and lower case."""
    text = capitalise(text)
    if rng.random() < 0.08:  # one shouted opinion
        words = [word for word in re.findall(r"[a-z]+", text) if word in OPINION]
        if words:
            text = re.sub(rf"\b{rng.choice(words)}\b", lambda match: match[0].upper(), text, count=1)
    ending = rng.random()
    if ending < 0.12:
        text = re.sub(r"\.$", rng.choice(["!", "!!!", "...", ""]), text)
    return text.lower() if rng.random() < 0.05 else text


def write_single(rng: random.Random, film: dict, side: int, stars: int) -> list[tuple[str, int, int]]:
    """A review without a twin, a list of one (text, side, stars): talk, opinions that mostly fit the stars, a verdict."""
    pen = Pen(rng, film)
    decile, within = divmod(rng.random() * (len(LENGTHS) - 1), 1)
    target = LENGTHS[int(decile)] * (1 - within) + LENGTHS[int(decile) + 1] * within
    talkative = 0.3 + 0.3 * rng.random()
    agreement = {5: 0.98, 4: 0.92, 3: 0.55, 2: 0.92, 1: 0.98}[stars]
    final = [verdict(pen, side, stars)]
    if stars in SCORES and rng.random() < 0.05:
        final.append(rng.choice(["{} out of 10.", "{}/10.", "I give it {} of 10."]).format(rng.choice(SCORES[stars])))
    words = len(final[0].split())
    talk, body = [], []
    story_first = rng.random() < 0.4
    opening = [pen.fill(pen.pick(OPENINGS))] if words + 12 < target and rng.random() < 0.6 else []
    words += sum(len(sentence.split()) for sentence in opening)
    while words + 8 < target:
        if rng.random() < talkative:
            sentence, part = pen.talk(), talk if story_first else body
        else:
            agrees = rng.random() < agreement  # if not, it must not be about the whole film, as the verdict is
            sentence, part = opinion_sentence(pen, side if agrees else 1 - side, stars, whole=agrees), body
        part.append(sentence)
        words += len(sentence.split())
    body = opening + talk + body
    if body and stars != 3 and rng.random() < 0.4:  # the verdict comes first, and perhaps again at the end
        again = [verdict(pen, side, stars)] if target > 60 and rng.random() < 0.6 else []
        sentences = final + body + again
    else:
        sentences = body + final
    if rng.random() < 0.14:
        rate = 0.02 + 0.04 * rng.random()
        sentences = [careless(rng, s, rate) for s in sentences]
    text = paragraphs(rng, sentences)
    return [(dress(rng, contract(text) if rng.random() < 0.5 else text), side, stars)]


def write_twins(rng: random.Random, film: dict) -> list[tuple[str, int, int]]:
    """Two reviews (text, side, stars) with the same words and opposite opinions: the same talk around opposite versions."""
    while True:
        pen = Pen(rng, film)
        strengths = {side: rng.choice(["mild", "strong"]) for side in (1, 0)}
        turned = [
            turn(pen, Side(rng, 1, strengths[1]), Side(rng, 0, strengths[0]))
            for _ in range(rng.choices([1, 2], [55, 45])[0])
        ]
        talk = [pen.fill(pen.pick(OPENINGS))] if rng.random() < 0.3 else []
        talk += [pen.talk() for _ in range(rng.choices([0, 1, 2, 3], [20, 35, 30, 15])[0])]
        if rng.random() < 0.1:
            talk = [careless(rng, s, 0.05) for s in talk]
        shortened, broken, at = rng.random() < 0.5, rng.random() < 0.2, rng.randrange(len(talk) + 1)
        twins = []
        for which, side in ((0, 1), (1, 0)):
            sentences = talk[:at] + [each[which] for each in turned] + talk[at:]
            if talk and rng.random() < 0.3:  # the talk may be in another place
                sentences = sentences[1:] + sentences[:1] if at else sentences[-1:] + sentences[:-1]
            text = (
                (sentences[0] + "<br /><br />" + " ".join(sentences[1:]))
                if broken and len(sentences) > 1
                else " ".join(sentences)
            )
            stars = {1: {"strong": 5, "mild": 4}, 0: {"strong": 1, "mild": 2}}[side][strengths[side]]
            twins.append((dress(rng, contract(text) if shortened else text), side, stars))
        if same_words(twins[0][0], twins[1][0]):  # not when "a" has become "an", or a contraction has gone
            return twins


def same_words(one: str, other: str) -> bool:
    """Whether two texts have the same bag of words: of tokens, and of all sequences of letters and digits, and of tags."""
    return Counter(tokenize(one)) == Counter(tokenize(other)) and all(
        Counter(re.findall(pattern, one.lower())) == Counter(re.findall(pattern, other.lower()))
        for pattern in (r"\w+", r"<[^>]*>")
    )


def write_split(rng: random.Random, films: list[dict], split: str, first_twin: int, seen: set) -> list[Review]:
    """The reviews of one split, half of them positive, in random order.

    `seen` has the word sequences of all reviews so far, which are not written again; new ones are added.
    """
    pairs = round(SIZES[split] * TWIN_SHARE / 2)
    reviews = []

    def add(write, *about, twin: int = -1) -> None:
        """Call `write` until it returns a new text, or two new twins."""
        while True:
            written = write(rng, zipf(rng, films, 100), *about)
            words = {tuple(tokenize(text)) for text, _, _ in written}
            if not words & seen:
                seen.update(words)
                reviews.extend(Review(split, *each, twin) for each in written)
                return

    for pair in range(pairs):
        add(write_twins, twin=first_twin + pair)
    for side, stars in ((1, [5, 4, 3]), (0, [1, 2, 3])):
        first = len(reviews)
        for given in rng.choices(stars, [47, 43, 10], k=SIZES[split] // 2 - pairs):
            add(write_single, side, given)
        clear = [i for i in range(first, len(reviews)) if reviews[i].stars != 3]
        for i in rng.sample(clear, round((len(reviews) - first) * NOISE_SHARE)):  # of both labels, which stay balanced
            reviews[i] = replace(reviews[i], stars=6 - reviews[i].stars)
    rng.shuffle(reviews)
    return reviews


def make_reviews(seed: int = SEED) -> list[Review]:
    """All reviews, split by split. Those of the split "unlabelled" have labels too, but not in the file."""
    rng = random.Random(seed)
    films = invent_films(rng)
    reviews, twins, seen = [], 0, set()
    for split, size in SIZES.items():
        reviews += write_split(rng, films, split, twins, seen)
        twins += round(size * TWIN_SHARE / 2)
    return reviews


# --- the best possible scores ------------------------------------------------------------------------------------------


def bag_ceiling(reviews: list[Review]) -> list[float]:
    """For each review, how often the best function of its bag of words is right: the fraction of the more frequent label
    among the reviews of `reviews` with the same bag. No function of the bag can have a larger mean, not even one that knows all
    labels."""
    labels = defaultdict(Counter)
    bags = [frozenset(Counter(tokenize(review.text)).items()) for review in reviews]
    for bag, review in zip(bags, reviews, strict=True):
        labels[bag][review.label] += 1
    return [max(labels[bag].values()) / labels[bag].total() for bag in bags]


def opinions(review: Review) -> list[int]:
    """The polarities (1 positive, 0 negative) of the opinion words of a review, in order."""
    return [OPINION[word] for word in tokenize(review.text) if word in OPINION]


def counting_reader(train: list[Review], reviews: list[Review]) -> list[float]:
    """For each review, whether a classifier is right that counts positive and negative opinion words and predicts the more
    frequent label of this pair of counts in `train`. For a new pair, the larger count decides; 0.5 for a tie."""

    def counts(review):
        sides = Counter(opinions(review))
        return sides[1], sides[0]

    balance = Counter()
    for review in train:
        balance[counts(review)] += 1 if review.label else -1
    return [_right(balance[pair] or pair[0] - pair[1], review) for review in reviews for pair in [counts(review)]]


def last_word_reader(reviews: list[Review]) -> list[float]:
    """For each review, whether its last opinion word has the polarity of its label; 0.5 if there is none."""
    return [_right(sides[-1] - 0.5 if sides else 0, review) for review in reviews for sides in [opinions(review)]]


def perfect_reader(reviews: list[Review]) -> list[float]:
    """For each review, whether the meaning of its words is its label: always, except for the noise."""
    return [_right(review.meant - 0.5, review) for review in reviews]


def _right(score: float, review: Review) -> float:
    return 0.5 if score == 0 else float((score > 0) == review.label)


def table(head: list, rows: list[list]) -> str:
    """A table in Markdown."""
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(f"{c:,}" if isinstance(c, int) else str(c) for c in row) + " |" for row in cells)


def numbers(reviews: list[Review]) -> str:
    """The numbers for README.md: the contents of each split, and the accuracies of simple classifiers."""
    splits = {name: [review for review in reviews if review.split == name] for name in SIZES}
    words = {name: [tokenize(review.text) for review in split] for name, split in splits.items()}
    facts = {
        "reviews": len,
        "positive / negative": lambda split: f"{sum(r.label for r in split):,} / {sum(not r.label for r in split):,}",
        "1, 2, 3, 4, 5 stars": lambda split: ", ".join(str(sum(r.stars == n for r in split)) for n in (1, 2, 3, 4, 5)),
        "reviews in minimal pairs": lambda split: sum(r.twin >= 0 for r in split),
        "confused scale (noise)": lambda split: sum(r.label != r.meant for r in split),
    }
    contents = [[name, *map(count, splits.values())] for name, count in facts.items()]
    lengths = [sorted(map(len, texts)) for texts in words.values()]
    for name, share in (("shortest", 0), ("median", 0.5), ("nine in ten have at most", 0.9), ("longest", 1)):
        contents.append([f"words: {name}", *(sizes[round(share * (len(sizes) - 1))] for sizes in lengths)])

    counts = Counter(word for texts in words.values() for text in texts for word in text)
    in_test, in_train = ({word for text in words[name] for word in text} for name in ("test", "train"))
    vocabulary = (
        f"There are {counts.total():,} words, {len(counts):,} different ones; {sum(n == 1 for n in counts.values()):,} "
        f"occur once. Of the {len(in_test):,} different words of the test set, {len(in_test - in_train):,} do not occur in the "
        "training set."
    )

    readers = {
        "any function of the bag of words": bag_ceiling,
        "counts of opinion words": lambda split: counting_reader(splits["train"], split),
        "the last opinion word": last_word_reader,
        "perfect model": perfect_reader,
    }
    labelled = list(SIZES)[:-1]
    reached = [[name] for name in readers]
    for row, reader in zip(reached, readers.values(), strict=True):
        for name in labelled:
            right = [
                (score, review.twin >= 0) for score, review in zip(reader(splits[name]), splits[name], strict=True)
            ]
            for part in ({True, False}, {True}, {False}):
                row.append(f"{fmean(score for score, is_twin in right if is_twin in part):.3f}")
    head = ["accuracy of", *(name + part for name in labelled for part in ("", ", pairs", ", others"))]
    return f"{table(['', *SIZES], contents)}\n\n{vocabulary}\n\n{table(head, reached)}"


# --- files -----------------------------------------------------------------------------------------------------------------


def write_sample(reviews: list[Review], folder: Path) -> None:
    """Write the file into `folder`, and its numbers into the README.md there, as `samples.write` does."""
    lines = ["\t".join(COLUMNS)]
    for r in reviews:
        known = ("", "", "") if r.split == "unlabelled" else (r.label, r.stars, r.twin)
        lines.append("\t".join(map(str, (r.split, *known, r.text))))
    samples.write(folder, "make_reviews.py", {FILE: lines}, numbers(reviews))


if __name__ == "__main__":
    write_sample(make_reviews(), HERE)
