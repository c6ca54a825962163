"""Downloads of tables."""

import io
import random
from datetime import UTC, datetime

import pandas as pd

from dashboard_app.components.tables import as_csv, as_parquet
from dashboard_app.filter_conditions import Choice
from dashboard_app.views.find import Search, find_hunts


def test_a_table_comes_as_csv_and_as_parquet(reader):
    frame = find_hunts(reader, Search(Choice(datetime.now(UTC))), page_hunts=random.Random(1).randint(5, 9))
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(as_parquet(frame))), frame)
    again = pd.read_csv(io.BytesIO(as_csv(frame)))
    assert list(again.columns) == list(frame.columns)
    assert list(again["hunt_id"]) == list(frame["hunt_id"])


def test_no_reply_becomes_a_formula_in_a_spreadsheet():
    frame = pd.DataFrame({"excerpt": ["=cmd()", "+1", "-1", "@x", "plain, with comma", None], "n": [-1, 2, 3, 4, 5, 6]})
    lines = as_csv(frame).decode("utf-8-sig").splitlines()
    assert lines == ["excerpt,n", "'=cmd(),-1", "'+1,2", "'-1,3", "'@x,4", '"plain, with comma",5', ",6"]
