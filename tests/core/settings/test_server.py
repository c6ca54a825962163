"""Where the dashboard finds the API."""

from tests.settings import make_settings


def test_without_an_address_it_is_the_api_on_this_machine():
    assert make_settings(server__api_port=9).server.status_url == "http://127.0.0.1:9"
    assert make_settings(server__api_url="https://api.test").server.status_url == "https://api.test"
