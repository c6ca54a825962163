#!/usr/bin/env bash
# Sees to the programs that only the tests need. What cannot be had is said here and again in pytest's
# closing summary; the tests that need it are skipped, all others run.
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin # where Debian keeps nginx, and where only root looks

has_font() { ls /usr/share/fonts/truetype/"$1"/*.ttf >/dev/null 2>&1; }

command -v redis-server >/dev/null || bash tools/debian.sh "the tests with a real Redis are skipped" redis-server
command -v nginx >/dev/null || bash tools/debian.sh "the tests through nginx are skipped" nginx
command -v chromium >/dev/null || bash tools/debian.sh "the tests in a real browser are skipped" chromium
command -v curl >/dev/null || bash tools/debian.sh "the examples of the guides are not tried" curl
has_font noto && has_font dejavu ||
    bash tools/debian.sh "pictures of pages show boxes instead of letters" fonts-noto-color-emoji fonts-dejavu-core
bash tools/setup.sh other ||
    printf '\nMissing: an environment for a second Python. Without it the tests on two versions are skipped.\n\n' >&2
exit 0
