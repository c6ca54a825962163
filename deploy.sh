#!/usr/bin/env bash
# Brings a new release into service while the old one goes on serving, and goes back when it is bad. Its parts stand in
# deploy/, what it remembers in .deploy/; docs/deployment.md tells the whole story.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"
umask 022 # what is pulled here is read in containers by other users

usage() {
    cat <<'END'
./deploy.sh [deploy] [--no-pull] pull the latest code, build it and put it into service; --no-pull: what is checked out
./deploy.sh restart              new containers of the release in service, with the settings of now; nobody notices
./deploy.sh rollback [RELEASE]   put the release before (or RELEASE) into service again, at once; sessions stay
./deploy.sh status               releases, containers, health; exit code 0 when all is well
./deploy.sh logs [SERVICE …]     follow the logs
./deploy.sh maintenance on|off   close and open the house for people; hunts go on, health, status and dashboard answer

Read from the environment or from .env:
  HUNTER_READY_WAIT=180   longest wait, in seconds, until a new container is healthy
  HUNTER_STOP_GRACE=45    longest wait, in seconds, until an old container has ended (above DRAIN_TIMEOUT)
  HUNTER_NAMES_WAIT=3     seconds until nginx surely knows new containers (it asks every second)
  HUNTER_PROOFS=20        answers through nginx that have to be right after a switch
  HUNTER_REPLICAS=1       API containers of a first deploy; later deploys keep the number that runs
END
}

STATE=.deploy
SWITCH=nginx/switch/maintenance
KEPT_RELEASES=3
building= # the release whose images are being built

# From the switch on what is run is in a session of its own, without our lock: docker and compose end at Ctrl-C even
# where we do not, and when we are killed what they do must not keep the next call from putting things in order.
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
            [ "$(revision_here)" = "$before" ] || exec "$BASH" ./deploy.sh deploy --no-pull # which may be another script now
            ;;
        --no-pull) ;;
        *) fail "unknown word: $how (./deploy.sh help)" ;;
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
    [ -n "$now" ] || fail "nothing was started here yet: ./deploy.sh"
    serve "$now" "$(revision_of "$now")"
    warn_of_unread_names
}

rollback() {
    local release=${1-} now revision
    adopt
    now=$(current)
    [ -n "$now" ] || fail "nothing was deployed with deploy.sh yet, so there is nothing to go back to."
    [ -n "$release" ] || release=$(before "$now")
    [ -n "$release" ] || fail "there is no release of other code before $now (./deploy.sh status lists them)."
    [ "$release" != "$now" ] || fail "$release is in service already."
    revision=$(revision_of "$release")
    [ -n "$revision" ] || fail "there is no release $release (./deploy.sh status lists them)."
    has_image "$API_IMAGE:$release" && has_image "$DASHBOARD_IMAGE:$release" || fail "the images of $release are gone."
    say "Going from $now to $release …"
    serve "$release" "$revision"
}

status() {
    local id health well=yes service state
    say "Release in service: $(in_service)"
    say "Releases kept:"
    if [ -f $STATE/releases ]; then sed 's/^/  /' $STATE/releases; fi
    if [ -f $STATE/change ]; then
        say "A change is under way, or was cut off: then ./deploy.sh puts things in order. ($(sed -n '1,2p' $STATE/change | tr '\n' ' '))"
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
            [ "$(status_through_edge /)" = 503 ] || fail "the switch is set ($SWITCH), but nginx does not close: is its container up?"
            say "Closed. Hunts go on; health, admin status and the dashboard answer."
            ;;
        off)
            rm -f $SWITCH
            [ "$(status_through_edge /)" != 503 ] || fail "the switch is gone ($SWITCH), but nginx still says 503."
            say "Open."
            ;;
        *) fail "say ./deploy.sh maintenance on, or off" ;;
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
            fail "unknown word: $verb"
            ;;
    esac
}

main "$@"
exit # what a pull has written into this file since is not read
