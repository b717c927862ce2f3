// Package sources gathers evidence for internal/fraud: from mobile networks by the CAMARA APIs, from Twilio Lookup, and from our
// own ledger. All sources are asked at once, each within its own time, and what cannot be had is missing with the reason why.
//
// A Subject holds personal data, because networks are asked about a number and a person. Evidence does not.
package sources
