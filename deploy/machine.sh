# Checks of the machine and of .env. Sourced by deploy.sh.

ENV_LINES= # NAME=value of every line of .env

read_env() { # .env as compose reads it: export, quotes, comments, a byte-order mark, ends of lines as on Windows
    local line name value
    local assignment='^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=[[:space:]]*(.*)$'
    local double='^"(([^"\\]|\\.)*)"[[:space:]]*(#.*)?$' single="^'([^']*)'[[:space:]]*(#.*)?\$"
    [ -f .env ] || return 0
    require_text_in_env
    while IFS= read -r line || [ -n "$line" ]; do
        [[ ${line%$'\r'} =~ $assignment ]] || continue
        name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]}
        if [[ $value =~ $double || $value =~ $single ]]; then
            value=${BASH_REMATCH[1]}
        else
            value=${value%%[[:space:]]#*}
            value=${value%"${value##*[![:space:]]}"}
        fi
        ENV_LINES+="$name=$value"$'\n'
    done < <(sed $'1s/^\xef\xbb\xbf//' .env)
}

require_text_in_env() {
    local advice="Save it as UTF-8, for example: iconv -f UTF-16 -t UTF-8 .env > .env.new && chmod 600 .env.new && mv .env.new .env"
    [ -r .env ] || fail ".env cannot be read by $(id -un). Give it to this user (sudo chown $(id -un) .env)."
    [ "$(tr -d '\0' <.env | wc -c)" = "$(wc -c <.env)" ] || fail ".env is not UTF-8 text but looks like UTF-16. $advice"
    iconv -f UTF-8 -t UTF-8 .env >/dev/null 2>&1 || fail ".env is not UTF-8 text. ${advice/UTF-16/WINDOWS-1252}"
}

value_of() { # NAME default: from the environment, else from .env, else the default; empty is the default, as in compose
    local found= last_line=$'(^|.*\n)'"$1="$'([^\n]*)'
    if [ -n "${!1+set}" ]; then
        found=${!1}
    elif [[ $ENV_LINES =~ $last_line ]]; then
        found=${BASH_REMATCH[2]}
    fi
    printf '%s' "${found:-$2}"
}

require_numbers() { # before minutes of building
    local name value
    for name in HUNTER_READY_WAIT HUNTER_STOP_GRACE HUNTER_NAMES_WAIT HUNTER_PROOFS HUNTER_REPLICAS \
        HUNTER_HTTP_PORT HUNTER_HTTPS_PORT HUNTER_API_PORT HUNTER_DASHBOARD_PORT; do
        value=$(value_of $name 1)
        [[ $value =~ ^[0-9]+$ ]] || fail "$name must be a whole number; got '$value' (.env or the environment)."
    done
    [ "$(value_of HUNTER_REPLICAS 1)" -ge 1 ] || fail "HUNTER_REPLICAS must be at least 1."
}

name_images() { # two installations on one machine use different HUNTER_IMAGE
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
        fail "neither 'docker compose' nor 'docker-compose' is installed."
    fi
    type -P setsid >/dev/null || fail "setsid is missing (package util-linux)."
    docker info >/dev/null 2>&1 || fail "the Docker engine does not answer: is it running, and are you in the group docker?"
}

refuse_open_house() {
    local bind tokens
    bind=$(value_of HUNTER_BIND 127.0.0.1)
    tokens=$(value_of HUNTER_TOKENS "")
    case $bind in
        127.* | ::1 | \[::1\] | localhost) return ;;
    esac
    [ -n "$tokens" ] || fail "HUNTER_BIND=$bind exposes the server, but HUNTER_TOKENS is empty: anyone could use your API keys." \
        "Set HUNTER_TOKENS in .env, or leave HUNTER_BIND out (docs/deployment.md, Allow remote access)."
}

warn_of_unread_names() { # variables in .env that neither compose passes on nor deploy.sh reads
    local written known unread
    written=$(sed -n 's/=.*//p' <<<"$ENV_LINES" | sort -u)
    known=$(grep -ohE '[A-Z][A-Z0-9_]+:?[[:space:]]*([,}]|$)|\$\{[A-Z][A-Z0-9_]+|value_of [A-Z][A-Z0-9_]+' \
        docker-compose*.yml deploy.sh deploy/*.sh | grep -oE '[A-Z][A-Z0-9_]+' | sort -u)
    unread=$(comm -23 <(printf '%s\n' "$written") <(printf '%s\n' "$known") | grep -vE '^$|^(COMPOSE|DOCKER|BUILDKIT)_') || return 0
    say "Unused variables in .env: ${unread//$'\n'/ }. Are they misspelled, or do they need a docker-compose.override.yml?" >&2
}

let_nginx_read() { # with umask 077 only the owner can read a clone's files; in the container nginx is another user
    find nginx \( -type d ! -perm -o=rx -o -type f ! -perm -o=r ! -name '*.pem' ! -name '*.key' \) -exec chmod o+rX {} + ||
        fail "nginx cannot read its files in the container. As the owner of the files, run chmod -R o+rX nginx (but not for keys)."
}

require_free_ports() { # checked before minutes of building
    local name port
    case $(status_of nginx) in
        running | restarting) return ;; # our nginx has the ports
    esac
    for name in HTTP:80 API:8000 DASHBOARD:8001; do
        port=$(value_of "HUNTER_${name%:*}_PORT" "${name#*:}")
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            fail "port $port is in use by another program (find it with sudo ss -ltnp). Stop it, or set HUNTER_${name%:*}_PORT in .env, then try again."
        fi
    done
}

alone() { # one deploy at a time; the lock ends with the process
    mkdir -p $STATE
    command -v flock >/dev/null || fail "flock is missing (package util-linux)."
    exec 9>$STATE/lock
    flock -n 9 || fail "another deploy or rollback is running; nothing was changed."
}
