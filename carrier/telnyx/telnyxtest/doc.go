// Package telnyxtest is a Telnyx that is not there: a real HTTP service that speaks its API over the state and the scenarios
// of the simulated carrier. An order is drafted, filled and split here, and from its confirmation on it lives as an order of
// the simulator, so that every scenario file of carrier/simulator plays on both.
//
// It answers in the words of Telnyx's published API, has its cancel lock where the scenario has one, authorises a port-out
// after a day of silence, keeps events that can be published again, and signs its webhooks.
package telnyxtest
