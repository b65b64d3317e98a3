#!/usr/bin/env bash
# DevStack plugin: enable_plugin synchronizer <repository>
# Runs the daemon in DevStack, on the embedded bus and SQLite, as the admin of the cloud.

SYNCHRONIZER_DIR=${SYNCHRONIZER_DIR:-$DEST/synchronizer}
SYNCHRONIZER_CONF_DIR=${SYNCHRONIZER_CONF_DIR:-/etc/synchronizer}
SYNCHRONIZER_CONF=$SYNCHRONIZER_CONF_DIR/synchronizer.conf
SYNCHRONIZER_STATE=${SYNCHRONIZER_STATE:-$DATA_DIR/synchronizer}
SYNCHRONIZER_CLOUD=${SYNCHRONIZER_CLOUD:-devstack-admin}

function install_synchronizer {
    pip_install "$SYNCHRONIZER_DIR[openstack]"
}

function configure_synchronizer {
    sudo install -d -o "$STACK_USER" "$SYNCHRONIZER_CONF_DIR"
    install -d -m 0700 "$SYNCHRONIZER_STATE/state" "$SYNCHRONIZER_STATE/run"
    iniset "$SYNCHRONIZER_CONF" DEFAULT clouds devstack
    iniset "$SYNCHRONIZER_CONF" DEFAULT state_path "$SYNCHRONIZER_STATE/state"
    iniset "$SYNCHRONIZER_CONF" DEFAULT runtime_path "$SYNCHRONIZER_STATE/run"
    iniset "$SYNCHRONIZER_CONF" "cloud:devstack:nova" os_cloud "$SYNCHRONIZER_CLOUD"
}

function start_synchronizer {
    run_process synchronizer "$(which synchronizer) run --config-file $SYNCHRONIZER_CONF"
}

if is_service_enabled synchronizer; then
    if [[ "$1" == "stack" && "$2" == "install" ]]; then
        install_synchronizer
    elif [[ "$1" == "stack" && "$2" == "post-config" ]]; then
        configure_synchronizer
    elif [[ "$1" == "stack" && "$2" == "extra" ]]; then
        start_synchronizer
    fi
    if [[ "$1" == "unstack" ]]; then
        stop_process synchronizer
    elif [[ "$1" == "clean" ]]; then
        sudo rm -rf "$SYNCHRONIZER_CONF_DIR" "$SYNCHRONIZER_STATE"
    fi
fi
