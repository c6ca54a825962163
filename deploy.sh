#!/usr/bin/env bash
# Brings a new release into service while the old one goes on serving, and goes back when it is bad.
# Everything it knows of releases stands in .deploy/; docs/deployment.md tells the whole story.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
    cat <<'END'
./deploy.sh [deploy] [--pull]   build what is checked out (with --pull: after git pull) and put it into service
./deploy.sh rollback [RELEASE]  put the release before (or RELEASE) into service again, at once; sessions stay
./deploy.sh status              releases, containers, health; exit code 0 when all is well
./deploy.sh logs [SERVICE …]    follow the logs
./deploy.sh maintenance on|off  close and open the house for people; hunts go on, health and status answer

Read from the environment or from .env:
  HUNTER_READY_WAIT=180   longest wait, in seconds, until a new container is healthy
  HUNTER_STOP_GRACE=45    longest wait, in seconds, until an old container has ended (above DRAIN)
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

# ---- what is asked of the machine ------------------------------------------------------------------------

value_of() { # NAME default: from the environment, else from .env, else the default
    local found=${!1-}
    if [ -z "$found" ] && [ -f .env ]; then
        found=$(sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" .env | tail -n 1)
        found=${found%$'\r'}
        case $found in
            \"*\" | \'*\') found=${found:1:${#found}-2} ;;
        esac
    fi
    printf '%s' "${found:-$2}"
}

name_images() { # another HUNTER_IMAGE keeps two installations on one machine apart
    API_IMAGE=$(value_of HUNTER_IMAGE model-hunter)-api
    DASHBOARD_IMAGE=$(value_of HUNTER_IMAGE model-hunter)-dashboard
}

find_compose() {
    type -P docker >/dev/null || fail "docker is not installed (see docs/deployment.md, A fresh server)."
    if docker compose version >/dev/null 2>&1; then
        compose_words=(docker compose)
    elif command -v docker-compose >/dev/null; then
        compose_words=(docker-compose)
    else
        fail "neither 'docker compose' nor 'docker-compose' is there."
    fi
    type -P setsid >/dev/null || fail "setsid is missing (package util-linux)."
    docker info >/dev/null 2>&1 || fail "the Docker engine does not answer: is it running, and may you use it (group docker)?"
}

refuse_open_house() {
    local bind tokens
    bind=$(value_of HUNTER_BIND 127.0.0.1)
    tokens=$(value_of HUNTER_TOKENS "")
    case $bind in
        127.* | ::1 | \[::1\] | localhost) return ;;
    esac
    [ -n "$tokens" ] || fail "HUNTER_BIND=$bind lets others in, but there are no HUNTER_TOKENS: everybody could spend your keys." \
        "Set HUNTER_TOKENS in .env, or leave HUNTER_BIND out (docs/deployment.md, Opening it to others)."
}

warn_of_unread_names() { # what .env sets and neither compose hands on nor we read never reaches a container
    local told known unread
    [ -f .env ] || return 0
    told=$(sed -nE 's/^[[:space:]]*([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=.*/\1/p' .env | sort -u)
    known=$(grep -ohE '[A-Z][A-Z0-9_]+:?[[:space:]]*([,}]|$)|\$\{[A-Z][A-Z0-9_]+|value_of [A-Z][A-Z0-9_]+' docker-compose*.yml deploy.sh |
        grep -oE '[A-Z][A-Z0-9_]+' | sort -u)
    unread=$(comm -23 <(printf '%s\n' "$told") <(printf '%s\n' "$known") | grep -vE '^$|^(COMPOSE|DOCKER|BUILDKIT)_') || return 0
    say "Nothing here reads what .env sets as ${unread//$'\n'/ }: misspelt, or for a docker-compose.override.yml?" >&2
}

require_free_ports() { # a first deploy finds out in a second, not after minutes of building
    local name port
    case $(status_of nginx) in
        running | restarting) return ;; # the ports are ours
    esac
    for name in HTTP:80 API:8000 DASHBOARD:8001; do
        port=$(value_of "HUNTER_${name%:*}_PORT" "${name#*:}")
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            fail "port $port is taken by another program (sudo ss -ltnp): stop it, or set HUNTER_${name%:*}_PORT in .env, then run this again."
        fi
    done
}

alone() { # only one of us changes anything; the lock goes with the process, however it ends
    mkdir -p $STATE
    command -v flock >/dev/null || fail "flock is missing (package util-linux)."
    exec 9>$STATE/lock
    flock -n 9 || fail "another deploy or rollback is at work; nothing was changed."
}

