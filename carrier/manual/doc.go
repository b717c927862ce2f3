// Package manual is the gateway to carriers that have no API: only an address for e-mail, a portal, or a telephone. What the
// saga asks of such a carrier becomes a task for a person: an order form and a letter of authorization as PDF, mailed to the
// carrier's porting desk, and a line on the operator's page that says what to do and by when. What the carrier answers is
// signed by that person and written into the desk's book in the ledger:
//
//	gateway := &manual.Gateway{Profile: profile, Book: book, Mail: mail, Now: clock}
//	gateway.Submit(ctx, lsr)                    // opens the task pi-1/1/submit and mails it
//	book.Take(ctx, statement, signature, "ana") // ana says that it was confirmed
//	gateway.Status(ctx, ref)                    // verifies her signature, and says so
//
// A task is written before its mail leaves, under the port, the version and the step, and the Message-ID follows from the
// task: however often a request is repeated, there is one task and one Message-ID. Nobody can look up whether a mail arrived
// whose acknowledgement was lost, so it is sent again under the same Message-ID, and counts as sent when a server took it.
//
// The book is believed only as far as it is signed. An answer that no person of the role desk signed, with a key that is
// good now, makes the order StateUnknown until one does.
package manual
