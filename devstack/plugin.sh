#!/bin/bash
#
# SPDX-License-Identifier: Apache-2.0
#
# Synchronizer in DevStack: one service more, on the RabbitMQ and the database
# of the others.
#
# DevStack sources this file, with a mode (stack, unstack or clean) and, for
# stack, a phase. It relies on DevStack's functions and on ``settings``.

# The clean.sh of some releases loads the settings of no plugin.
if [[ -z "${SYNCHRONIZER_CONF:-}" ]]; then
    # shellcheck source-path=SCRIPTDIR source=settings
    source "$(dirname "${BASH_SOURCE[0]}")/settings"
fi

# Early, as stacking takes long.
function check_synchronizer_prerequisites {
    local python="python${PYTHON3_VERSION:-3}"
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        die $LINENO "Synchronizer needs Python 3.11; $python is older"
    fi
    if ! is_service_enabled rabbit; then
        die $LINENO "Synchronizer needs RabbitMQ: enable_service rabbit"
    fi
    if [[ -z "${DATABASE_TYPE:-}" ]]; then
        die $LINENO "Synchronizer needs a database: enable_service mysql"
    fi
}

function install_synchronizer {
    # Not setup_develop, which looks for a setup.cfg. The extra for the database
    # has the name that DevStack calls it by.
    pip_install -e "${SYNCHRONIZER_DIR}[openstack,$DATABASE_TYPE]"
}

function synchronizer_plugins {
    local plugins=keystone
    local service
    for service in nova neutron cinder glance heat; do
        if is_service_enabled $service; then
            plugins+=,$service
        fi
    done
    echo "${SYNCHRONIZER_PLUGINS:-$plugins}"
}

function synchronizer_ledger_url {
    local url
    url=$(database_connection_url "$SYNCHRONIZER_DATABASE")
    # Without the query: it asks for utf8, which Synchronizer does not use, and
    # for a module that counts the queries of DevStack's own services.
    echo "${url%%\?*}"
}

# Where the services' notifications go. Not every release has a function for that.
function synchronizer_notification_url {
    if type get_notification_url >/dev/null 2>&1; then
        get_notification_url
    else
        get_transport_url
    fi
}

# There are passwords in both files: only this user may read them.
function configure_synchronizer {
    local conf=$SYNCHRONIZER_CONF
    local cloud="cloud:$SYNCHRONIZER_CLOUD"
    sudo install -d -o "$STACK_USER" "$SYNCHRONIZER_CONF_DIR"
    install -m 0600 /dev/null "$conf"
    iniset "$conf" DEFAULT debug "${ENABLE_DEBUG_LOG_LEVEL:-False}"
    iniset "$conf" DEFAULT clouds "$SYNCHRONIZER_CLOUD"
    iniset "$conf" DEFAULT state_path "$SYNCHRONIZER_DATA_DIR/state"
    iniset "$conf" DEFAULT runtime_path "$SYNCHRONIZER_DATA_DIR/run"
    iniset_rpc_backend synchronizer "$conf" DEFAULT "$SYNCHRONIZER_VHOST"
    iniset "$conf" ledger connection "$(synchronizer_ledger_url)"
    iniset "$conf" "$cloud" plugins "$(synchronizer_plugins)"
    if [[ "$SYNCHRONIZER_NOTIFICATIONS" == "True" ]]; then
        iniset "$conf" "$cloud" notification_transport_url \
            "$(synchronizer_notification_url)"
    fi
    write_synchronizer_clouds_yaml
}

function write_synchronizer_clouds_yaml {
    local quote="'"
    install -m 0600 /dev/null "$SYNCHRONIZER_CLOUDS_YAML"
    cat >"$SYNCHRONIZER_CLOUDS_YAML" <<CLOUDS
clouds:
  $SYNCHRONIZER_CLOUD:
    region_name: $REGION_NAME
    auth:
      auth_url: $KEYSTONE_SERVICE_URI
      username: $SYNCHRONIZER_USER
      password: '${SERVICE_PASSWORD//$quote/$quote$quote}'
      project_name: $SERVICE_PROJECT_NAME
      user_domain_name: $SERVICE_DOMAIN_NAME
      project_domain_name: $SERVICE_DOMAIN_NAME
CLOUDS
    if is_service_enabled tls-proxy; then
        echo "    cacert: $SSL_BUNDLE_FILE" >>"$SYNCHRONIZER_CLOUDS_YAML"
    fi
}

