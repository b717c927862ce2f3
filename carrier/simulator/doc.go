// Package simulator is a carrier that is not there: a real HTTP service with its own state, its own mind and its own
// webhooks, and the Client that speaks to it as a carrier.Gateway. How it treats an order is written in a scenario, a short
// YAML script; the ones in scenarios/ come with the program.
//
// The service speaks JSON:
//
//	POST /portability                  {numbers} -> can they be ported
//	PUT  /orders/{port}/{version}      submit an order, or supplement it with a higher version
//	GET  /orders/{port}                the order as it stands, at its latest version
//	GET  /orders?since=INSTANT         the open orders that were first sent since then
//	POST /orders/{port}/cancel         {reason} -> ask for the cancel
//	POST /orders/{port}/activate       move the numbers, not before the FOC
//	POST /orders/{port}/reverse        {reason} -> move them back
//	POST /scenarios                    {reference, scenario} -> choose how an order is treated
//	GET  /effects                      what was really done, each effect once
//	GET  /requests                     how often each operation was asked
//	GET  /healthz
//
// A refusal is 404 {"code":"order-unknown"}, 409 {"code":"cancel-locked"} or 409 {"code":"refused"}, with a message. Every
// request about an order is idempotent: asked again, it answers with the order as it stands and does nothing.
//
// All delays are business time of Options.Clock. Only a webhook's signature and its retries run on real time.
package simulator
