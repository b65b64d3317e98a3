#!/bin/bash
#
# SPDX-License-Identifier: Apache-2.0
#
# What DevStack's stack.sh does for a plugin. The cloud itself is there already.

set -o errexit
set -o nounset
TOP_DIR=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=functions.sh
source "$TOP_DIR/functions.sh"
# shellcheck source=/dev/null
source "$TOP_DIR/localrc"

function echo_summary {
    echo "== $*"
}

# shellcheck source=/dev/null
source "$DEST/synchronizer/devstack/settings"
export OS_CLOUD=devstack-admin
for phase in pre-install install post-config extra test-config; do
    echo_summary "$phase"
    # shellcheck source=/dev/null
    source "$DEST/synchronizer/devstack/plugin.sh" stack "$phase"
    if [[ "$phase" == "post-config" ]]; then
        merge_config_group post-config
    fi
done
service_check
