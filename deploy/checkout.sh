# The checkout on this server: its revision, and pulling the latest code. Sourced by deploy.sh.

FETCH_WAIT_S=120 # timeout of git fetch

is_repository() { type -P git >/dev/null && git rev-parse --git-dir >/dev/null 2>&1; }

revision_here() {
    local changed
    if ! is_repository; then
        say unversioned
        return
    fi
    changed=$(git status --porcelain)
    say "$(git rev-parse --short=12 HEAD)${changed:+-changed}"
}

# Never overwrites local edits: if an edited file has also changed upstream, nothing is pulled.
pull_latest() { # fetch the upstream branch and fast-forward to it; changes nothing if it fails
    local branch remote upstream edited before words ahead behind
    if ! is_repository; then
        [ ! -e .git ] || fail "git failed: $(git rev-parse --git-dir 2>&1 || true) To deploy these files as they are: ./deploy.sh --no-pull"
        stay "This folder is no Git repository"
        return
    fi
    branch=$(git symbolic-ref -q --short HEAD) || branch=
    if [ -z "$branch" ]; then
        stay "No branch is checked out (detached HEAD at $(git rev-parse --short=12 HEAD))"
        return
    fi
    upstream=$(git rev-parse --abbrev-ref --symbolic-full-name '@{upstream}' 2>/dev/null) || upstream=
    if [ -z "$upstream" ]; then
        stay "Branch $branch follows no branch of a remote (git branch --set-upstream-to=…)"
        return
    fi
    remote=$(git config "branch.$branch.remote")
    edited=$(git status --porcelain --untracked-files=no)
    if [ -n "$edited" ]; then say "Local edits are kept:" "$edited"; fi
    words=$(timeout --foreground $FETCH_WAIT_S git fetch --quiet "$remote" 2>&1) ||
        fail "the latest code could not be fetched from $remote: ${words:-no answer within $FETCH_WAIT_S s}" \
            "Nothing was changed. To deploy what is checked out: ./deploy.sh --no-pull"
    read -r ahead behind <<<"$(git rev-list --left-right --count "HEAD...$upstream")"
    if [ "$behind" = 0 ]; then
        say "$branch has the latest code of $upstream$([ "$ahead" = 0 ] || say ", and $(commits "$ahead") more")."
        return
    fi
    [ "$ahead" = 0 ] || fail "$branch and $upstream have diverged ($(commits "$ahead") here, $behind upstream); nothing was changed." \
        "Merge or rebase by hand, or deploy what is checked out: ./deploy.sh --no-pull"
    before=$(git rev-parse --short=12 HEAD)
    words=$(git merge --quiet --ff-only "$upstream" 2>&1) ||
        fail "the latest code would overwrite local edits; nothing was changed. $words" \
            "Commit it, or git stash, pull, git stash pop; or deploy what is checked out: ./deploy.sh --no-pull"
    say "Pulled $(commits "$behind") of $upstream: $before to $(git rev-parse --short=12 HEAD)."
}

commits() { if [ "$1" = 1 ]; then say "1 commit"; else say "$1 commits"; fi; } # NUMBER

stay() { # deploy without a pull, with the reason; an error if --pull was given
    [ "$how" != --pull ] || fail "$1: there is nothing to pull from."
    say "$1: deploying what is checked out."
}
