# The stored releases and the live one: the files in .deploy/. Sourced by deploy.sh.

current() { if [ -f $STATE/current ]; then cat $STATE/current; fi; }
revision_of() { if [ -f $STATE/releases ]; then awk -v wanted="$1" '$1 == wanted {print $2}' $STATE/releases; fi; }
# Releases of one revision have the same code and different settings; those of a changed or unknown revision are all different.
BY_CODE='function code() {return $2 ~ /(^-|unversioned|-changed|-by-hand)$/ ? $1 : $2}'
before() { # RELEASE: the newest of other code that was put into service before it
    [ -f $STATE/releases ] || return 0
    awk -v at="$1" -v left=" $(left_by_hand "$1") " "$BY_CODE"' {name[NR] = $1; codes[NR] = code()} $1 == at {n = NR}
        END {for (i = n - 1; i > 0; i--) if (codes[i] != codes[n] && !index(left, " " name[i] " ")) {print name[i]; exit}}' \
        $STATE/releases
}
left_by_hand() { # RELEASE: when it is a rollback by hand, the releases that were left by it: its own code's and newer ones
    local revision other name left=
    revision=$(revision_of "$1")
    [[ $revision == *-by-hand ]] || return 0
    while read -r name other; do
        if git merge-base --is-ancestor "${revision%%-*}" "${other%%-*}" 2>/dev/null; then left+=" $name"; fi
    done <$STATE/releases
    say "$left"
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

release_of() { # IMAGE of an API container: the release that it belongs to; nothing when it was built by hand
    local release
    for release in $(current) $(if [ -f $STATE/releases ]; then awk '{print $1}' $STATE/releases | tac; fi); do
        if [ "$(image_of "$API_IMAGE:$release")" = "$1" ]; then
            say "$release"
            return
        fi
    done
}

first_of() { head -n 1 <<<"$(ids_of "$1")"; } # SERVICE: one of its containers

image_served_by() { # SERVICE TAG: the image of what runs, else the one that would be started
    local container
    container=$(first_of "$1")
    if [ -n "$container" ]; then image_in "$container"; else image_of "$2"; fi
}

adopt() { # what was started by hand (docker-compose up -d --build) becomes a release, so that it can be gone back to
    local api dashboard release revision
    api=$(image_served_by model-hunter "$API_IMAGE:current")
    dashboard=$(image_served_by dashboard "$DASHBOARD_IMAGE:current")
    if [ -z "$api" ] || [ -z "$dashboard" ]; then return; fi
    release=$(release_of "$api")
    if [ -z "$release" ]; then
        release=$(date -u +%Y%m%d-%H%M%S)-by-hand
        revision=$(if [ -n "$(first_of model-hunter)" ]; then revision_in "$(first_of model-hunter)"; fi)
        docker tag "$api" "$API_IMAGE:$release"
        docker tag "$dashboard" "$DASHBOARD_IMAGE:$release"
        remember "$release" "${revision:--}"
    elif [ "$release" != "$(current)" ]; then
        write current "$release"
    fi
}

in_service() { # for people: what the API containers run, however they were started
    local container image release shown=
    for container in $(ids_of model-hunter); do
        image=$(image_in "$container")
        release=$(release_of "$image")
        [ -n "$release" ] || release="started by hand, revision $(revision_in "$container" | grep . || say unknown)"
        [[ $'\n'$shown == *$'\n'"$release"$'\n'* ]] || shown+="$release"$'\n'
    done
    shown=${shown%$'\n'}
    say "${shown:-none; no API container is running}"
}

drop_images() { # RELEASE
    local image
    for image in "$API_IMAGE:$1" "$DASHBOARD_IMAGE:$1"; do
        if has_image "$image"; then docker rmi "$image" >/dev/null || say "Could not remove $image; run docker rmi later." >&2; fi
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
