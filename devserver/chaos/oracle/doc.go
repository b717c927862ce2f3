// Package oracle judges a chaos campaign from outside: by what the carrier did, what mail servers accepted, what callers were
// acknowledged, and what the ledger and the engine tell when all is over. It knows the law and no code of portsaga that could
// break it, but for the table of legal moves.
package oracle
