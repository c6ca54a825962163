# Containers, images, and requests through nginx. Sourced by deploy.sh.

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
image_of() { docker image inspect -f '{{.Id}}' "$1" 2>/dev/null || true; } # TAG: its id, nothing when it is not there
image_in() { docker inspect -f '{{.Image}}' "$1"; } # CONTAINER: the id of its image
has_image() { docker image inspect "$1" >/dev/null 2>&1; }
is_there() { docker inspect "$1" >/dev/null 2>&1; } # CONTAINER

point_current_at() { # RELEASE
    docker tag "$API_IMAGE:$1" "$API_IMAGE:current"
    docker tag "$DASHBOARD_IMAGE:$1" "$DASHBOARD_IMAGE:current"
}

revision_in() { docker exec "$1" cat /app/REVISION 2>/dev/null || true; } # CONTAINER: the revision in its image

remove() { # container ids, one a line
    local id
    for id in $1; do
        if is_there "$id"; then docker rm -f "$id" >/dev/null; fi
    done
}

state_of() { # CONTAINER: "running healthy 0" (status, health, restarts)
    docker inspect -f '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.RestartCount}}' "$1"
}

show_failure_of() { # CONTAINER: its state and log; equal lines of repeated starts only once
    docker inspect -f 'Container {{.Name}} is {{.State.Status}}{{if ne .State.Status "running"}}, exit code {{.State.ExitCode}}{{end}}{{if .RestartCount}}, restarted {{.RestartCount}} times{{end}}{{if .State.OOMKilled}}: it had more memory than it may have (HUNTER_API_MEMORY, HUNTER_DASHBOARD_MEMORY){{end}}. It said:' "$1"
    docker logs --tail 60 "$1" 2>&1 | awk '!seen[$0]++' | tail -n 30
}

end_restarts_of() { # CONTAINER that ended: started over and over, it would be met in the middle of a start, with nothing said yet
    local n
    for ((n = 0; n < 10; n++)); do
        # Docker rejects the update if the container exits at that moment.
        if docker update --restart=no "$1" >/dev/null 2>&1 && [ "$(docker inspect -f '{{.State.Status}}' "$1")" = exited ]; then return; fi
        sleep 1
    done
}

wait_until_healthy() { # container ids, one a line
    local deadline id state status health restarts
    deadline=$((SECONDS + $(value_of HUNTER_READY_WAIT 180)))
    for id in $1; do
        while :; do
            state=$(state_of "$id")
            read -r status health restarts <<<"$state"
            if [ "$status" = running ] && [ "$health" = healthy ]; then break; fi
            if [ "$status" != running ] && [ "$status" != created ] || [ "$restarts" != 0 ]; then
                end_restarts_of "$id"
                show_failure_of "$id" >&2
                fail "a new container did not start; its log is above."
            fi
            if [ $SECONDS -ge $deadline ]; then
                show_failure_of "$id" >&2
                fail "a new container did not become healthy within HUNTER_READY_WAIT; its log is above."
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
            fail "the new container ${id:0:12} does not have revision $1."
    done
}

ask_edge() { # PATH: nginx's whole answer, on this machine's loopback
    timeout 20 bash -c '
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
        [[ $answer == "HTTP/1.1 200 "* ]] || fail "health through nginx: ${answer%%$'\r'*}"
        [ "$1" = - ] || [[ $answer == *"\"revision\":\"$1\""* ]] || fail "nginx responds with a revision other than $1."
    done
}
