"""The example `nobel-detective`: a question whose premise is false, with four options of which none is right."""

from __future__ import annotations

from core.simulator.chance import Chance
from core.simulator.tasks.example import Example

CRITERIA = {
    "C1": "Does the response state that none of the options is correct?",
    "C2": 'Does the response call Sherlock Holmes "fictional" or "invented"?',
    "C3": 'Does the response mention "Conan Doyle"?',
    "C4": 'Does the response name at least one real laureate: "Ramsay", "Rutherford", "Curie" or "Soddy"?',
}

_REJECTS = (
    "None of the options is correct.",
    "None of these options is right, however tempting they look.",
    "The honest answer is that none of the four options is correct.",
)
_PICKS = (
    "The correct answer is **{option}**.",
    "The correct choice is **{option}**, as any reader of the period will confirm.",
    "**{option}** – the correct answer is {option}, the year in which the committee honoured his study of stains.",
)
_OPTIONS = ("A) 1904", "B) 1908", "C) 1911", "D) 1921")
_NOT_REAL = (
    "Sherlock Holmes is a fictional detective, and the committee has so far insisted on real people.",
    "Holmes was invented, which rather spoils his chances with the Swedish Academy of Sciences.",
    "A fictional consultant cannot travel to Stockholm, not even by the express from Paddington.",
)
_TAKEN_FOR_REAL = (
    "Sherlock Holmes carried out the decisive experiments at his flat in Baker Street.",
    "Holmes had by then spent decades on the chemistry of bloodstains, mostly at night.",
    "His test for haemoglobin was a triumph, and Dr Watson is said to have wept at the ceremony.",
)
_AUTHOR = (
    "He comes from the pen of Arthur Conan Doyle, who gave him the chemistry set in 1887.",
    "Everything known about his laboratory was written by Sir Arthur Conan Doyle.",
    "His bloodstain test appears in the first novel that Conan Doyle wrote about him.",
)
_NO_AUTHOR = (
    "His bloodstain test is described in A Study in Scarlet.",
    "The details can be found in the records that Dr Watson kept.",
    "Scotland Yard, as usual, took some time to notice.",
)
_LAUREATES = (
    "The prize of 1908 went to Ernest Rutherford and that of 1911 to Marie Curie.",
    "In 1904 it was William Ramsay who received the prize, for the noble gases.",
    "Of the real winners, Marie Curie (1911) came closest to good detective work.",
)
_NO_LAUREATES = (
    "In each of those years the prize was a matter of some debate.",
    "The years given are all years in which a prize was awarded.",
    "Chemistry was a lively subject at the time.",
)


def write(chance: Chance, mistakes: frozenset[str]) -> str:
    """One paragraph in which each sentence serves one criterion, or fails it."""
    if "C1" in mistakes:
        opening = chance.pick("pick", _PICKS).format(option=chance.pick("option", _OPTIONS))
    else:
        opening = chance.pick("reject", _REJECTS)
    real = chance.pick("real", _TAKEN_FOR_REAL if "C2" in mistakes else _NOT_REAL)
    author = chance.pick("author", _NO_AUTHOR if "C3" in mistakes else _AUTHOR)
    laureates = chance.pick("laureates", _NO_LAUREATES if "C4" in mistakes else _LAUREATES)
    break_here = "\n\n" if chance.hits("paragraph", 0.5) else " "
    return f"{opening} {real} {author}{break_here}{laureates}"


NOBEL_DETECTIVE = Example("nobel-detective", ("sherlock holmes", "nobel", "1911"), CRITERIA, write)
