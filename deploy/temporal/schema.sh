#!/bin/sh
# Brings both of Temporal's databases to this release's schema. It does nothing on a database that is up to date, so it
# runs at every start.
set -eu

SQL_PASSWORD=$(cat /run/secrets/temporal_password)
export SQL_PASSWORD

temporal-sql-tool --database temporal setup-schema --version 0.0
temporal-sql-tool --database temporal update-schema --schema-name postgresql/v12/temporal

temporal-sql-tool --database temporal_visibility setup-schema --version 0.0
temporal-sql-tool --database temporal_visibility update-schema --schema-name postgresql/v12/visibility
