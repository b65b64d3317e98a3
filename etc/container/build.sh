#!/bin/sh
# Builds the image with buildah, where no container engine runs, and tries it as its user:
#
#   sh etc/container/build.sh NAME [OPTIONS OF buildah build ...]
#
# BASE_TREE: a directory with a Debian in it, which becomes the base in place of the Dockerfile's
# own, as where no registry can be reached (debootstrap --variant=minbase
# --include=ca-certificates,python3,python3-venv bookworm DIRECTORY). Containers are isolated by
# chroot alone, so that this works in containers, too; BUILDAH_ISOLATION and
# CONTAINERS_STORAGE_CONF are buildah's own.
set -eu

if [ $# -lt 1 ]; then
    echo "usage: build.sh NAME [OPTIONS OF buildah build ...]" >&2
    exit 2
fi
name=$1
shift
source=$(cd "$(dirname "$0")/../.." && pwd)
export BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}"

container=
trap '[ -z "$container" ] || buildah rm "$container" > /dev/null' EXIT

if [ -n "${BASE_TREE:-}" ]; then
    container=$(buildah from scratch)
    cp -a "$BASE_TREE/." "$(buildah mount "$container")"
    buildah umount "$container" > /dev/null
    buildah commit --quiet "$container" "localhost/$name-base" > /dev/null
    buildah rm "$container" > /dev/null
    container=
    set -- --build-arg "BASE=localhost/$name-base" "$@"
fi

# OCI's own format has no HEALTHCHECK.
buildah build --format docker --tag "$name" "$@" "$source"

container=$(buildah from --pull-never "$name")
try() {
    buildah run "$container" -- "$@"
}
if [ "$(try id -u)" = 0 ]; then
    echo "the image's user is root" >&2
    exit 1
fi
try synchronizer --version
try synchronizer plugins