# ---- containers and images -------------------------------------------------------------------------------

ids_of() { compose ps -q "$1"; } # SERVICE
status_of() { # SERVICE with one container: running, restarting, exited …; nothing when there is none
    local id
    id=$(ids_of "$1")
    if [ -n "$id" ]; then docker inspect -f '{{.State.Status}}' "$id"; fi
}
count() { if [ -n "$1" ]; then wc -l <<<"$1"; else echo 0; fi; }
without() { # LIST GONE: lines of LIST that are not in GONE
    if [ -n "$1" ]; then grep -vxF -f <(printf '%s\n' "${2:-none}") <<<"$1" || [ $? = 1 ]; fi
}
has_image() { docker image inspect "$1" >/dev/null 2>&1; }
is_there() { docker inspect "$1" >/dev/null 2>&1; } # CONTAINER

point_current_at() { # RELEASE
    docker tag "$API_IMAGE:$1" "$API_IMAGE:current"
    docker tag "$DASHBOARD_IMAGE:$1" "$DASHBOARD_IMAGE:current"
}

remove() { # container ids, one a line
    local id
    for id in $1; do
        if is_there "$id"; then docker rm -f "$id" >/dev/null; fi
    done
}

state_of() { # CONTAINER: "running healthy 0" (status, health, restarts)
    docker inspect -f '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.RestartCount}}' "$1"
}

last_words_of() { # CONTAINER: how it is, and what it said since its last start
    local since
    docker inspect -f 'Container {{.Name}} is {{.State.Status}}, restarted {{.RestartCount}} times, last exit code {{.State.ExitCode}}{{if .State.OOMKilled}}: it had more memory than it may have (HUNTER_API_MEMORY, HUNTER_DASHBOARD_MEMORY){{end}}. Its last words:' "$1"
    since=$(docker inspect -f '{{.State.StartedAt}}' "$1")
    docker logs --since "$since" --tail 30 "$1" 2>&1
}

wait_until_healthy() { # container ids, one a line
    local deadline id state status health restarts
    deadline=$((SECONDS + $(value_of HUNTER_READY_WAIT 180)))
    for id in $1; do
        while :; do
            state=$(state_of "$id")
            read -r status health restarts <<<"$state"
            if [ "$status" = running ] && [ "$health" = healthy ]; then break; fi
            if [ "$status" != running ] && [ "$status" != created ] || [ "$restarts" != 0 ] || [ $SECONDS -ge $deadline ]; then
                last_words_of "$id" >&2
                fail "a new container did not become healthy."
            fi
            sleep 1
        done
    done
}

require_revision() { # REVISION ("-" when it is not known), container ids: what was built is what runs
    local id
    [ "$1" != - ] || return 0
    for id in $2; do
        docker exec "$id" python -m core.probe --revision "$1" http://127.0.0.1:8000/api/health ||
            fail "the new container ${id:0:12} is not of revision $1."
    done
}

ask_edge() { # PATH: nginx's whole answer, on this machine's loopback
    timeout 10 bash -c '
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        printf "GET %s HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n" "$2" >&3
        cat <&3' _ "$(value_of HUNTER_API_PORT 8000)" "$1" 2>/dev/null
}

