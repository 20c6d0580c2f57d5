# Read by deploy/run and deploy/test: sets `python` to a Python of at least 3.11, and `root` to the repository.
# Debian and Ubuntu without any Python get theirs, when this runs as root.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
python=

find_python() {
  for name in python3.13 python3.12 python3.11 python3.14 python3; do
    if command -v "$name" >/dev/null 2>&1 &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      python=$name
      return 0
    fi
  done
  return 1
}

if ! find_python; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo 'dosirak: installing Python from this system'\''s packages' >&2
    { apt-get -qq update && apt-get -qq install --yes --no-install-recommends python3 python3-venv; } >/dev/null 2>&1 || true
  fi
  if ! find_python; then
    echo 'dosirak: Python 3.11 or newer is needed. On Debian 12/13 or Ubuntu 24.04: sudo apt install python3 python3-venv' >&2
    exit 1
  fi
fi

# Nothing but this repository is on the way, wherever it is called from.
export PYTHONPATH="$root" PYTHONSAFEPATH=1
