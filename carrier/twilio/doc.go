// Package twilio ports numbers in through Twilio's Porting API (public beta, no SLA; US numbers that are not toll-free), on
// Twilio's own client library.
//
// Twilio can neither be asked by our reference nor told to do a thing once. Two things make up for it:
//
//   - the Book, in which an order is written down before it is sent and Twilio's name for it afterwards;
//   - the mark: the address for copies of the signed LOA, which Twilio shows with the order, holds our reference, like
//     loa+pi-abc.1@ports.example. An order whose answer was lost is found by it.
//
// So an order whose outcome is unknown is looked up before it is sent again, and not sent again while it may still be on
// its way.
//
// What a person should know: Twilio mails the LOA to the subscriber and waits for the signature; it moves the numbers by
// itself at the port date; it corrects no order in place, so a corrected version cancels the earlier one and starts anew;
// and its "Completed" means that each number was moved or cancelled, so only the numbers tell what became of an order.
package twilio
