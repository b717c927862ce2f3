#!/bin/sh
# Creates what docker-compose.yml mounts as secrets. What is there already is kept: a new key could not open old secrets.
set -eu

dir=$(cd "$(dirname "$0")" && pwd)/secrets

# The folder is closed to this machine's other users. The files are open, because each container reads its own as a user
# of its own and the folder does not exist there.
mkdir -p "$dir"
chmod 700 "$dir"
umask 022

random_hex() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

keep_or_write() {
	if [ -e "$dir/$1" ]; then
		echo "kept     deploy/secrets/$1"
		return
	fi
	printf '%s' "$2" >"$dir/$1"
	echo "created  deploy/secrets/$1"
}

keep_or_write postgres_password "$(random_hex)"
keep_or_write temporal_password "$(random_hex)"
keep_or_write ledger_password "$(random_hex)"
keep_or_write ledger.pgpass "postgres:5432:portsaga:portsaga:$(cat "$dir/ledger_password")"
keep_or_write vault.key "$(head -c 32 /dev/urandom | base64)"
keep_or_write tenant_keys "$(head -c 32 /dev/urandom | base64)"
keep_or_write webhook_secret "$(random_hex)"

# With this key the worker signs what it has verified. Its public half goes into the registry of approvers, which people make
# and sign in deploy/approvers: docs/approvals.md.
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
ssh-keygen -q -t ed25519 -N '' -C portsaga-worker -f "$made/key"
keep_or_write signing_key "$(cat "$made/key")
"
ssh-keygen -y -f "$dir/signing_key" >"$dir/signing_key.pub" 2>/dev/null || cp "$made/key.pub" "$dir/signing_key.pub"
