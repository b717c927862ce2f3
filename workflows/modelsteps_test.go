package workflows_test

import (
	"context"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/portsaga/portsaga/porting"
)

// What the model does when the saga asks for a step. Faults, delays and lost answers come from the fate, around these.

var (
	whileOpen      = []porting.CarrierState{porting.CarrierPending, porting.CarrierConfirmed, porting.CarrierCancelPending}
	whilePending   = []porting.CarrierState{porting.CarrierPending}
	whileConfirmed = []porting.CarrierState{porting.CarrierConfirmed}
)

func (m *model) receiveOrder(_ porting.ReceiveInput, _ reply) porting.Receipt {
	receipt := porting.Receipt{Pack: "us-wireline@2026.1", PackWhy: "wireline in the US", Jurisdiction: "US", Carrier: "simulator", Epoch: 1, Approvals: m.fate.approvals}
	if m.fate.refused {
		receipt.Refused = &porting.Refusal{Reason: porting.NumberInUse, Note: "pi-other holds +1…0123"}
	} else if m.fence == "" {
		m.fence = "open"
	}
	return receipt
}

func (m *model) screenOrder(_ porting.ScreenInput, _ reply) porting.Findings {
	found := porting.Findings{Risk: porting.RiskMedium, Notes: []string{"portable"}}
	if m.fate.blocked {
		found.Blocked = &porting.Refusal{Reason: porting.NumberNotPortable, Note: "not portable"}
	}
	return found
}

// submitPort looks the order up before it sends it, and sends nothing once the fence is closed.
func (m *model) submitPort(in porting.SubmitInput, _ reply) porting.CarrierStatus {
	if m.carrier.State != "" && m.carrier.Ref == in.Ref {
		return m.said()
	}
	if m.fence == "closed" {
		return porting.CarrierStatus{Ref: in.Ref, State: porting.CarrierNotAsked}
	}
	m.law(m.stage() == string(porting.Submitting) || m.heldIn() == string(porting.Submitting), "version %d goes out in %s", in.Ref.Version, m.stage())
	m.sent = append(m.sent, in.Order)
	a, ok := next(m, &m.fate.lsrs)
	if !ok {
		a = lsrAnswer{says: porting.CarrierPending, after: 3 * h, then: porting.CarrierConfirmed, foc: 4 * day}
	}
	m.left = min(a.left, m.fate.numbers-1)
	m.stuck = min(a.stuck, m.fate.numbers-1-m.left)
	m.carrier = porting.CarrierStatus{Ref: in.Ref, Version: m.carrier.Version}
	m.answer(a, a.says)
	return m.said()
}

func (m *model) answer(a lsrAnswer, state porting.CarrierState) {
	switch state {
	case porting.CarrierPending:
		m.carrierBecomes(state)
		if a.then != "" {
			m.later(a.after, whilePending, func() { m.answer(a, a.then) })
		}
	case porting.CarrierConfirmed:
		m.carrier.FOC = m.now().Add(a.foc)
		m.carrierBecomes(state)
		for _, t := range a.later {
			m.later(t.after, whileConfirmed, func() { m.changesItsMind(t) })
		}
	case porting.CarrierActive:
		m.carrier.FOC = m.now()
		m.carrierBecomes(state)
	default:
		m.carrierBecomes(state)
	}
}

func (m *model) changesItsMind(t turn) {
	switch t.does {
	case "slip":
		m.carrier.FOC = m.now().Add(t.then)
		m.carrierBecomes(porting.CarrierConfirmed)
	case "reject":
		m.carrierBecomes(porting.CarrierRejected)
	case "cancel":
		m.carrierBecomes(porting.CarrierCancelled)
	case "port":
		m.carrierBecomes(porting.CarrierActive)
	}
}

func (m *model) readBack(_ porting.CarrierInput, r reply) porting.CarrierStatus {
	status := m.said()
	status.State = orElse(r.state, status.State)
	return status
}

