"""The example `word-budget`: a lighthouse keeper's out-of-office reply, 50 to 70 words."""

from __future__ import annotations

from core.simulator.chance import Chance
from core.simulator.tasks.example import Example

CRITERIA = {
    "C1": "Is the response between 50 and 70 words long?",
    "C2": "Does the response consist of exactly two paragraphs?",
    "C3": 'Does the response mention "Gerald"?',
    "C4": 'Does the response avoid the word "light"?',
    "C5": "Does the response end with a question mark?",
}

_OPENINGS = (
    "Thank you for your message. I am on holiday until the end of the month, my first in eleven years.",
    "Hello! You have reached the lighthouse, but not me: after eleven years I am finally away on holiday.",
    "Thank you for writing. The keeper is on holiday, her first in eleven years, and has left the telescope at home.",
)
_WITHOUT_THE_WORD = (
    "Ships are kindly asked to look out for the rocks themselves.",
    "The lamp turns on its own now, and complains less than I did.",
    "The lamp has been oiled, wound up and told to behave.",
)
_WITH_THE_WORD = (
    "The light will of course stay on, so nobody needs to worry.",
    "Do not worry about the light; it knows what to do.",
    "Somebody will turn the light on at dusk, or so I was promised.",
)
_DEPUTY = (
    "In urgent cases please turn to {gull}, who has agreed to answer the telephone in return for herring.",
    "My deputy is {gull}, who handles storms, shipwrecks and sandwiches, though rarely in that order.",
    "Until then {gull} is in charge here and accepts complaints in person, best delivered together with fish.",
)
_GULL = "Gerald the seagull"
_NAMELESS = ("our resident seagull", "the senior seagull", "a trusted seagull")
_QUESTIONS = (
    "May I bring you back some sand?",
    "Would you like a postcard from somewhere flat?",
    "Is it true that other people see the sea only in summer?",
)
_STATEMENTS = (
    "I wish you a pleasant day and a calm sea.",
    "I will answer as soon as I am back on the rock.",
    "Kind regards from a deck chair that nobody has to climb.",
)
_RAMBLINGS = (
    "Before you ask: yes, I have packed the good oilskin, the other oilskin, eleven novels about trains and the tin "
    "whistle, and no, I have not told the harbour master where I am going, because he would only write to me.",
    "I should perhaps explain that the holiday was not my idea at all but my sister's, who has a farm with many sheep "
    "and no stairs whatsoever, and who believes that a person should see a tree at least once in every decade.",
)


def write(chance: Chance, mistakes: frozenset[str]) -> str:
    """Two paragraphs of 50 to 70 words, but for the mistakes."""
    gull = chance.pick("gull", _NAMELESS) if "C3" in mistakes else _GULL
    lamp = chance.pick("lamp", _WITH_THE_WORD if "C4" in mistakes else _WITHOUT_THE_WORD)
    first = [chance.pick("opening", _OPENINGS), lamp]
    if "C1" in mistakes:
        first.append(chance.pick("rambling", _RAMBLINGS))
    deputy = chance.pick("deputy", _DEPUTY).format(gull=gull)
    ending = chance.pick("ending", _STATEMENTS if "C5" in mistakes else _QUESTIONS)
    if "C2" not in mistakes:
        return f"{' '.join(first)}\n\n{deputy} {ending}"
    if chance.hits("one paragraph", 0.5):
        return f"{' '.join(first)} {deputy} {ending}"
    return f"{' '.join(first)}\n\n{deputy}\n\n{ending}"


WORD_BUDGET = Example("word-budget", ("lighthouse", "gerald", "holiday"), CRITERIA, write)
