#!/bin/sh
# Hands each process the keys that it needs, for its user alone: a key that others may read is refused.
set -eu

hand() {
	process=$1
	mkdir -p "/keys/$process"
	shift
	for key in "$@"; do
		install --owner=65532 --mode=0400 "/run/secrets/$key" "/keys/$process/$(echo "$key" | sed 's/^.*_signing_key$/signing_key/')"
	done
}

hand bootstrap tenant_keys
hand workflow tenant_keys
hand trust tenant_keys trust_signing_key
hand gate tenant_keys gate_signing_key vault.key
hand serve tenant_keys
hand desk tenant_keys
hand ops tenant_keys
hand temporal task_key