# A user with one role. There is no endpoint: consumers come over RabbitMQ.
function create_synchronizer_accounts {
    local domain=$SERVICE_DOMAIN_NAME
    get_or_create_user "$SYNCHRONIZER_USER" "$SERVICE_PASSWORD" "$domain"
    get_or_add_user_project_role "$SYNCHRONIZER_ROLE" "$SYNCHRONIZER_USER" \
        "$SERVICE_PROJECT_NAME" "$domain" "$domain"
}

# The database is made anew, as those of the services are. The marks in the
# state directory stay: by them consumers learn that they have to get all again.
function init_synchronizer {
    rpc_backend_add_vhost "$SYNCHRONIZER_VHOST"
    recreate_database "$SYNCHRONIZER_DATABASE"
    install -d -m 0700 "$SYNCHRONIZER_DATA_DIR"/{,state,run}
}

function start_synchronizer {
    local conf=$SYNCHRONIZER_CONF
    # With env: not every release's run_process can be given variables.
    local environment="/usr/bin/env"
    environment+=" OS_CLIENT_CONFIG_FILE=$SYNCHRONIZER_CLOUDS_YAML"
    local program
    program="$(get_python_exec_prefix)/synchronizer"
    # Fails also where a service has not sent a notification yet: no harm.
    if ! $environment "$program" config check --config-file "$conf"; then
        echo_summary "Synchronizer: its config check, above, found a problem"
    fi
    run_process synchronizer "$environment $program run --config-file $conf"
    local ask="$program --config-file $conf --timeout 10 describe"
    test_with_retry "$ask >/dev/null 2>&1" \
        "No answer: see journalctl -u devstack@synchronizer" \
        "$SERVICE_TIMEOUT" 1
}

# When clean.sh runs, Keystone is gone. The variables are those of openrc, which
# unstack.sh loads: its user would go before that of the cloud named here.
function delete_synchronizer_accounts {
    (
        unset "${!OS_@}"
        openstack --os-cloud devstack-admin user delete \
            --domain "${SERVICE_DOMAIN_NAME:-Default}" "$SYNCHRONIZER_USER"
    ) || echo "The user $SYNCHRONIZER_USER was not deleted from Keystone"
}

# What was installed with Synchronizer stays, as others may need it. RabbitMQ
# and the database may be stopped by now: DevStack removes both, with all in them.
function cleanup_synchronizer {
    pip_uninstall synchronizer
    sudo rm -rf "$SYNCHRONIZER_CONF_DIR" "$SYNCHRONIZER_DATA_DIR"
    if is_service_enabled rabbit; then
        sudo rabbitmqctl delete_vhost "$SYNCHRONIZER_VHOST" ||
            echo "The virtual host $SYNCHRONIZER_VHOST was not deleted"
    fi
    if is_service_enabled mysql; then
        # By ~/.my.cnf, which DevStack has written.
        mysql -e "DROP DATABASE IF EXISTS $SYNCHRONIZER_DATABASE" ||
            echo "The database $SYNCHRONIZER_DATABASE was not dropped"
    fi
}

# echo_summary is there in stack.sh alone.
if is_service_enabled synchronizer; then
    case "$1/${2:-}" in
        stack/pre-install)
            check_synchronizer_prerequisites
            ;;
        stack/install)
            echo_summary "Installing Synchronizer"
            install_synchronizer
            ;;
        stack/post-config)
            echo_summary "Configuring Synchronizer"
            configure_synchronizer
            create_synchronizer_accounts
            init_synchronizer
            ;;
        stack/extra)
            echo_summary "Starting Synchronizer"
            start_synchronizer
            ;;
        unstack/*)
            stop_process synchronizer
            delete_synchronizer_accounts
            ;;
        clean/*)
            cleanup_synchronizer
            ;;
    esac
fi
