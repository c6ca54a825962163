#!/usr/bin/env bash
# Deploys a new release while the old one keeps serving, and rolls back if the new one is unhealthy. Its parts are in
# deploy/, its state is in .deploy/; docs/deployment.md describes all commands.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"
umask 022 # other users read the pulled files in containers

usage() {
    cat <<'END'
./deploy.sh [deploy] [--no-pull] pull the latest code, build it and deploy it; --no-pull: deploy what is checked out
./deploy.sh restart              replace the containers of the current release, with the current settings; no downtime
./deploy.sh rollback [RELEASE]   return to the previous release (or to RELEASE), without a build; sessions stay
./deploy.sh status               show releases, containers and health; exits with 0 if everything is healthy
./deploy.sh logs [SERVICE …]     follow the logs
./deploy.sh maintenance on|off   turn maintenance mode on or off; hunts continue, health, status and dashboard stay up

Read from the environment or from .env:
  HUNTER_READY_WAIT=180   seconds a new container has to become healthy
  HUNTER_STOP_GRACE=45    seconds an old container has to stop (at least 20 more than DRAIN_TIMEOUT)
  HUNTER_NAMES_WAIT=3     seconds until nginx has resolved new containers (it resolves names every second)
  HUNTER_PROOFS=20        requests through nginx that must succeed after a deploy
  HUNTER_REPLICAS=1       API containers of the first deploy; later deploys keep the current number
END
}

STATE=.deploy
SWITCH=nginx/switch/maintenance
KEPT_RELEASES=3
building= # the release whose images are being built

# After the switch, docker and compose run in their own session and without our lock. Otherwise Ctrl-C would end them
# although we ignore it, and if we are killed, they would keep the next call from cleaning up.
unstoppable=no
docker() { if [ $unstoppable = yes ]; then setsid -w docker "$@" 9>&-; else command docker "$@"; fi; }
compose() { if [ $unstoppable = yes ]; then setsid -w "${compose_words[@]}" "$@" 9>&-; else "${compose_words[@]}" "$@"; fi; }

say() { printf '%s\n' "$*"; }
fail() {
    printf 'deploy.sh: %s\n' "$*" >&2
    exit 1
}

for part in machine checkout containers releases change; do
    # shellcheck source=/dev/null
    . "deploy/$part.sh"
done

deploy() {
    local revision release before how=${1-}
    case $how in
        "" | --pull)
            before=$(revision_here)
            pull_latest
            [ "$(revision_here)" = "$before" ] || exec "$BASH" ./deploy.sh deploy --no-pull # the pull may have changed this script
            ;;
        --no-pull) ;;
        *) fail "unknown argument: $how (see ./deploy.sh help)" ;;
    esac
    let_nginx_read
    revision=$(revision_here)
    release=$(date -u +%Y%m%d-%H%M%S)-$revision
    compose config >/dev/null
    require_free_ports
    say "Building $release …"
    trap on_exit EXIT
    trap 'exit 130' INT TERM HUP
    building=$release
    HUNTER_TAG=$release HUNTER_REVISION=$revision compose build model-hunter dashboard
    building=
    adopt
    serve "$release" "$revision"
    forget_old_releases
    warn_of_unread_names
}

restart() {
    local now
    adopt
    now=$(current)
    [ -n "$now" ] || fail "nothing is deployed yet; run ./deploy.sh first."
    serve "$now" "$(revision_of "$now")"
    warn_of_unread_names
}

rollback() {
    local release=${1-} now revision
    adopt
    now=$(current)
    [ -n "$now" ] || fail "deploy.sh has deployed nothing yet, so there is no previous release."
    [ -n "$release" ] || release=$(before "$now")
    [ -n "$release" ] || fail "no earlier release has different code than $now (./deploy.sh status lists all releases)."
    [ "$release" != "$now" ] || fail "$release is already live."
    revision=$(revision_of "$release")
    [ -n "$revision" ] || fail "release $release not found (./deploy.sh status lists all releases)."
    has_image "$API_IMAGE:$release" && has_image "$DASHBOARD_IMAGE:$release" || fail "the images of $release no longer exist."
    say "Rolling back from $now to $release …"
    serve "$release" "$revision"
}

status() {
    local id health well=yes service state
    say "Live release: $(in_service)"
    say "Stored releases:"
    if [ -f $STATE/releases ]; then sed 's/^/  /' $STATE/releases; fi
    if [ -f $STATE/change ]; then
        say "A deploy is running or was interrupted. If none is running, ./deploy.sh cleans up. ($(sed -n '1,2p' $STATE/change | tr '\n' ' '))"
        well=no
    fi
    if [ -e $SWITCH ]; then say "Maintenance: on"; else say "Maintenance: off"; fi
    say "Containers (status, health, restarts):"
    for service in redis model-hunter dashboard nginx; do
        [ -n "$(ids_of $service)" ] || well=no
        for id in $(ids_of $service); do
            state=$(state_of "$id")
            say "  $service ${id:0:12}  $state"
            [[ $state == "running healthy "* || $state == "running starting "* ]] || well=no
        done
    done
    health=$(status_through_edge /api/health)
    say "Health through nginx: $health"
    [ "$health" = 200 ] && [ $well = yes ]
}

maintenance() {
    case ${1-} in
        on)
            touch $SWITCH
            [ "$(status_through_edge /)" = 503 ] || fail "maintenance is set ($SWITCH), but nginx does not return 503. Is its container running?"
            say "Maintenance mode is on. Hunts continue; health, admin status and the dashboard stay up."
            ;;
        off)
            rm -f $SWITCH
            [ "$(status_through_edge /)" != 503 ] || fail "maintenance is unset ($SWITCH), but nginx still returns 503."
            say "Maintenance mode is off."
            ;;
        *) fail "use ./deploy.sh maintenance on or ./deploy.sh maintenance off." ;;
    esac
}

main() {
    local verb=${1:-deploy}
    [ $# = 0 ] || shift
    case $verb in
        help | -h | --help)
            usage
            return
            ;;
        --pull | --no-pull)
            set -- "$verb"
            verb=deploy
            ;;
    esac
    read_env
    require_numbers
    find_compose
    name_images
    case $verb in
        deploy | restart | rollback)
            refuse_open_house
            warn_of_unread_names
            alone
            settle
            "$verb" "$@"
            ;;
        status | maintenance) "$verb" "$@" ;;
        logs) compose logs -f --tail 100 "$@" ;;
        *)
            usage >&2
            fail "unknown command: $verb"
            ;;
    esac
}

main "$@"
exit # so that bash does not read what a pull has written into this file
