# Makes the project's Python environment. test.sh and demo.sh source it:
#
#   source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
#   set_up base        # or: set_up dev, which adds the tools and the extras tests use
#
# Afterwards the working directory is the repository's root and $python is
# the environment's interpreter. A second call installs nothing unless
# pyproject.toml or the pinned versions have changed.
#
#   PYTHON=python3.12      which Python to start from (3.11 or later)
#   SDD_VENV=.venv-gpu     where the environment lives (default: .venv)

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

is_recent() { # PROGRAM: it runs, and is Python 3.11 or later
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

minor() { # PROGRAM: its version, e.g. 3.11
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'
}

find_python() {
  local candidate
  if [[ -n "${PYTHON:-}" ]]; then
    is_recent "$PYTHON" ||
      die "PYTHON=$PYTHON does not run, or is older than Python 3.11."
    "$PYTHON" -c 'import sys; print(sys.executable)'
    return
  fi
  # A command can exist and yet not run (a version manager's shim): try each.
  for candidate in python3.12 python3.11 python3; do
    if is_recent "$candidate"; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  die "found no Python 3.11 or later (tried python3.12, python3.11 and" \
    "python3). Install one, or name it: PYTHON=/path/to/python3.12"
}

can_install() { # an environment whose Python runs and can install into itself
  is_recent "$venv/bin/python" || return 1
  command -v uv >/dev/null || "$venv/bin/python" -m pip --version \
    >/dev/null 2>&1
}

make_environment() {
  local base
  base=$(find_python)
  if [[ -e "$venv" && ! -e "$venv/pyvenv.cfg" && -n "$(ls -A "$venv")" ]]; then
    die "$venv exists and is no virtual environment. Move it away, or choose" \
      "another place: SDD_VENV=.venv-sdd"
  fi
  rm -rf "$venv"
  say "Making $venv with Python $(minor "$base")."
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$base" "$venv"
  elif "$base" -c 'import ensurepip, venv' 2>/dev/null; then
    "$base" -m venv "$venv"
  else
    die "$base cannot make virtual environments. On Debian and Ubuntu:" \
      "apt install python$(minor "$base")-venv (or python3-venv)." \
      "Or install uv."
  fi
}

choose_constraints() { # the versions this Python was tested with
  local version
  version=$(minor "$venv/bin/python")
  constraints="launch/constraints-py${version/./}.txt"
  if [[ ! -e "$constraints" ]]; then
    constraints=''
  fi
}

fingerprint() { # changes when what should be installed changes
  {
    printf '%s\n' "$PWD" "$(minor "$venv/bin/python")"
    cat pyproject.toml ${constraints:+"$constraints"}
  } | cksum
}

install() { # base or dev
  local what='.' flags=(--quiet --editable) started=$SECONDS
  if [[ "$1" == dev ]]; then
    what='.[gemini,generativeai,openai,serve,beam,notebooks,dev]'
  fi
  if [[ -z "$constraints" ]]; then
    say "Python $(minor "$venv/bin/python") is untested: taking the newest" \
      "versions that fit instead of the pinned ones."
  fi
  say "Installing sdd ($1) into $venv; this takes a minute or two."
  touch "$venv/.installing"
  if command -v uv >/dev/null; then
    uv pip install --quiet --python "$venv/bin/python" --editable "$what" \
      ${constraints:+--constraint "$constraints"}
  else
    # Twice quiet: errors only.
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check \
      --editable "$what" ${constraints:+--constraint "$constraints"}
  fi || {
    rm "$venv/.installing"
    die "the installation failed; the same command tries again."
  }
  rm "$venv/.installing"
  fingerprint >"$venv/.installed-base"
  if [[ "$1" == dev ]]; then
    fingerprint >"$venv/.installed-dev"
  fi
  say "Installed in $((SECONDS - started)) s."
}

set_up() { # base or dev
  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  venv="${SDD_VENV:-.venv}"
  mkdir -p .cache
  if command -v flock >/dev/null; then # two at once would spoil each other
    exec 9>.cache/setup.lock
    flock 9
  fi
  # .installing is left by an installation that was killed: start afresh.
  if [[ -e "$venv/.installing" ]] || ! can_install; then
    make_environment
  elif [[ -n "${PYTHON:-}" ]] && is_recent "$PYTHON" &&
    [[ "$(minor "$PYTHON")" != "$(minor "$venv/bin/python")" ]]; then
    die "$venv holds Python $(minor "$venv/bin/python"), not $PYTHON." \
      "Choose another place: SDD_VENV=.venv-$(minor "$PYTHON")"
  fi
  choose_constraints
  if [[ "$(cat "$venv/.installed-$1" 2>/dev/null)" != "$(fingerprint)" ]]; then
    install "$1"
  fi
  if command -v flock >/dev/null; then
    exec 9>&-
  fi
  python="$venv/bin/python"
}
