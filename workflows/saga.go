package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// The clocks of a pack that the saga waits on.
const (
	clockDecision   = "decision"
	clockFOC        = "foc"
	clockPatience   = "foc-patience"
	clockCorrection = "correction"
	clockGrace      = "confirmed-grace"
	clockActivation = "activation"
	clockGuard      = "guard"
	clockCancelAck  = "cancel-ack"
	clockReverse    = "reverse"
	clockDispute    = "dispute"
	clockUndoRetry  = "undo-retry"
	clockHold       = "hold"
	clockResubmit   = "resubmit"
)

// Changes of the story that ports of older builds have not made; see CONTRIBUTING. A port keeps the side on which it is.
const (
	changeMovedEarly    = "call a person when the carrier moved the numbers before the FOC"
	changeSlippedUntold = "take a later date that the gate read back as the carrier's"
	changeGateOnClock   = "start the clock of the activation again when the gate found no answer in its time"
	changeFenceFirst    = "take an approval back when the revocation is in the ledger"
)

// saga is one port on its way: its state, what must be undone, and what the carrier last said.
type saga struct {
	port       *porting.Port
	undo       undoStack
	story      workflow.Context // ends when the port is interrupted
	interrupt  workflow.CancelFunc
	clock      porting.Deadline      // the clock that runs now
	opensAt    time.Time             // from when the numbers may be activated
	plan       porting.Correction    // what to do about the last rejection
	carrier    porting.CarrierStatus // the truth last read back
	hintsRead  int                   // carrier hints that a read-back has answered
	sealed     bool                  // the fence was closed, or it was too late for that
	tooLate    bool                  // an activation holds the fence
	sent       bool                  // the order may be with the carrier, and its cancel is among the undos
	cancelled  bool                  // cancelled in Temporal
	outcome    porting.Outcome       // what the rollback will end with
	reason     porting.Reason
	trueRun    string // the run whose decisions count, once the gate has said so; any run's before
	judged     int    // decisions that were sent to be verified
	judging    int    // signals that are being taken
	told       int    // answers of a desk that were sent to be verified
	ignored    int    // signals that were refused
	movedEarly bool   // the carrier moved the numbers before the FOC
	published  attributes
	reported   porting.Progress // what the bulk order was told last
	reporting  workflow.Future  // the last message to it
	readBack   func(workflow.Context) (porting.CarrierStatus, error)
}

func newSaga(ctx workflow.Context, in porting.PortInput) *saga {
	s := openSaga(ctx, porting.NewPort(in))
	s.readBack = s.readOrder
	workflow.GoNamed(ctx, "interruption", s.watch)
	s.render(ctx)
	return s
}

// openSaga is what every port begins with, in or out.
func openSaga(ctx workflow.Context, p *porting.Port) *saga {
	s := &saga{port: p}
	s.story, s.interrupt = workflow.NewDisconnectedContext(ctx)
	// The first move is legal by the table; nothing can go wrong yet. It comes before any handler can run.
	_ = s.port.Move(porting.EventReceived, s.now(ctx), submitter(p.Order), "")
	s.openChannels(ctx)
	return s
}

func submitter(o porting.Order) string {
	if o.SubmittedBy == "" {
		return "unknown"
	}
	return o.SubmittedBy
}

// watch closes the fence as soon as the port is revoked, or cancelled in Temporal, and then interrupts the story: at once,
// except that an activation under way is waited for.
func (s *saga) watch(ctx workflow.Context) {
	s.cancelled = workflow.Await(ctx, func() bool { return s.port.Revocation != nil }) != nil
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	s.closeFence(ctx)
	// An error here could only be a cancellation, which this context does not know.
	_ = workflow.Await(ctx, func() bool { return s.port.Stage != porting.Activating })
	s.interrupt()
}

// stopped reports whether the port was revoked or cancelled. Its interruption may wait for the fence, which the ledger
// closes; until then nothing new is begun.
func (s *saga) stopped() bool { return s.port.Revocation != nil || s.cancelled }

