"""How a text of the environment becomes a value, and what is said of one that does not."""

import pytest

from core.settings.rows import Row, read_value, unquote

COUNT = Row("HUNTS", "hunts", "", minimum=1, maximum=10)
ADDRESS = Row("API_URL", "URL", "")
REDIS = Row("REDIS_URL", "URL", "")
KEY = Row("KEY", "key", "", secret=True)
LEVEL = Row("LEVEL", "name", "", choices=("info", "debug"))
LIBRARY = Row("LIBRARY_URL", "database", "", secret=True)
ANY = Row("X", "text", "")


@pytest.mark.parametrize(
    ("text", "meant"),
    [('"a b"', "a b"), ("' a '", "a"), ('"a" "b"', '"a" "b"'), ('"', '"'), (" a ", "a"), ("\"a'", "\"a'"), ("", "")],
)
def test_quotes_around_all_of_it_are_no_part_of_a_value(text, meant):
    assert unquote(text) == meant


@pytest.mark.parametrize(
    ("text", "row", "default", "value"),
    [
        ("YES", ANY, False, True), ("0", ANY, True, False), ("7", COUNT, 1, 7), ("2.5", COUNT, 1.0, 2.5),
        (" a, ,b ", ANY, (), ("a", "b")), ("debug", LEVEL, "info", "debug"), ("text", ANY, "", "text"),
        ("https://api.test/v1", ADDRESS, "", "https://api.test/v1"), ("redis://h:1/0", REDIS, "", "redis://h:1/0"),
        ("sk-1", KEY, "", "sk-1"), *((text, LIBRARY, "", text) for text in (
            "off", "sqlite:////data/a b.sqlite", "postgresql://u:p%40@h:5432/d?sslmode=require", "postgresql:///d?host=/run/pg",
        )),
    ],
)  # fmt: skip
def test_a_text_is_read_as_its_default_is(text, row, default, value):
    read = read_value(text, row, default)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "row", "default", "said"),
    [
        ("maybe", ANY, False, '"maybe" is not true or false.'),
        ("six", COUNT, 1, "must be a whole number (hunts); got 'six'."),
        ("1.5", COUNT, 1, "must be a whole number (hunts); got '1.5'."),
        ("nan", COUNT, 1.0, "must be a number (hunts); got 'nan'."),
        ("inf", COUNT, 1.0, "must be a number (hunts); got 'inf'."),
        ("0", COUNT, 1, "must be at least 1 hunts; got 0."),
        ("11", COUNT, 1, "must be at most 10 hunts; got 11."),
        ("all", LEVEL, "info", '"all" is not one of info, debug.'),
        ("ftp://h", ADDRESS, "", '"ftp://h" is not an address that begins with http:// or https://.'),
        ("http://h", REDIS, "", '"http://h" is not an address that begins with redis:// or rediss:// or unix://.'),
        ("a b", KEY, "", "the given value contains a space, a line break or a character that keys cannot contain."),
    ],
)  # fmt: skip
def test_an_invalid_text_is_rejected_with_the_valid_form(text, row, default, said):
    with pytest.raises(ValueError, match=r".") as refused:
        read_value(text, row, default)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("OFF", "is neither off nor an address that begins with sqlite:/// or postgresql://"),
        ("postgresql://", "is neither off nor an address that begins with sqlite:/// or postgresql://"),
        ("sqlite:///:memory:", "must be sqlite:/// and the path of a file, without options"),
        ("sqlite:///a?mode=ro", "must be sqlite:/// and the path of a file, without options"),
        ("sqlite:////", "must be sqlite:/// and the path of a file, without options"),
        ("postgresql://u:p@h:port/d", "has a host, port or option that is not valid"),
        ("postgresql://u:p@h:99999/d", "has a host, port or option that is not valid"),
        ("postgresql://[::1/d", "has a host, port or option that is not valid"),
        ("postgresql://u:p@h/d?sslmode", "has a host, port or option that is not valid"),
        ("postgresql://u:p@h/d?p=1", "has an option that is none of host and sslmode (1 unknown)"),
        ("postgresql://h/d?sslmode=on", "has an sslmode that is none of allow, disable, prefer, require, verify-ca, "
         "verify-full"),
    ],
)  # fmt: skip
def test_an_address_that_no_library_can_have_is_rejected_without_showing_it(text, said):
    with pytest.raises(ValueError, match=r".") as refused:
        read_value(text, LIBRARY, "")
    assert str(refused.value) == f"the given value {said}."


def test_a_secret_is_never_shown():
    with pytest.raises(ValueError, match="the given value is not true or false"):
        read_value("sk-secret", KEY, False)