status_through_edge() { # PATH: the status code, 000 when nobody answers
    local answer
    answer=$(ask_edge "$1") || answer=""
    answer=${answer#HTTP/* }
    printf '%s' "${answer:0:3}" | grep -E '^[0-9]{3}$' || printf '000\n'
}

verify_through_edge() { # REVISION, "-" when it is not known
    local n answer proofs
    proofs=$(value_of HUNTER_PROOFS 20)
    for ((n = 1; n <= proofs; n++)); do
        answer=$(ask_edge /api/health) || fail "nginx does not answer on port $(value_of HUNTER_API_PORT 8000)."
        [[ $answer == "HTTP/1.1 200 "* ]] || fail "through nginx the health is: ${answer%%$'\r'*}"
        [ "$1" = - ] || [[ $answer == *"\"revision\":\"$1\""* ]] || fail "another revision than $1 answers through nginx."
    done
}

# ---- what is remembered ----------------------------------------------------------------------------------

current() { if [ -f $STATE/current ]; then cat $STATE/current; fi; }
revision_of() { if [ -f $STATE/releases ]; then awk -v wanted="$1" '$1 == wanted {print $2}' $STATE/releases; fi; }
# Releases of one revision are the same code with other settings; of a changed or unknown one each is its own.
BY_CODE='function code() {return $2 ~ /(^-|unversioned|-changed)$/ ? $1 : $2}'
before() { # RELEASE: the newest of other code that was put into service before it
    [ -f $STATE/releases ] || return 0
    awk -v at="$1" "$BY_CODE"' {name[NR] = $1; codes[NR] = code()} $1 == at {n = NR}
        END {for (i = n - 1; i > 0; i--) if (codes[i] != codes[n]) {print name[i]; exit}}' $STATE/releases
}
newest_of_each_code() { # how many: the newest release of each of the last ones
    tac $STATE/releases | awk -v most="$1" "$BY_CODE"' !(code() in seen) && count < most {seen[code()]; count++; print $1}'
}

write() { # FILE text: whole or not at all
    printf '%s\n' "$2" >"$STATE/$1.new"
    mv "$STATE/$1.new" "$STATE/$1"
}

remember() { # RELEASE REVISION
    write current "$1"
    if [ -z "$(revision_of "$1")" ]; then printf '%s %s\n' "$1" "$2" >>$STATE/releases; fi
}

adopt() { # what was started by hand before the first deploy can be gone back to as well
    if [ -n "$(current)" ] || ! has_image "$API_IMAGE:current" || ! has_image "$DASHBOARD_IMAGE:current"; then return; fi
    docker tag "$API_IMAGE:current" "$API_IMAGE:by-hand"
    docker tag "$DASHBOARD_IMAGE:current" "$DASHBOARD_IMAGE:by-hand"
    remember by-hand -
}

drop_images() { # RELEASE
    local image
    for image in "$API_IMAGE:$1" "$DASHBOARD_IMAGE:$1"; do
        if has_image "$image"; then docker rmi "$image" >/dev/null || say "Could not remove $image; try docker rmi later." >&2; fi
    done
}

forget_old_releases() {
    local kept release
    kept=$(newest_of_each_code $KEPT_RELEASES)
    for release in $(awk '{print $1}' $STATE/releases); do
        if grep -qxF "$release" <<<"$kept" || [ "$release" = "$(current)" ]; then continue; fi
        forget "$release"
    done
}

forget() { # RELEASE
    drop_images "$1"
    write releases "$(grep -v "^$1 " $STATE/releases)"
}

# ---- replacing one release by another --------------------------------------------------------------------
# The file .deploy/change says how far it is. "beside": the new containers start, the old ones serve; ended here,
# however, the new ones are removed. "drain": the new ones serve; ended here, the rest is finished the next time.

begin_change() { # RELEASE REVISION OLD-CONTAINERS
    write change "beside
$1 $2
$(current)
$3"
}

undo_change() {
    local release previous old service
    unstoppable=yes
    release=$(sed -n 2p $STATE/change)
    release=${release% *}
    previous=$(sed -n 3p $STATE/change)
    old=$(sed -n '4,$p' $STATE/change)
    say "Going back: $release is taken away." >&2
    if [ -n "$previous" ]; then point_current_at "$previous"; fi
    for service in model-hunter dashboard; do
        remove "$(without "$(ids_of $service)" "$old")"
    done
    if [ -z "$(revision_of "$release")" ]; then drop_images "$release"; fi
    rm $STATE/change
    if [ -n "$old" ] && [ "$(status_through_edge /api/health)" = 200 ]; then
        say "${previous:-What was there} goes on serving." >&2
    else
        say "Nothing answers through nginx now." >&2
    fi
    unstoppable=no
}

finish_change() {
    local release revision
    unstoppable=yes
    read -r release revision <<<"$(sed -n 2p $STATE/change)"
    local old
    old=$(sed -n '4,$p' $STATE/change)
    if [ -n "$old" ]; then
        say "Ending the old containers; their hunts are handed over …"
        end_gently "$old"
    fi
    remember "$release" "$revision"
    rm $STATE/change
    unstoppable=no
}

end_gently() { # container ids: SIGTERM, the grace, and a word when one did not end well
    local id code present=()
    for id in $1; do
        if is_there "$id"; then present+=("$id"); fi
    done
    [ ${#present[@]} -gt 0 ] || return 0
    docker stop -t "$(value_of HUNTER_STOP_GRACE 45)" "${present[@]}" >/dev/null
    for id in "${present[@]}"; do
        code=$(docker inspect -f '{{.State.ExitCode}}' "$id")
        [ "$code" = 0 ] || say "The old container ${id:0:12} ended with code $code (docs/deployment.md, When something is wrong)." >&2
        docker rm "$id" >/dev/null
    done
}

settle() { # what an earlier call left when it was killed
    [ -f $STATE/change ] || return 0
    say "An earlier deploy was cut off; putting things in order first."
    if [ "$(sed -n 1p $STATE/change)" = drain ]; then finish_change; else undo_change; fi
}

on_exit() {
    local code=$?
    trap '' INT TERM HUP
    trap - EXIT
    unstoppable=yes
    if [ -n "$building" ]; then
        drop_images "$building"
        say "deploy.sh: the build did not end well; nothing was changed." >&2
    elif [ -f $STATE/change ] && [ "$(sed -n 1p $STATE/change)" = beside ]; then
        [ $code != 0 ] || code=1
        undo_change || say "Could not put everything back: look at ./deploy.sh status, then run ./deploy.sh again." >&2
    fi
    exit $code
}

reload_nginx() {
    local said
    if [ "$(status_of nginx)" != running ]; then
        last_words_of "$(ids_of nginx)" >&2
        fail "nginx does not run."
    fi
    compose exec -T nginx nginx -t -q || fail "nginx refuses its configuration (nginx/); it goes on with the one it has."
    said=$(compose exec -T nginx nginx -s reload 2>&1) || fail "nginx does not load its configuration: $said"
}

replace_by() { # RELEASE REVISION
    local release=$1 revision=$2 old_api old_dashboard new replicas
    compose rm -f model-hunter dashboard nginx >/dev/null # stopped ones would be started again as they were
    old_api=$(ids_of model-hunter)
    old_dashboard=$(ids_of dashboard)
    replicas=$(count "$old_api")
    [ "$replicas" != 0 ] || replicas=$(value_of HUNTER_REPLICAS 1)

    trap on_exit EXIT
    trap 'exit 130' INT TERM HUP
    begin_change "$release" "$revision" "$(printf '%s\n%s\n' "$old_api" "$old_dashboard" | sed '/^$/d')"
    point_current_at "$release"
    compose up -d --no-recreate redis
    say "Starting $replicas new API container(s) and a dashboard${old_api:+ beside the old} …"
    compose up -d --no-recreate --no-deps \
        --scale model-hunter=$(($(count "$old_api") + replicas)) --scale dashboard=$(($(count "$old_dashboard") + 1)) \
        model-hunter dashboard
    new=$(without "$(ids_of model-hunter)" "$old_api")
    [ "$(count "$new")" = "$replicas" ] || fail "$(count "$new") new API containers came up, not $replicas."
    wait_until_healthy "$new
$(without "$(ids_of dashboard)" "$old_dashboard")"
    require_revision "$revision" "$new"
    compose up -d --no-recreate --no-deps nginx
    reload_nginx
    sleep "$(value_of HUNTER_NAMES_WAIT 3)"
    [ -z "$old_api" ] || verify_through_edge -

    trap '' INT TERM HUP # from here on it is finished, not undone
    write change "$(sed '1s/.*/drain/' $STATE/change)"
    finish_change
}

serve() { # RELEASE REVISION: put it into service, or what served before when it does not serve well after all
    local previous bringing=new
    previous=$(current)
    if [ -n "$(revision_of "$1")" ]; then bringing=old; fi
    replace_by "$1" "$2"
    if (verify_through_edge "$2"); then
        say "$1 is in service."
        return
    fi
    [ -n "$previous" ] || fail "$1 is in service, but does not answer as it should, and there is nothing to go back to."
    say "$1 does not answer as it should; going back to $previous." >&2
    replace_by "$previous" "$(revision_of "$previous")"
    verify_through_edge "$(revision_of "$previous")"
    if [ "$bringing" = new ]; then forget "$1"; fi
    fail "$1 was bad; $previous is in service again."
}

# ---- what can be asked for -------------------------------------------------------------------------------

revision_here() {
    local changed
    if ! git rev-parse --git-dir >/dev/null 2>&1; then
        say unversioned
        return
    fi
    changed=$(git status --porcelain)
    say "$(git rev-parse --short=12 HEAD)${changed:+-changed}"
}

deploy() {
    local revision release
    case ${1-} in
        --pull) git pull --ff-only || fail "git pull did not work; nothing was changed. Of files that were edited here: git stash, pull, git stash pop." ;;
        "") ;;
        *) fail "unknown word: $1 (./deploy.sh help)" ;;
    esac
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

rollback() {
    local release=${1-} now revision
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
    say "Release in service: $(current)"
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
            say "Closed. Hunts go on; health and admin status answer."
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
        --pull)
            set -- --pull
            verb=deploy
            ;;
    esac
    find_compose
    name_images
    case $verb in
        deploy | rollback)
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
