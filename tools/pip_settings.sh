# Sourced. uv does not read pip's configuration: export_pip_settings PYTHON passes on pip's indexes, folders and
# certificates. All packages are pinned by hash, so the index they come from does not matter.
export_pip_settings() {
    local name value
    export UV_INDEX_STRATEGY=unsafe-best-match
    while IFS== read -r name value; do
        value=${value#\'} value=${value%\'}
        case ${name##*.} in
        index-url) export UV_DEFAULT_INDEX=$value ;;
        extra-index-url) export UV_INDEX=$value ;;
        find-links) export UV_FIND_LINKS=${value// /,} ;;
        cert) export SSL_CERT_FILE=$value ;;
        proxy) export ALL_PROXY=$value ;;
        esac
    done < <("$1" -m pip config list 2>/dev/null)
}