func (s *saga) awaitInterruption(ctx workflow.Context) error { return workflow.Await(ctx, never) }

func (s *saga) closeFence(ctx workflow.Context) {
	in := porting.FenceInput{Port: s.port.ID, By: "temporal", Reason: porting.CancelledInTemporal, At: s.now(ctx)}
	if r := s.port.Revocation; r != nil {
		in.By, in.Reason = r.By, r.Reason
	}
	closed, err := call[porting.FenceClosed](ctx, s, ahead(ownStep), porting.StepCloseFence, "Close the fence: no activation from now on", in)
	if err != nil {
		s.callPerson(ctx, "the fence could not be closed: "+err.Error())
		return
	}
	s.sealed, s.tooLate = true, closed.TooLate
}

// now is the business time.
func (s *saga) now(ctx workflow.Context) time.Time {
	return s.port.Clock.Business(workflow.Now(ctx)).UTC()
}

// call runs one step of the world and decodes its answer. A step that found no answer in its time calls a person and is
// tried again.
func call[T any](ctx workflow.Context, s *saga, how preset, step, summary string, in any) (T, error) {
	for {
		out, err := callOnce[T](ctx, how, step, summary, in)
		if !foundNoAnswer(err) {
			return out, err
		}
		s.callPerson(ctx, summary+": no answer for a long time; the step is tried again")
	}
}

func callOnce[T any](ctx workflow.Context, how preset, step, summary string, in any) (out T, err error) {
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, how(ctx, summary)), step, in).Get(ctx, &out)
	return out, err
}

// foundNoAnswer reports whether a step was tried for as long as it may be. The server tells so by a timeout, or by the last
// failure when no time is left for another try.
func foundNoAnswer(err error) bool {
	var late *temporal.TimeoutError
	var tried *temporal.ActivityError
	return errors.As(err, &late) || errors.As(err, &tried) && tried.RetryState() == enums.RETRY_STATE_TIMEOUT
}

// deadline computes a clock of the port's pack from now.
func (s *saga) deadline(ctx workflow.Context, clock string) (porting.Deadline, error) {
	return local[porting.Deadline](ctx, porting.StepDeadline, "Deadline: "+clock,
		porting.DeadlineInput{Pack: s.port.Receipt.Pack, Clock: clock, Start: s.now(ctx), Place: s.place()})
}

// local runs a step that only reckons.
func local[T any](ctx workflow.Context, step, summary string, in any) (out T, err error) {
	ctx = workflow.WithLocalActivityOptions(ctx, localStep(summary))
	err = workflow.ExecuteLocalActivity(ctx, step, in).Get(ctx, &out)
	return out, err
}

// place is where the order's numbers are. A rescue has no order: it goes by the numbers that the carrier tells, and by UTC where it
// tells none, so that a clock runs all the same.
func (s *saga) place() porting.Place {
	place := porting.Place{Region: s.port.Order.Subscriber.Address.Region}
	switch {
	case len(s.port.Order.Numbers) > 0:
		place.Number = s.port.Order.Numbers[0]
	case len(s.carrier.Numbers) > 0:
		place.Number = s.carrier.Numbers[0].Number
	case place.Region == "":
		place.Zone = "UTC"
	}
	return place
}

// move applies an event after which nobody is waited for.
func (s *saga) move(ctx workflow.Context, on porting.Event, actor, note string) error {
	s.port.Wait(porting.WaitingNobody, time.Time{}, "")
	return s.moveWaiting(ctx, on, actor, note)
}

// moveWaiting applies an event to a port that says already whom it then waits for, and shows the new state to the world.
func (s *saga) moveWaiting(ctx workflow.Context, on porting.Event, actor, note string) error {
	if err := s.port.Move(on, s.now(ctx), actor, note); err != nil {
		return temporal.NewNonRetryableApplicationError(err.Error(), porting.CodeOf(err), err)
	}
	s.port.Attention = ""
	workflow.GetLogger(ctx).Info("port moved", "port", s.port.ID, "event", on, "stage", s.port.Stage)
	return s.publish(ctx)
}

