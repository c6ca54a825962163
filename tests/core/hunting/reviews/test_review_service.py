"""Settings and selection of a session."""

import pytest

from core.errors import BadInput
from core.hunting.orders import SettingsOrder
from core.hunting.reviews.review_service import with_settings
from tests.builders import a_run, a_session


def test_the_setting_is_fixed_with_the_first_run():
    order = SettingsOrder(version=1, judge_cut_replies=True)
    assert with_settings(a_session(), order, 100).judge_cut_replies is True
    with pytest.raises(BadInput) as refused:
        with_settings(a_session(runs=(a_run(),)), order, 100)
    assert refused.value.code == "settings_fixed"
    same = SettingsOrder(version=1, judge_cut_replies=False)
    assert with_settings(a_session(runs=(a_run(),)), same, 100).judge_cut_replies is False
