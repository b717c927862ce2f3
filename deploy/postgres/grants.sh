#!/bin/sh
# Lets the role portsaga_keys read and keep data keys and the role portsaga_watchdog read dates, and neither touch another table.
# It runs after bootstrap, which makes the tables.
set -eu

PGPASSWORD=$(cat /run/secrets/ledger_password)
export PGPASSWORD

exec psql --host=postgres --username=portsaga --dbname=portsaga --set=ON_ERROR_STOP=1 --no-psqlrc \
	--command='GRANT SELECT, INSERT, UPDATE ON data_keys TO portsaga_keys' \
	--command='GRANT SELECT ON awaited TO portsaga_watchdog'
