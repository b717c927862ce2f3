// Package porting is the language of portsaga: orders, numbers, stages, outcomes, reasons and messages, and the pure
// functions that say how a port may move. It knows no Temporal, no database and no carrier, so that services, sagas,
// tests and documents all speak from the same page.
//
// Times are instants; a time of day only gets a meaning in the zone that a rule pack names.
package porting
