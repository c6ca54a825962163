#!/usr/bin/env bash
# Installs the programs that only the tests need; `long`: also what only the long tests need. Missing ones are listed
# here and again in pytest's summary; the tests that need them are skipped, all others run.
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin # nginx is there on Debian; only root has it on PATH

has_font() { ls /usr/share/fonts/truetype/"$1"/*.ttf >/dev/null 2>&1; }

missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v nginx >/dev/null || missing+=(nginx)
command -v curl >/dev/null || missing+=(curl)
has_font noto && has_font dejavu || missing+=(fonts-noto-color-emoji fonts-dejavu-core)
[ ${#missing[@]} = 0 ] || bash tools/debian.sh "the tests that need it are skipped, and pictures lack letters" "${missing[@]}"
# Debian keeps its programs apart, by version.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 ||
    bash tools/debian.sh "the library is tested on SQLite only" postgresql
# Apart from the others, because not every system has it. Where there is a whole chromium, that will do.
command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null ||
    bash tools/debian.sh "the tests in a real browser are skipped" chromium-headless-shell
[ "${1:-}" = long ] || exit 0
bash tools/setup.sh other ||
    printf '\nMissing: an environment for a second Python. Without it the tests on two versions are skipped.\n\n' >&2
bash tools/setup.sh model_server ||
    printf '\nMissing: a local model server. Without it the tests against llama.cpp are skipped.\n\n' >&2
bash tools/setup.sh gateway ||
    printf '\nMissing: the LiteLLM proxy. Without it the tests through a gateway are skipped.\n\n' >&2
exit 0
