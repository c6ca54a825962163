# Replaces one release by another. Sourced by deploy.sh.
# The file .deploy/change records the phase. "beside": the new containers start while the old ones serve; if deploy.sh ends
# here, the new ones are removed. "drain": the new ones serve; if deploy.sh ends here, the next call finishes the deploy.

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
    say "Rolling back: removing $release." >&2
    if [ -n "$previous" ]; then point_current_at "$previous"; fi
    for service in model-hunter dashboard; do
        remove "$(without "$(ids_of $service)" "$old")"
    done
    if [ -z "$(revision_of "$release")" ]; then drop_images "$release"; fi
    rm $STATE/change
    if [ -n "$old" ] && [ "$(status_through_edge /api/health)" = 200 ]; then
        say "${previous:-The previous release} keeps serving." >&2
    else
        say "nginx has no running container to forward to." >&2
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
        say "Stopping the old containers; the new ones take over their hunts …"
        end_gently "$old"
    fi
    remember "$release" "$revision"
    rm $STATE/change
    unstoppable=no
}

end_gently() { # container ids: SIGTERM, then wait; report containers that fail
    local id code present=()
    for id in $1; do
        if is_there "$id"; then present+=("$id"); fi
    done
    [ ${#present[@]} -gt 0 ] || return 0
    docker stop -t "$(value_of HUNTER_STOP_GRACE 45)" "${present[@]}" >/dev/null
    for id in "${present[@]}"; do
        code=$(docker inspect -f '{{.State.ExitCode}}' "$id")
        [ "$code" = 0 ] || say "The old container ${id:0:12} exited with code $code (see docs/deployment.md, Troubleshooting)." >&2
        docker rm "$id" >/dev/null
    done
}

settle() { # clean up after an earlier call that was killed
    [ -f $STATE/change ] || return 0
    say "A previous deploy was interrupted; cleaning up first."
    if [ "$(sed -n 1p $STATE/change)" = drain ]; then finish_change; else undo_change; fi
}

on_exit() {
    local code=$?
    trap '' INT TERM HUP
    trap - EXIT
    unstoppable=yes
    if [ -n "$building" ]; then
        drop_images "$building"
        say "deploy.sh: the build failed; nothing was changed." >&2
    elif [ -f $STATE/change ] && [ "$(sed -n 1p $STATE/change)" = beside ]; then
        [ $code != 0 ] || code=1
        undo_change || say "The rollback is incomplete: check ./deploy.sh status, then run ./deploy.sh again." >&2
    fi
    exit $code
}

reload_nginx() {
    local said
    if [ "$(status_of nginx)" != running ]; then
        show_failure_of "$(ids_of nginx)" >&2
        fail "nginx is not running."
    fi
    compose exec -T nginx nginx -t -q || fail "nginx rejects its configuration (nginx/) and keeps using the old one."
    said=$(compose exec -T nginx nginx -s reload 2>&1) || fail "nginx could not load its configuration: $said"
}

replace_by() { # RELEASE REVISION
    local release=$1 revision=$2 old_api old_dashboard new replicas
    compose rm -f model-hunter dashboard nginx >/dev/null # otherwise stopped containers would be started unchanged
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
    [ "$(count "$new")" = "$replicas" ] || fail "$(count "$new") of $replicas new API containers started."
    wait_until_healthy "$new
$(without "$(ids_of dashboard)" "$old_dashboard")"
    require_revision "$revision" "$new"
    compose up -d --no-recreate --no-deps nginx
    reload_nginx
    sleep "$(value_of HUNTER_NAMES_WAIT 3)"
    [ -z "$old_api" ] || verify_through_edge -

    trap '' INT TERM HUP # from here on the deploy is completed, not rolled back
    write change "$(sed '1s/.*/drain/' $STATE/change)"
    finish_change
}

serve() { # RELEASE REVISION: switch to it; if it fails afterwards, switch back to the previous release
    local previous bringing=new
    previous=$(current)
    if [ -n "$(revision_of "$1")" ]; then bringing=old; fi
    replace_by "$1" "$2"
    if (verify_through_edge "$2"); then
        say "$1 is live."
        return
    fi
    if [ -z "$previous" ] || [ "$previous" = "$1" ]; then
        fail "$1 is live but unhealthy, and there is no previous release to return to."
    fi
    say "$1 is unhealthy; rolling back to $previous." >&2
    replace_by "$previous" "$(revision_of "$previous")"
    verify_through_edge "$(revision_of "$previous")"
    if [ "$bringing" = new ]; then forget "$1"; fi
    fail "$1 was unhealthy; $previous is live again."
}
