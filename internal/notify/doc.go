// Package notify tells people and services what happens to a port: by e-mail, by SMS and by signed webhooks.
//
// Plan decides, without looking at the world, who is told what of an event. A Notifier writes that down in the ledger's
// outbox, once for each event, recipient and channel, and delivers what is due until it is accepted: a mail server that is
// down for hours loses nothing. What a provider has acknowledged is not sent again. Only when the acknowledgement itself is
// lost is a message repeated, and then under the same name: its Message-ID, or the ID of its webhook.
//
// A notice names numbers masked, and never holds a code. Its words and its address are sealed from the moment at which it is
// recorded, and destroyed a month after.
package notify
