"""`python -m core.probe`: the health check of images and deploys."""

import http.server
import json
import threading

import pytest

from core.probe import main
from tests.house.loopback_only import find_free_port


@pytest.fixture
def address():
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(int(self.path[1:4]))
            self.end_headers()
            self.wfile.write(json.dumps({"revision": "abc"}).encode() if self.path.endswith("json") else b"text")

        def log_message(self, *_):
            """Nobody reads it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, name="answers").start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_an_address_that_is_well_says_nothing(address, capsys):
    assert main([f"{address}/200"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("path", "said"), [("/503", "503"), ("/404", "404")])
def test_a_status_other_than_200_is_reported(address, capsys, path, said):
    assert main([f"{address}/200", f"{address}{path}"]) == 1
    told = capsys.readouterr().err
    assert f"{address}{path}" in told
    assert said in told
    assert f"{address}/200" not in told


def test_an_unreachable_server_is_reported_in_time(capsys):
    assert main([f"http://127.0.0.1:{find_free_port()}/", "--timeout", "1"]) == 1
    assert "refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "revision", "code"), [("/200json", "abc", 0), ("/200json", "xyz", 1), ("/200", "abc", 1)]
)
def test_the_revision_has_to_be_the_one_that_was_asked_for(address, path, revision, code):
    assert main([f"{address}{path}", "--revision", revision]) == code
