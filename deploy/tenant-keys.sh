#!/bin/sh
# Rotates the tenants' keys where processes have copies of the file that they cannot write: docs/encryption.md, "Rotation".
#
#   tenant-keys.sh add FILE    gives the file a new first line: whoever has it can open what is wrapped with it, and nobody wraps
#   tenant-keys.sh use FILE    makes that line the last one, which wraps, once every process has it
set -eu

file=$2
lines=$(cat "$file")
case $1 in
add)
	lines="$(head -c 32 /dev/urandom | base64)
$lines"
	;;
use)
	lines="$(printf '%s\n' "$lines" | tail -n +2)
$(printf '%s\n' "$lines" | head -n 1)"
	;;
*)
	echo "add or use" >&2
	exit 2
	;;
esac

# In one step, and as open to others as it was.
cp -p "$file" "$file.new"
printf '%s\n' "$lines" >"$file.new"
mv "$file.new" "$file"
