# Starts nginx in the container, with what only the environment knows: nginx itself reads no variables.
set -eu
case ${HTTPS_PORT:-443} in
    *[!0-9]*) echo "HUNTER_HTTPS_PORT must be the number of a port; got '$HTTPS_PORT'." >&2 && exit 1 ;;
    443) suffix= ;;
    *) suffix=:$HTTPS_PORT ;;
esac
echo "set \$https_port '$suffix';" >/tmp/https-port.conf
exec nginx "$@"
