-- Runs once, when the volume is empty: a role and a database for each tenant of this server. Neither role can read the
-- other's data: whoever controls the saga's history still cannot open a fence in the ledger.
\set temporal_password `cat /run/secrets/temporal_password`
\set ledger_password `cat /run/secrets/ledger_password`
\set keys_password `cat /run/secrets/keys_password`
\set watchdog_password `cat /run/secrets/watchdog_password`

CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE portsaga LOGIN PASSWORD :'ledger_password';
-- Whoever runs or reads sagas needs the keys of their payloads, and nothing else of the ledger: grants.sh.
CREATE ROLE portsaga_keys LOGIN PASSWORD :'keys_password';
-- The watchdog reads the dates of ports, and nothing else.
CREATE ROLE portsaga_watchdog LOGIN PASSWORD :'watchdog_password';

CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE portsaga OWNER portsaga;

REVOKE CONNECT ON DATABASE temporal, temporal_visibility, portsaga FROM PUBLIC;
GRANT CONNECT ON DATABASE portsaga TO portsaga_keys, portsaga_watchdog;