// activatePort is the gate: it wins the fence and keeps it until it knows what became of the activation.
func (m *model) activatePort(in porting.ActivateInput, _ reply) porting.Activation {
	m.law(m.stage() == string(porting.Activating), "activated in %s", m.stage())
	m.law(!m.acknowledged || m.fence != "open", "an activation reaches an open fence after an acknowledged revocation")
	m.law(len(approvers(in)) >= max(1, m.fate.approvals), "activated with the approvals of %v", approvers(in))
	m.law(m.moved || !m.now().Before(in.FOC.Add(m.fate.window)), "activated before the window opens")
	if m.fence == "closed" {
		return m.fenced()
	}
	fresh := m.fence == "open"
	m.fence = "activating"
	status := m.said()
	if status.State == porting.CarrierConfirmed {
		switch {
		case m.revoked && fresh:
			m.giveBack()
			return m.fenced()
		case m.revoked:
			m.carrierBecomes(porting.CarrierCancelled)
		case m.now().Before(m.carrier.FOC) && fresh:
			m.giveBack()
			return porting.Activation{Status: status, Refused: &porting.Refusal{Reason: porting.DueDateInvalid, Note: "the FOC date is not reached"}}
		case m.now().Before(m.carrier.FOC):
			return porting.Activation{Status: status}
		default:
			if no := m.activate(); no != nil {
				m.giveBack()
				return porting.Activation{Refused: no}
			}
		}
	}
	return m.activated()
}

// activate is the carrier's part.
func (m *model) activate() *porting.Refusal {
	switch t, ok := next(m, &m.fate.activations); {
	case !ok, t.does == "activate":
		m.carrierBecomes(porting.CarrierActive)
	case t.does == "reject":
		m.carrierBecomes(porting.CarrierRejected)
	case t.does == "refuse":
		return &porting.Refusal{Reason: porting.NetworkNotReady, Note: "not ready"}
	default:
		m.carrierBecomes(porting.CarrierPending)
		ends := map[string]porting.CarrierState{"activate": porting.CarrierActive, "take back": porting.CarrierConfirmed, "reject": porting.CarrierRejected}
		m.onItsWay = true
		m.later(t.after, whilePending, func() { m.onItsWay = false; m.carrierBecomes(ends[t.and]) })
	}
	return nil
}

// activated tells the ledger what became of the activation, once that is known.
func (m *model) activated() porting.Activation {
	status := m.said()
	switch status.State {
	case porting.CarrierActive:
		m.fence = "active"
	case porting.CarrierCancelled, porting.CarrierRejected, porting.CarrierRefused:
		if m.giveBack(); m.revoked {
			return m.fenced()
		}
		return porting.Activation{Status: status, Refused: &porting.Refusal{Reason: porting.DueDateInvalid, Note: "the carrier has the order as " + string(status.State)}}
	}
	return porting.Activation{Status: status}
}

func (m *model) fenced() porting.Activation {
	return porting.Activation{Status: m.said(), Fenced: true, Refused: &porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "the fence is closed"}}
}

// approvers are the persons who approved exactly the version that is activated, and nobody if one rejected it.
func approvers(in porting.ActivateInput) []string {
	persons := map[string]bool{}
	for _, d := range in.Decisions {
		if d.OrderVersion != in.Ref.Version || d.By == in.Submitter {
			continue
		}
		if d.Decision != porting.Approve {
			return nil
		}
		persons[d.By] = true
	}
	return sortedKeys(persons)
}

