"""The texts of charts."""

from datetime import timedelta

import pandas as pd
import pytest

from dashboard_app.components.charts import bar_width
from tests.dashboard_app.records_made_up import NOW


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(1, "minute"), (5, "5 min"), (60, "hour"), (180, "3 h"), (90, "90 min"), (1440, "day"), (10080, "7 d")],
)
def test_a_bar_says_what_it_stands_for(minutes, words):
    begin = pd.Timestamp(NOW)
    assert bar_width(pd.DataFrame({"begin": [begin], "end": [begin + timedelta(minutes=minutes)]})) == words
