#!/bin/bash
#
# SPDX-License-Identifier: Apache-2.0
#
# What DevStack's unstack.sh does for a plugin, as the user of openrc.

TOP_DIR=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=functions.sh
source "$TOP_DIR/functions.sh"
# shellcheck source=/dev/null
source "$TOP_DIR/localrc"
# shellcheck source=/dev/null
source "$TOP_DIR/openrc"
# shellcheck source=/dev/null
source "$DEST/synchronizer/devstack/settings"
# shellcheck source=/dev/null
source "$DEST/synchronizer/devstack/plugin.sh" unstack
