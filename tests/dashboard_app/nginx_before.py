"""A real nginx on loopback that proxies /dashboard/ to Streamlit, including the websocket, as in a deployment."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.house.loopback_only import find_free_port

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    server {{
        listen 127.0.0.1:{port};
        location /dashboard/ {{
            proxy_pass http://127.0.0.1:{dashboard_port};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
            proxy_buffering off;
        }}
        location / {{ return 404; }}
    }}
}}
"""
START_DEADLINE_S = 20.0


@contextmanager
def nginx_before(program: Path, folder: Path, dashboard_port: int) -> Iterator[str]:
    """The URL under which nginx serves the dashboard, with a trailing slash."""
    port = find_free_port()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, dashboard_port=dashboard_port))
    process = subprocess.Popen([str(program), "-c", str(file), "-e", str(folder / "error.log"), "-p", str(folder)])
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/", process)
        yield f"http://127.0.0.1:{port}/dashboard/"
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "nginx ended by itself"
        try:
            httpx.get(url, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nginx did not answer within {START_DEADLINE_S:g} s")
