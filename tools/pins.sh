#!/usr/bin/env bash
# Generates requirements/*.txt: versions and hashes, no URLs. dev.txt includes both others and is resolved first; its
# versions constrain them, so that all three agree. The servers that only tests start have environments of their own.
set -euo pipefail
cd "$(dirname "$0")/../requirements"

compile() {
    ../.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate "$@"
}

compile "$@" dev.in --output-file dev.txt
compile --constraint dev.txt --upgrade api.in --output-file api.txt
compile --constraint dev.txt --upgrade dashboard.in --output-file dashboard.txt
compile "$@" --no-deps model_server.in --output-file model_server.txt
compile "$@" gateway.in --output-file gateway.txt
