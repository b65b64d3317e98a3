#!/bin/bash
#
# SPDX-License-Identifier: Apache-2.0
#
# What DevStack's clean.sh does for a plugin: it has not loaded its settings. Of
# what is not the plugin's it removes nothing.

TOP_DIR=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=functions.sh
source "$TOP_DIR/functions.sh"
# shellcheck source=/dev/null
source "$TOP_DIR/localrc"
# shellcheck source=/dev/null
source "$DEST/synchronizer/devstack/plugin.sh" clean
