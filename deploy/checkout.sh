# The repository on this server: which revision it is, and how it gets the latest one. Read by deploy.sh.

FETCH_WAIT_S=120 # longest wait for the remote

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

# Never overwrites: files that were edited here stay, and where they have changed upstream too, nothing is pulled.
pull_latest() { # what the branch follows is fetched and gone forward to; fails with nothing changed
    local branch remote upstream edited before words ahead behind
    if ! is_repository; then
        [ ! -e .git ] || fail "git does not work here: $(git rev-parse --git-dir 2>&1 || true) To deploy these files as they are: ./deploy.sh --no-pull"
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
    if [ -n "$edited" ]; then say "Edited here, and left as it is:" "$edited"; fi
    words=$(timeout --foreground $FETCH_WAIT_S git fetch --quiet "$remote" 2>&1) ||
        fail "the latest code could not be fetched from $remote: ${words:-no answer within $FETCH_WAIT_S s}" \
            "Nothing was changed. To deploy what is checked out: ./deploy.sh --no-pull"
    read -r ahead behind <<<"$(git rev-list --left-right --count "HEAD...$upstream")"
    if [ "$behind" = 0 ]; then
        say "$branch has the latest code of $upstream$([ "$ahead" = 0 ] || say ", and $(commits "$ahead") of its own")."
        return
    fi
    [ "$ahead" = 0 ] || fail "$branch and $upstream have diverged ($(commits "$ahead") here, $behind there): nothing was changed." \
        "Merge or rebase by hand, or deploy what is checked out: ./deploy.sh --no-pull"
    before=$(git rev-parse --short=12 HEAD)
    words=$(git merge --quiet --ff-only "$upstream" 2>&1) ||
        fail "the latest code would overwrite what was edited here: nothing was changed. $words" \
            "Commit it, or git stash, pull, git stash pop; or deploy what is checked out: ./deploy.sh --no-pull"
    say "Pulled $(commits "$behind") of $upstream: $before to $(git rev-parse --short=12 HEAD)."
}

commits() { if [ "$1" = 1 ]; then say "1 commit"; else say "$1 commits"; fi; } # NUMBER

stay() { # why there is nothing to pull from; an error for who asked for a pull in so many words
    [ "$how" != --pull ] || fail "$1: there is nothing to pull from."
    say "$1: deploying what is checked out."
}
