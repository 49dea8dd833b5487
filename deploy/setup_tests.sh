#!/bin/sh
# Installs what the tests use beyond our own Python packages: mosquitto, Chromium, mbpoll, strace, SoftHSM from Debian, the second
# MicroPython, a charge point of another make and what builds and judges the page from npm, and Home Assistant into an environment of its own (it needs Python 3.13). Where it cannot (no root, no Debian) it says so, and those tests are skipped, saying so.
set -u
cd "$(dirname -- "$0")/.." || exit 1

missing=
command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || missing="$missing mosquitto"
command -v mosquitto_sub >/dev/null || missing="$missing mosquitto-clients"
command -v chromium >/dev/null || missing="$missing chromium"
command -v mbpoll >/dev/null || missing="$missing mbpoll"
command -v softhsm2-util >/dev/null || missing="$missing softhsm2"
command -v strace >/dev/null || missing="$missing strace"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
if [ -n "$missing" ]; then
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        export DEBIAN_FRONTEND=noninteractive
        # shellcheck disable=SC2086
        apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null || echo "setup: could not install:$missing" >&2
    else
        echo "setup: missing, install as root:$missing" >&2
    fi
fi
if command -v npm >/dev/null; then
    (cd tests/parity && npm ci --silent --no-audit --no-fund) || echo "setup: could not install the MicroPython of tests/parity" >&2
fi
if command -v npm >/dev/null; then
    (cd tests/hil/ocpp_rpc && npm ci --silent --no-audit --no-fund) || echo "setup: could not install the charge point of tests/hil/ocpp_rpc" >&2
fi
if command -v npm >/dev/null; then
    (cd dashboard && npm ci --silent --no-audit --no-fund) || echo "setup: could not install what builds the page (dashboard)" >&2
fi
home=var/home-assistant
if ! cmp -s requirements/home_assistant.txt "$home/.has"; then
    for python in python3.13 python3.14 "$HOME"/.pyenv/versions/3.13*/bin/python; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null || continue
        "$python" -m venv "$home" &&
            "$home/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/home_assistant.txt &&
            cp requirements/home_assistant.txt "$home/.has" && break
    done
    [ -f "$home/.has" ] || echo "setup: could not install Home Assistant (is there a Python 3.13?)" >&2
fi
exit 0