func (m *model) cancelPort(in porting.CarrierInput, _ reply) porting.CarrierStatus {
	m.law(m.stage() == string(porting.RollingBack), "cancelled in %s", m.stage())
	m.law(m.asked(porting.StepSubmit), "an order that was never sent is cancelled")
	m.law(!m.onItsWay || m.fate.broken, "cancelled while the activation is on its way")
	switch m.carrier.State {
	case "", porting.CarrierRefused, porting.CarrierCancelled, porting.CarrierCancelPending, porting.CarrierActive, porting.CarrierReversing, porting.CarrierReversed:
		return m.said()
	}
	m.cancelling = true
	t, ok := next(m, &m.fate.cancels)
	if !ok || t.does == "cancel" || m.carrier.State == porting.CarrierRejected {
		m.carrierBecomes(porting.CarrierCancelled)
		return m.said()
	}
	before := m.carrier.State
	m.later(t.after, whileOpen, func() { m.endsCancel(t, before) })
	if t.does == "lock" {
		status := m.said()
		status.State = porting.CarrierLocked
		return status
	}
	m.carrierBecomes(porting.CarrierCancelPending)
	return m.said()
}

func (m *model) endsCancel(t turn, before porting.CarrierState) {
	switch t.and {
	case "cancel":
		m.carrierBecomes(porting.CarrierCancelled)
	case "port":
		m.carrierBecomes(porting.CarrierActive)
	case "ignore":
		if !m.settled {
			m.carrierBecomes(before)
		}
	}
}

func (m *model) reversePort(_ porting.CarrierInput, _ reply) porting.CarrierStatus {
	m.law(m.stage() == string(porting.RollingBack), "reversed in %s", m.stage())
	m.law(m.moved, "numbers that never moved are ported back")
	if m.carrier.State != porting.CarrierActive {
		return m.said()
	}
	t, ok := next(m, &m.fate.reversals)
	switch {
	case !ok || t.does == "reverse":
		m.carrierBecomes(porting.CarrierReversed)
	case t.does == "refuse":
		status := m.said()
		status.State = porting.CarrierRefused
		return status
	default:
		m.carrierBecomes(porting.CarrierReversing)
		if t.does == "late" {
			m.later(t.after, []porting.CarrierState{porting.CarrierReversing}, func() { m.carrierBecomes(porting.CarrierReversed) })
		}
	}
	return m.said()
}

// closeFenceSoon closes the fence a moment later. It is the only step that runs beside others; so the same fate always ends
// the same way.
func (m *model) closeFenceSoon(ctx context.Context, _ porting.FenceInput) (nothing porting.FenceClosed, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.nextReply(porting.StepCloseFence)
	m.steps = append(m.steps, porting.StepCloseFence)
	if r.err != nil {
		return nothing, r.err
	}
	token := activity.GetInfo(ctx).TaskToken
	m.play([]beat{at(r.late+time.Second, func(*world) {
		m.mu.Lock()
		closed := m.closeFence()
		m.mu.Unlock()
		if r.lost != nil {
			m.complete(token, nil, timedOut.err)
			return
		}
		m.complete(token, closed, nil)
	})})
	return nothing, activity.ErrResultPending
}

func (m *model) closeFence() porting.FenceClosed {
	m.revoked = true
	if m.fence == "" || m.fence == "open" {
		m.fence = "closed"
	}
	m.acknowledged = m.acknowledged || m.fence == "closed"
	return porting.FenceClosed{TooLate: m.fence != "closed"}
}

func (m *model) verifyPort(_ porting.VerifyInput, _ reply) porting.Verification {
	status := m.said()
	if status.State != porting.CarrierActive || m.revoked && !m.verified {
		return porting.Verification{Status: status, Revoked: m.revoked && status.State == porting.CarrierActive}
	}
	m.fence, m.verified = "closed", true
	return porting.Verification{Status: status, Closed: true}
}

func (m *model) closePort(in porting.CloseInput, _ reply) bool {
	m.law(m.closedAs == "" || m.closedAs == in.Outcome, "closed as %s and as %s", m.closedAs, in.Outcome)
	m.fence, m.closedAs = "closed", in.Outcome
	return true
}

// asked reports whether a step was asked, whatever became of it.
func (m *model) asked(step string) bool {
	for _, s := range m.steps {
		if strings.HasPrefix(s, step) {
			return true
		}
	}
	return false
}
