# Makes this tree's Python environment (.venv) on first use; sourced by ./hutschiene and ./dev.
#
#   environment LIST    LIST is run, demo or dev: a hashed list in requirements/, each holding the one before
#
# uv is used when it is there (seconds), else venv and pip (half a minute). Nothing is installed outside .venv.

fail() {
    printf '%s\n' "hutschiene: $*" >&2
    exit 1
}

stamp() {
    cksum <"$root/requirements/$1.txt"
}

has() {
    [ -x "$root/.venv/bin/python" ] && [ "$(cat "$root/.venv/.has-$1" 2>/dev/null)" = "$(stamp "$1")" ]
}

environment() {
    has "$1" && return
    case $1 in
    run) { has demo || has dev; } && return ;;
    demo) has dev && return ;;
    esac
    if [ -z "${HUTSCHIENE_LOCKED:-}" ] && command -v flock >/dev/null; then
        HUTSCHIENE_LOCKED=1 flock "$root/requirements" sh -c '. "$1/deploy/environment.sh"; root=$1; environment "$2"' sh "$root" "$1" || exit 1
        return
    fi
    python=${HUTSCHIENE_PYTHON:-python3}
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
        fail "needs Python 3.10 or newer as '$python' (set HUTSCHIENE_PYTHON to choose another; Debian: apt install python3)"
    echo "hutschiene: preparing the Python environment in .venv (once) ..." >&2
    # Boards take the pin driver (lgpio) from their system packages.
    case $(uname -m) in aarch64 | armv*) system=--system-site-packages ;; *) system= ;; esac
    if command -v uv >/dev/null; then
        export UV_PYTHON_DOWNLOADS=never
        [ -x "$root/.venv/bin/python" ] || uv venv -q $system --python "$python" "$root/.venv" || fail "uv could not make .venv"
        uv pip install -q --python "$root/.venv/bin/python" --require-hashes -r "$root/requirements/$1.txt" ||
            fail "the packages of requirements/$1.txt could not be installed (is the network there?)"
    else
        [ -x "$root/.venv/bin/pip" ] || "$python" -m venv $system "$root/.venv" ||
            fail "'$python -m venv' failed (Debian: apt install python3-venv, then try again)"
        "$root/.venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$root/requirements/$1.txt" ||
            fail "the packages of requirements/$1.txt could not be installed (is the network there?)"
    fi
    stamp "$1" >"$root/.venv/.has-$1"
}
