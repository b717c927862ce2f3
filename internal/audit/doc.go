// Package audit is the log of what happened, kept so that it can be proved: every transition, decision, notice and carrier
// exchange is one leaf of a Merkle tree (RFC 6962, by golang.org/x/mod/sumdb/tlog), and signed checkpoints of the tree leave
// for places that are not ours.
//
// A leaf holds no personal data: masked numbers, codes, and digests of documents. Documents are kept beside the log, where
// they can be destroyed; the leaf then still proves that there was one, and which.
//
// The ledger keeps the log. This package knows its form: what a leaf is, how a tree grows, what a checkpoint says, and how
// a log is held against checkpoints, so that whatever was changed, dropped, rewritten or withheld is named.
package audit
