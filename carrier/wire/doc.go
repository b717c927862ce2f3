// Package wire is how we behave towards a carrier's HTTP API, whoever speaks it: no faster than agreed, not at all while
// the carrier is down, back when it asked us to be, and with every exchange written down without what is secret or personal.
//
// An adapter needs nothing of it but an http.Client with a Transport:
//
//	line := &wire.Line{Carrier: "telnyx", Limit: rate.NewLimiter(5, 10), Breaker: wire.NewBreaker(time.Now), Record: write}
//	gateway := &telnyx.Client{HTTP: line.Client(30 * time.Second)}
package wire
