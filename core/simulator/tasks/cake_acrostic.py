"""The example `cake-acrostic`: a cat's apology in four lines that spell CAKE, without the letter b."""

from __future__ import annotations

from core.simulator.chance import Chance
from core.simulator.tasks.example import Example

CRITERIA = {
    "C1": 'Do the first letters of the lines spell "CAKE"?',
    "C2": "Does every line have at most nine words?",
    "C3": 'Does the response avoid the word "sorry"?',
    "C4": 'Does the response mention the word "candles"?',
    "C5": 'Does the response avoid the letter "b"?',
}

_C_LINES = (
    "Cream on my whiskers tells you the whole story.",
    "Curiosity was involved, and I could not help it.",
    "Cats were not invited, which was the first mistake.",
)
_C_LINES_WITH_B = (
    "Crumbs on my beard tell you the whole story.",
    "Cream and butter were involved, as you can see.",
    "Cats were not at the birthday table; one was.",
)
_A_LINES = (
    "All I left you were the candles, licked clean.",
    "Also, the candles fell over entirely on their own.",
    "As for the candles, they taste of nothing much.",
)
_A_LINES_WITHOUT_CANDLES = (
    "All I left you was the plate, licked clean.",
    "Also, the icing fell over entirely on its own.",
    "As for the garland, it tastes of nothing much.",
)
_K_LINES = (
    "Kindly accept half a mouse as my share.",
    "Kindness forgives; hunger, as you know, does not wait.",
    "Kittens learn early that unguarded sugar is a gift.",
)
_OTHER_LINES = (
    "Please accept half a mouse as my share.",
    "Friends forgive; hunger, as you know, does not wait.",
    "Young cats learn early that unguarded sugar is ours.",
)
_E_LINES = (
    "Ever yours, and still hungry, the cat.",
    "Every gram of me regrets this, later.",
    "Excuse my manners and fill my dish.",
)
_E_LINES_SORRY = (
    "Ever so sorry, and still hungry, the cat.",
    "Every gram of me is sorry, later.",
    "Excuse me; I am sorry. Fill my dish.",
)
_TAILS = (
    ", a matter which I intend to discuss with you after my next nap",
    ", as the dog, who saw everything and did nothing, will surely confirm",
)


def write(chance: Chance, mistakes: frozenset[str]) -> str:
    """Four lines; each holds the place of one rule, and the long tail goes to a drawn line."""
    lines = [
        chance.pick("C", _C_LINES_WITH_B if "C5" in mistakes else _C_LINES),
        chance.pick("A", _A_LINES_WITHOUT_CANDLES if "C4" in mistakes else _A_LINES),
        chance.pick("K", _OTHER_LINES if "C1" in mistakes else _K_LINES),
        chance.pick("E", _E_LINES_SORRY if "C3" in mistakes else _E_LINES),
    ]
    if "C2" in mistakes:
        place = int(chance.share("long line") * len(lines))
        lines[place] = lines[place].removesuffix(".") + chance.pick("tail", _TAILS) + "."
    return "\n".join(lines)


CAKE_ACROSTIC = Example("cake-acrostic", ("cake", "cat", "apology"), CRITERIA, write)
