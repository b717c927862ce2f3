package codec

import (
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// desk is what messages are bound to that people send from the Web UI.
const desk = "desk"

// owner is whose key seals what is bound to a workflow: a port's own key seals what its rescue knows of it, too.
func (p place) owner() string { return strings.TrimPrefix(p.bound, porting.RescueID("")) }

// scheduled is what the server appends to the ID of a workflow that a schedule starts.
const scheduled = "-2006-01-02T15:04:05Z"

// bound is what the payloads of a workflow are bound to: its ID. All runs of a schedule share one, because the schedule is
// given their input before they have IDs.
func bound(workflow string) string {
	at := len(workflow) - len(scheduled)
	if at <= 0 {
		return workflow
	}
	if _, err := time.Parse(scheduled, workflow[at:]); err != nil {
		return workflow
	}
	return workflow[:at]
}

// ours is the tenant of keys for what belongs to no customer.
const ours = "default"

// startsFor is the tenant for whom a workflow's input starts an order, or whatever else has a key of its own. No other
// payload makes a key: a message to a port that never was is refused instead.
func startsFor(input any) (tenant string, starts bool) {
	switch in := input.(type) {
	case porting.PortInput:
		return in.Order.TenantOrDefault(), true
	case porting.PortOutInput:
		return in.Request.TenantOrDefault(), true
	case porting.Bulk:
		return porting.Order{Tenant: in.Tenant}.TenantOrDefault(), true
	case porting.RescueInput, porting.ReapInput, porting.Concern:
		return ours, true
	}
	return "", false
}
