# Replacing one release by another. Read by deploy.sh.
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
        show_failure_of "$(ids_of nginx)" >&2
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
    if [ -z "$previous" ] || [ "$previous" = "$1" ]; then
        fail "$1 is in service, but does not answer as it should, and there is nothing to go back to."
    fi
    say "$1 does not answer as it should; going back to $previous." >&2
    replace_by "$previous" "$(revision_of "$previous")"
    verify_through_edge "$(revision_of "$previous")"
    if [ "$bringing" = new ]; then forget "$1"; fi
    fail "$1 was bad; $previous is in service again."
}
