"""A search and the texts that it finds are divided into the same words."""

from core.domain.search_words import search_terms, searchable


def test_terms_of_a_search_are_letters_and_digits_and_phrases_in_scripts_without_spaces():
    assert search_terms(' gpt-5 "naïve"_x 世界 ', 9) == (("gpt",), ("5",), ("naive",), ("x",), ("世", "界"))
    assert len(search_terms("a " * 100, 12)) == 12
    assert search_terms("?? 🦄 \0", 12) == ()


def test_texts_lose_accents_and_case_and_keep_their_characters():
    assert searchable("Plain ASCII, as it is.") == "Plain ASCII, as it is."
    assert searchable("Élan ПРИВЕТ ﬁne").split() == ["elan", "привет", "fine"]
    assert searchable("ﾃｽﾄ").split() == [word for term in search_terms("テスト", 9) for word in term]
    assert searchable("a天气b").split() == ["a", "天", "气", "b"]
