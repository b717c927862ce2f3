// Package telnyx is the adapter for Telnyx, written against its published API (version 2) and held to it by contract tests.
//
// One order of ours is a group of orders there: Telnyx splits what we send by country, kind, losing carrier and FastPort.
// Every order of the group carries our port as its customer group reference, and our port and version as its customer
// reference, so that whatever we do can be found again by our own name. An order is made in steps, each of which can be
// repeated:
//
//	draft     POST the numbers, under the group reference
//	fill      PATCH the parties, the date, the documents and the customer reference
//	confirm   POST; Telnyx sends the order to the losing carrier
//
// A draft is not sent, so it does not count as our order's version until it is confirmed; one that waits for documents does,
// as a rejection that only a correction answers. A rejected order is filled again with a reference that bears a mark, and
// confirmed: as long as it is rejected and marked, the correction is not sent.
//
// Telnyx answers a cancel by hand, takes none by API within 48 hours of the FOC, and has no reverse port: the donor must
// order the numbers back. A port-out that nobody answers is authorised after 24 to 48 hours.
package telnyx
