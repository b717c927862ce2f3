// Package gatewaytest says what every carrier.Gateway must do, as tests. An adapter, ours or a third party's, is ready when
// it passes them in front of its carrier, or of a fake that keeps the carrier's state:
//
//	func TestConformance(t *testing.T) {
//		gatewaytest.Run(t, func(t *testing.T) gatewaytest.Subject {
//			fake := startFake(t)
//			return gatewaytest.Subject{Gateway: myadapter.New(fake.URL), Choose: fake.Choose, Effects: fake.Effects, ...}
//		})
//	}
//
// The carrier behind the adapter is played by scenarios, each a name for how it treats one port. A fake needs only those
// below, and those of numbers and of messaging only if the capabilities say that the carrier tells of them; the simulated
// carrier's scenario files say exactly what happens in each.
//
// What the suite asks for comes from the laws of the design: a request that is sent twice is done once; a request whose
// answer was lost is looked up before it is sent again; a "no" has a code that the saga knows; an error holds no personal
// data; and a status changes its version whenever it changes.
package gatewaytest
