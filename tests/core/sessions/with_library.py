"""Set-up of processes with a library in a folder."""

from core.hunting.orders import OpenOrder
from core.notebooks.examples import read_example
from tests.settings import make_settings


def settings_for(folder, **changes):
    made = {
        "library__url": f"sqlite:///{folder}/library.sqlite", "telemetry__directory": f"{folder}/t",
        "redis__journal_dir": f"{folder}/j", "server__drain_timeout_s": 0.0, "library__flush_interval_s": 0.05,
    }  # fmt: skip
    return make_settings(**(made | changes))


async def opened(runtime):
    return (await runtime.service.open_notebook(read_example("word-budget"), "w.ipynb", OpenOrder())).session_id
