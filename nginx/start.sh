# Starts nginx in the container and writes a setting from the environment, which nginx itself cannot read.
set -eu
case ${HTTPS_PORT:-443} in
    *[!0-9]*) echo "HUNTER_HTTPS_PORT must be a port number; got '$HTTPS_PORT'." >&2 && exit 1 ;;
    443) suffix= ;;
    *) suffix=:$HTTPS_PORT ;;
esac
echo "set \$https_port '$suffix';" >/tmp/https-port.conf
exec nginx "$@"
