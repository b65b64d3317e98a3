#!/bin/sh
# Makes the secrets of compose.yaml, beside this script: sh prepare.sh CLOUDS_YAML
#
# Passwords that are there stay as they are; clouds.yaml is copied anew.
set -eu

if [ $# -ne 1 ] || [ ! -r "$1" ]; then
    echo "usage: prepare.sh CLOUDS_YAML: it has to be a file that can be read" >&2
    exit 2
fi
directory=$(dirname "$0")/secrets

# Others on this host get no further than the directory. The files in it are read by users of the
# containers, who have other numbers than whoever runs this.
umask 022
mkdir -p "$directory"
chmod 0700 "$directory"

# write NAME: from stdin, whole or not at all.
write() {
    cat > "$directory/$1.new"
    mv "$directory/$1.new" "$directory/$1"
}

# random: a password that needs no quoting, in URLs neither.
random() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

if [ ! -e "$directory/ledger" ]; then
    password=$(random)
    printf '%s' "$password" | write database
    echo "postgresql://synchronizer:$password@postgresql/synchronizer" | write ledger
fi
if [ ! -e "$directory/bus" ]; then
    password=$(random)
    write rabbitmq.conf << END
default_vhost = synchronizer
default_user = synchronizer
default_pass = $password
END
    echo "rabbit://synchronizer:$password@rabbitmq:5672/synchronizer" | write bus
fi
write clouds.yaml < "$1"
echo "compose.yaml's secrets are in $directory"
