#!/usr/bin/env bash
# What tpu_pod.py has the workers of a TPU do, through ssh:
#
#   on_tpu.sh install                   the environment, with JAX for TPUs
#   on_tpu.sh start ID SECONDS WHAT... -- PROGRAM FLAG...
#                                       starts a program of experiments, which
#                                       outlives the connection
#   on_tpu.sh look ID BYTE              its log from that byte on (from the
#                                       end, if negative), then one line:
#                                       == BYTE running|absent|other|ended STATUS
#   on_tpu.sh log                       the end of its log
#
# WHAT is read=URL, write=URL or write_at_end=URL with a gs://BUCKET/FOLDER, which
# is copied to gs/BUCKET/FOLDER before the program starts. What is written,
# worker 0 keeps in the bucket: every so many SECONDS, unless at the end only, as
# one file, .resume.tar, which is there or not; and when all is done, as a folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$HOME/.local/bin:$PATH"
here=.launch
mkdir -p "$here" gs

install_all() {
  command -v uv >/dev/null || python3 -m pip install --user --quiet uv
  # These machines come with an older Python.
  uv python install --quiet 3.11
  PYTHON=$(uv python find 3.11)
  export PYTHON
  source launch/setup.sh
  set_up base
  uv pip install --quiet --python "$python" 'jax[tpu]' \
    ${constraints:+--constraint "$constraints"}
}

worker() { # the number of this one, as JAX sees it
  if [[ -n "${TPU_WORKER_ID:-}" ]]; then
    printf '%s' "$TPU_WORKER_ID"
  else
    curl --silent --fail --header 'Metadata-Flavor: Google' \
      http://metadata.google.internal/computeMetadata/v1/instance/attributes/agent-worker-number
  fi
}

is_there() { # URL
  gcloud storage ls "$1" >/dev/null 2>&1
}

fetch() { # KIND URL: what is in the bucket, if anything
  local folder="gs/${2#gs://}"
  mkdir -p "$folder"
  if [[ "$1" == write ]] && is_there "$2/.resume.tar"; then
    gcloud storage cp "$2/.resume.tar" - | tar -xf - -C "$folder"
  elif is_there "$2"; then
    gcloud storage rsync --recursive "$2" "$folder"
  fi
}

keep() { # URL: as one file
  local folder="gs/${1#gs://}" copy=$here/copy
  [[ -d "$folder" ]] || return 0
  rm -rf "$copy"
  # Links, in an instant, so that nothing is copied while it changes. What
  # vanishes meanwhile makes cp fail: the next time will do.
  if cp -al "$folder" "$copy" 2>/dev/null; then
    tar -cf - -C "$copy" . | gcloud storage cp - "$1/.resume.tar"
  fi
}

finish() { # URL: as a folder
  gcloud storage rsync --recursive "gs/${1#gs://}" "$1"
  if is_there "$1/.resume.tar"; then
    gcloud storage rm "$1/.resume.tar"
  fi
}

supervise() { # SECONDS URLS COMMAND...: runs it, keeps what it writes
  local seconds=$1 urls=$2 status=0 url slept
  shift 2
  "$@" >>"$here/log" 2>&1 &
  local running=$!
  trap 'kill -TERM "$running" 2>/dev/null' TERM
  slept=0
  while kill -0 "$running" 2>/dev/null; do
    sleep 1
    slept=$((slept + 1))
    if ((slept >= seconds)); then
      for url in $urls; do # what is written while the program runs
        [[ "$url" == *'#'* ]] || keep "$url" || true
      done
      slept=0
    fi
  done
  wait "$running" || status=$?
  for url in $urls; do
    # A program that was stopped goes on from its last state.
    if ((status == 0)); then
      finish "${url%#*}" || status=74
    else
      keep "${url%#*}" || true
    fi
  done >>"$here/log" 2>&1
  printf '%s\n' "$status" >"$here/status.new"
  mv "$here/status.new" "$here/status"
}

is_running() {
  [[ -e "$here/pid" ]] && kill -0 "$(cat "$here/pid")" 2>/dev/null
}

start() { # ID SECONDS WHAT... -- PROGRAM FLAG...
  local id=$1 seconds=$2 urls='' what
  shift 2
  if is_running; then
    [[ "$(cat "$here/id")" == "$id" ]] && return
    echo 'Another program runs here.' >&2
    exit 1
  fi
  while [[ "$1" != -- ]]; do
    what=${1%%=*}
    fetch "${what%_at_end}" "${1#*=}"
    case "$what" in
      write) urls+=" ${1#*=}" ;;
      write_at_end) urls+=" ${1#*=}#" ;;
    esac
    shift
  done
  shift
  if [[ -n "$urls" ]]; then
    what=$(worker)
    ((what == 0)) || urls=''
  fi
  rm -f "$here/status" "$here/log"
  printf '%s' "$id" >"$here/id"
  : >"$here/log"
  setsid bash launch/on_tpu.sh supervise "$seconds" "$urls" \
    .venv/bin/python -m "$@" </dev/null >>"$here/log" 2>&1 &
  printf '%s' "$!" >"$here/pid"
}

look() { # ID BYTE
  local from=$2 size state=absent
  is_running && state=running # first: a status comes before the end
  if [[ -e "$here/id" && "$(cat "$here/id")" != "$1" ]]; then
    [[ "$state" == absent ]] || state=other
  elif [[ -e "$here/status" ]]; then
    state="ended $(cat "$here/status")"
  fi
  size=0
  if [[ "$state" != absent && "$state" != other ]]; then
    size=$(stat -c %s "$here/log")
    ((from >= 0)) || from=$((size + from > 0 ? size + from : 0))
    # What comes meanwhile is for the next time.
    tail -c "+$((from + 1))" "$here/log" | head -c "$((size - from))" || true
  fi
  printf '\n== %s %s\n' "$size" "$state"
}

case "$1" in
  install) install_all ;;
  start) start "${@:2}" ;;
  supervise) supervise "${@:2}" ;;
  look) look "${@:2}" ;;
  log) tail -n 30 "$here/log" 2>/dev/null || true ;;
  *)
    echo "on_tpu.sh: unknown $1" >&2
    exit 2
    ;;
esac
