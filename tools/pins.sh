#!/usr/bin/env bash
# Writes requirements/*.txt: versions and hashes, no addresses. dev.txt is resolved first, with both others
# in it, and then binds them: the three agree.
set -euo pipefail
cd "$(dirname "$0")/../requirements"

compile() {
    ../.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate "$@"
}

compile "$@" dev.in --output-file dev.txt
compile --constraint dev.txt --upgrade api.in --output-file api.txt
compile --constraint dev.txt --upgrade dashboard.in --output-file dashboard.txt
