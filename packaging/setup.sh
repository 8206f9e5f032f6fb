#!/bin/sh
# Finds a Python that Farlight runs on and hands over to setup_environment.py; says so where there is none.
# Usage: sh packaging/setup.sh [setup options]; PYTHON=/path/to/python chooses one.
set -eu
here=$(dirname "$0")

# Prints the version of a Python that starts, or nothing (a shim for a version that is not installed fails here).
version_of() {
    "$@" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

fits() {
    case $1 in
        3.11|3.12|3.13) return 0 ;;
        *) return 1 ;;
    esac
}

found_other=""
try() {
    version=$(version_of "$@")
    if [ -z "$version" ]; then return 0; fi
    if fits "$version"; then exec "$@" "$here/setup_environment.py" $options; fi
    found_other="$found_other $version"
}

options="$*"
if [ -n "${PYTHON:-}" ]; then
    try "$PYTHON"
else
    for name in python3.11 python3.12 python3.13 python3 python; do try "$name"; done
    for version in -3.11 -3.12 -3.13; do try py "$version"; done
fi

if [ -n "$found_other" ]; then
    echo "Farlight needs Python 3.11, 3.12 or 3.13; here there is only:$found_other." >&2
else
    echo "Farlight needs Python 3.11, 3.12 or 3.13, and no Python was found on this computer." >&2
fi
if command -v apt-get >/dev/null 2>&1; then
    echo "Install it with:  sudo apt-get install -y python3 python3-venv" >&2
    echo "(Debian 12 and Ubuntu 24.04 have a fitting one.)" >&2
elif command -v brew >/dev/null 2>&1; then
    echo "Install it with:  brew install python@3.13" >&2
else
    echo "Install it from python.org, then try again; PYTHON=/path/to/python chooses one." >&2
fi
exit 1
