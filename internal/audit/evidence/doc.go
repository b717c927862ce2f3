// Package evidence puts everything that proves what happened to a port into one file, and verifies such a file without us: no
// server, no ledger, no secret. What the file says is believed because a checkpoint signs it, a person signed it, or it can
// be reckoned again; everything else is named as what it is, a claim.
//
// The file is a zip of plain text. The same port at the same checkpoint gives the same bytes.
package evidence
