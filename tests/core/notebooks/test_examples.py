"""The example tasks that come with the product."""

import pytest

from core.errors import NotFound
from core.notebooks.examples import ABOUT_CHARS, FOLDER, list_examples, read_example
from tests.core.notebooks.building import load


def test_every_example_is_listed_by_name_with_the_beginning_of_its_prompt():
    examples = list_examples()
    assert [one.name for one in examples] == sorted(path.stem for path in FOLDER.glob("*.ipynb"))
    for one in examples:
        prompt = " ".join(load(read_example(one.name)).task.prompt.split())
        assert one.about == prompt[:ABOUT_CHARS] != ""
        assert one.title[:1].isupper()


@pytest.mark.parametrize("name", ["no-such-example", "../README", ""])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(NotFound) as refused:
        read_example(name)
    assert all(one.name in refused.value.hint for one in list_examples())
