#!/bin/bash
#
# SPDX-License-Identifier: Apache-2.0
#
# What DevStack has for its plugins, as far as ours uses it. These act: on files, a
# virtual environment, processes, Keystone, RabbitMQ, a database. They are as
# strict as those of DevStack are, where a plugin could get that wrong.

# Services and settings

function trueorfalse {
    local value=${!2:-$1}
    case "${value,,}" in
        1 | yes | true) echo True ;;
        *) echo False ;;
    esac
}

function is_service_enabled {
    local service
    for service in "$@"; do
        [[ ",$ENABLED_SERVICES," == *",$service,"* ]] && return 0
        # Some have a name for all of their processes.
        case "$service" in
            nova) [[ ",$ENABLED_SERVICES" == *,n-* ]] && return 0 ;;
            cinder) [[ ",$ENABLED_SERVICES" == *,c-* ]] && return 0 ;;
            glance) [[ ",$ENABLED_SERVICES" == *,g-* ]] && return 0 ;;
            neutron) [[ ",$ENABLED_SERVICES" == *,q-* ]] && return 0 ;;
            heat) [[ ",$ENABLED_SERVICES" == *,h-* ]] && return 0 ;;
        esac
    done
    return 1
}

function enable_service {
    local service
    for service in "$@"; do
        is_service_enabled "$service" || ENABLED_SERVICES+=",$service"
    done
}

function define_plugin {
    echo "This is the plugin $1"
}

function die {
    echo "[ERROR] line $1: $2" >&2
    exit 1
}

# Files

function iniset {
    local file=$1 changed
    changed=$(
        SECTION="[$2]" OPTION=$3 LINE="$3 = $4" awk '
            function put() {
                if (here && !done) { print ENVIRON["LINE"]; done = 1 }
            }
            /^\[/ { put(); here = ($0 == ENVIRON["SECTION"]) }
            here && $1 == ENVIRON["OPTION"] { put(); next }
            { print }
            END {
                put()
                if (!done) { print ENVIRON["SECTION"]; print ENVIRON["LINE"] }
            }' "$file"
    )
    echo "$changed" >"$file"
}

# What local.conf has for a file after a phase: lines of FILE SECTION OPTION VALUE.
function merge_config_group {
    local file section option value
    while read -r file section option value; do
        iniset "$file" "$section" "$option" "$value"
    done <"$TOP_DIR/$1.conf"
}

# Python

function get_python_exec_prefix {
    echo "$DEVSTACK_VENV/bin"
}

function pip_install {
    [[ "${OFFLINE:-False}" == "True" ]] && return
    # As DevStack has it, which needs paths without spaces.
    # shellcheck disable=SC2068
    "$DEVSTACK_VENV/bin/pip" install --quiet --no-compile \
        --constraint "$REQUIREMENTS_DIR/upper-constraints.txt" $@
}

function pip_uninstall {
    "$DEVSTACK_VENV/bin/pip" uninstall --quiet --yes "$1" || true
}

# Processes. systemd runs a command without a shell and without our variables, and
# knows no other way to stop it than to signal its first process.

function run_process {
    local service=$1 command=$2 words
    is_service_enabled "$service" || return 0
    [[ "$command" == /* ]] || die $LINENO "not an absolute path: $command"
    [[ "$command" == *sudo* ]] && die $LINENO "sudo in: $command"
    read -ra words <<<"$command"
    env --ignore-environment "PATH=$PATH" LANG=C.UTF-8 setsid "${words[@]}" \
        </dev/null >>"$DEST/logs/$service.log" 2>&1 &
    echo $! >"$DEST/status/$service.pid"
}

function is_running {
    local state=""
    if [[ -r "/proc/$1/stat" ]]; then
        state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)
    fi
    [[ -n "$state" && "$state" != Z* ]]
}

function stop_process {
    local file="$DEST/status/$1.pid" pid
    is_service_enabled "$1" || return 0
    [[ -e "$file" ]] || return 0
    pid=$(<"$file")
    is_running "$pid" && kill -TERM "$pid"
    local left
    for ((left = 3000; left; left--)); do
        is_running "$pid" || break
        sleep 0.1
    done
    is_running "$pid" && kill -KILL "$pid"
    rm "$file"
}

function service_check {
    local file
    for file in "$DEST"/status/*.pid; do
        is_running "$(<"$file")" || die $LINENO "$file: it does not run"
    done
}

function test_with_retry {
    timeout "${3:-10}" sh -c "while ! $1; do sleep ${4:-0.5}; done" ||
        die $LINENO "$2"
}

# Keystone

function get_or_create_user {
    openstack --os-cloud devstack-system-admin user create "$1" \
        --password "$2" --domain "$3" --or-show -f value -c id
}

function get_or_add_user_project_role {
    openstack --os-cloud devstack-system-admin role add "$1" \
        --user "$2" --user-domain "$4" --project "$3" --project-domain "$5"
}

# RabbitMQ

function get_transport_url {
    echo "rabbit://$RABBIT_USERID:$RABBIT_PASSWORD@$RABBIT_HOST/${1:-}"
}

function get_notification_url {
    get_transport_url "$@"
}

function iniset_rpc_backend {
    iniset "$2" "${3:-DEFAULT}" transport_url "$(get_transport_url "${4:-}")"
}

function rpc_backend_add_vhost {
    is_service_enabled rabbit || return 1
    if ! sudo rabbitmqctl --quiet list_vhosts | grep -qx "$1"; then
        sudo rabbitmqctl --quiet add_vhost "$1"
        sudo rabbitmqctl --quiet set_permissions -p "$1" \
            "$RABBIT_USERID" ".*" ".*" ".*"
    fi
}

# Database

function recreate_database {
    local client=(mysql -u"$DATABASE_USER" -p"$DATABASE_PASSWORD")
    client+=(-h"$DATABASE_HOST")
    "${client[@]}" -e "DROP DATABASE IF EXISTS $1"
    "${client[@]}" -e "CREATE DATABASE $1 CHARACTER SET utf8"
}

function database_connection_url {
    echo "$BASE_SQL_CONN/$1?charset=utf8&plugin=dbcounter"
}