// moveAndWait applies an event and starts the clock of the stage that it leads to.
func (s *saga) moveAndWait(ctx workflow.Context, on porting.Event, actor, note string, who porting.Waiting, clock string) error {
	d, err := s.deadline(ctx, clock)
	if err != nil {
		return err
	}
	return s.moveOnClock(ctx, on, actor, note, who, d)
}

// moveOnClock applies an event and starts a clock that was computed before.
func (s *saga) moveOnClock(ctx workflow.Context, on porting.Event, actor, note string, who porting.Waiting, d porting.Deadline) error {
	s.clock = d
	s.port.Wait(who, d.At, expiry(d))
	return s.moveWaiting(ctx, on, actor, note)
}

// wait starts a clock without a move. A zero deadline stops it.
func (s *saga) wait(ctx workflow.Context, who porting.Waiting, d porting.Deadline) {
	s.clock = d
	s.port.Wait(who, d.At, expiry(d))
	s.show(ctx)
}

// expiry is what happens when a clock runs out, as a sentence for people.
func expiry(d porting.Deadline) string {
	switch d.Clock {
	case clockDecision, clockCorrection, clockPatience, clockGrace:
		return "the port expires and is rolled back"
	case clockFOC:
		return "a person is called, and the carrier gets some patience"
	case clockGuard:
		return "the port is verified and completes"
	case clockResubmit:
		return "the order is sent again by itself"
	case clockUndoRetry:
		return "the undo is tried again"
	case clockDispute:
		return "a person is called, and the port ends as disputed"
	default:
		return "a person is called"
	}
}

// record writes a line into the timeline that moves nothing.
func (s *saga) record(ctx workflow.Context, on porting.Event, actor, note string) {
	s.port.Record(on, s.now(ctx), actor, note)
	s.render(ctx)
}

// callPerson marks the port as one that needs a person, for operators to find.
func (s *saga) callPerson(ctx workflow.Context, why string) {
	s.port.Attention = why
	s.port.Record(porting.EventEscalated, s.now(ctx), "portsaga", why)
	s.show(ctx)
}

// show publishes where the story goes on whether that works or not.
func (s *saga) show(ctx workflow.Context) {
	if err := s.publish(ctx); err != nil {
		workflow.GetLogger(ctx).Error("publishing failed", "port", s.port.ID, "error", err)
	}
}

// awaitWithPatience calls a person and gives the carrier the time of a second clock.
func (s *saga) awaitWithPatience(ctx workflow.Context, clock, what string, done func(porting.CarrierStatus) bool) (bool, error) {
	d, err := s.deadline(ctx, clock)
	if err != nil {
		return false, err
	}
	s.wait(ctx, porting.WaitingCarrier, d)
	s.callPerson(ctx, what+": the carrier is late; call its people")
	return s.awaitCarrier(ctx, d, what, done)
}

// readCarrier reads the truth back. News that came before the call are answered by it.
func (s *saga) readCarrier(ctx workflow.Context) error {
	hints := s.port.CarrierHints
	status, err := s.readBack(ctx)
	if err != nil {
		return err
	}
	s.hintsRead = hints
	if status.State == porting.CarrierUnknown {
		s.record(ctx, porting.EventUnknownState, s.port.Receipt.Carrier, fmt.Sprintf("%q is not known to portsaga; kept as it is", status.Raw))
	}
	s.carrier = status
	s.render(ctx)
	return nil
}

func (s *saga) readOrder(ctx workflow.Context) (porting.CarrierStatus, error) {
	return call[porting.CarrierStatus](ctx, s, s.onLine(carrierCall), porting.StepRead, "Read the order back from "+s.port.Receipt.Carrier, s.atCarrier(ctx, ""))
}

func (s *saga) atCarrier(ctx workflow.Context, why porting.Reason) porting.CarrierInput {
	return porting.CarrierInput{Ref: s.port.Ref(), Carrier: s.port.Receipt.Carrier, Reason: why, At: s.now(ctx)}
}
