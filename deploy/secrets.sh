#!/bin/sh
# Creates what docker-compose.yml mounts as secrets, in deploy/secrets or in the folder that is named. What is there already is
# kept: a new key could not open old secrets.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-$here/secrets}

# The folder is closed to this machine's other users. The files are open, because each container reads its own as a user
# of its own and the folder does not exist there.
mkdir -p "$dir"
chmod 700 "$dir"
umask 022

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

random_hex() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
random_base64() { head -c 32 /dev/urandom | base64; }
secret() { cat "$dir/$1"; }

keep_or_write() {
	if [ -e "$dir/$1" ]; then
		echo "kept     $1"
		return
	fi
	printf '%s' "$2" >"$dir/$1"
	echo "created  $1"
}

# With its key a worker signs what it has verified. The public half goes into the registry of approvers, which people make and
# sign in deploy/approvers: docs/approvals.md.
keep_or_sign() {
	ssh-keygen -q -t ed25519 -N '' -C "portsaga-$1" -f "$made/$1"
	keep_or_write "$1_signing_key" "$(cat "$made/$1")
"
	cp "$dir/$1_signing_key" "$made/key"
	chmod 600 "$made/key"
	ssh-keygen -y -f "$made/key" >"$dir/$1_signing_key.pub"
}

# A certificate that is its own root: only who holds its key is trusted, and nobody can make another one.
keep_or_certify() {
	if [ ! -e "$dir/$1.key" ]; then
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=$2" \
			-addext "subjectAltName=DNS:$2" -keyout "$made/$1.key" -out "$dir/$1.crt" 2>/dev/null
		keep_or_write "$1.key" "$(cat "$made/$1.key")"
		return
	fi
	echo "kept     $1.key"
}

keep_or_write postgres_password "$(random_hex)"
keep_or_write temporal_password "$(random_hex)"
keep_or_write temporal.pgpass "postgres:5432:*:temporal:$(secret temporal_password)"
keep_or_write ledger_password "$(random_hex)"
keep_or_write ledger.pgpass "postgres:5432:portsaga:portsaga:$(secret ledger_password)"
keep_or_write keys_password "$(random_hex)"
keep_or_write keys.pgpass "postgres:5432:portsaga:portsaga_keys:$(secret keys_password)"
keep_or_write watchdog_password "$(random_hex)"
keep_or_write watchdog.pgpass "postgres:5432:portsaga:portsaga_watchdog:$(secret watchdog_password)"

keep_or_write vault.key "$(random_base64)"
keep_or_write tenant_keys "$(random_base64)"
keep_or_write task_key "$(random_hex)"
keep_or_write webhook_secret "$(random_hex)"
keep_or_write grafana_password "$(random_hex)"

keep_or_sign trust
keep_or_sign gate

keep_or_certify internode temporal-internode # between the services of the cluster
keep_or_certify codec localhost              # of the codec server; replace it with one that browsers trust
