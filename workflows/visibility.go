package workflows

import (
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// The search attributes by which operators find ports.
var (
	keyDirection      = temporal.NewSearchAttributeKeyKeyword(porting.AttrDirection)
	keyStage          = temporal.NewSearchAttributeKeyKeyword(porting.AttrStage)
	keyWaitingOn      = temporal.NewSearchAttributeKeyKeyword(porting.AttrWaitingOn)
	keyJurisdiction   = temporal.NewSearchAttributeKeyKeyword(porting.AttrJurisdiction)
	keyCarrier        = temporal.NewSearchAttributeKeyKeyword(porting.AttrCarrier)
	keyTenant         = temporal.NewSearchAttributeKeyKeyword(porting.AttrTenant)
	keyRisk           = temporal.NewSearchAttributeKeyKeyword(porting.AttrRisk)
	keyOrder          = temporal.NewSearchAttributeKeyKeyword(porting.AttrOrder)
	keyNumbers        = temporal.NewSearchAttributeKeyKeywordList(porting.AttrNumbers)
	keyDueAt          = temporal.NewSearchAttributeKeyTime(porting.AttrDueAt)
	keyFOCAt          = temporal.NewSearchAttributeKeyTime(porting.AttrFOCAt)
	keyNeedsAttention = temporal.NewSearchAttributeKeyBool(porting.AttrNeedsAttention)
	keyNumberCount    = temporal.NewSearchAttributeKeyInt64(porting.AttrNumberCount)
)

// SearchAttributes lists the attributes that a namespace must know, with their types.
func SearchAttributes() map[string]enums.IndexedValueType {
	types := map[string]enums.IndexedValueType{}
	for _, key := range []temporal.SearchAttributeKey{
		keyDirection, keyStage, keyWaitingOn, keyJurisdiction, keyCarrier, keyTenant,
		keyRisk, keyOrder, keyNumbers, keyDueAt, keyFOCAt, keyNeedsAttention, keyNumberCount,
	} {
		types[key.GetName()] = key.GetValueType()
	}
	return types
}

// attributes are a port's search attributes at one moment.
type attributes struct {
	keywords  [8]string
	numbers   []string
	dueAt     time.Time
	focAt     time.Time
	attention bool
	count     int64
}

var keywordKeys = [8]temporal.SearchAttributeKeyKeyword{keyDirection, keyStage, keyWaitingOn, keyJurisdiction, keyCarrier, keyTenant, keyRisk, keyOrder}

func attributesOf(p *porting.Port) attributes {
	return attributes{
		keywords: [8]string{
			string(p.Direction), string(p.Stage), string(p.WaitingOn), p.Receipt.Jurisdiction, p.Receipt.Carrier,
			p.Order.TenantOrDefault(), string(p.Risk), p.Bulk,
		},
		numbers:   p.Receipt.Tokens,
		dueAt:     p.DueAt,
		focAt:     p.FOCAt,
		attention: p.Attention != "",
		count:     int64(len(p.Numbers)),
	}
}

// changes are the updates that lead from was to now.
func (now attributes) changes(was attributes) []temporal.SearchAttributeUpdate {
	var updates []temporal.SearchAttributeUpdate
	for i, key := range keywordKeys {
		if now.keywords[i] != was.keywords[i] {
			updates = append(updates, key.ValueSet(now.keywords[i]))
		}
	}
	if !slices.Equal(now.numbers, was.numbers) {
		updates = append(updates, keyNumbers.ValueSet(now.numbers))
	}
	updates = append(updates, timeChange(keyDueAt, was.dueAt, now.dueAt)...)
	updates = append(updates, timeChange(keyFOCAt, was.focAt, now.focAt)...)
	if now.attention != was.attention {
		updates = append(updates, keyNeedsAttention.ValueSet(now.attention))
	}
	if now.count != was.count {
		updates = append(updates, keyNumberCount.ValueSet(now.count))
	}
	return updates
}

func timeChange(key temporal.SearchAttributeKeyTime, was, now time.Time) []temporal.SearchAttributeUpdate {
	switch {
	case now.Equal(was):
		return nil
	case now.IsZero():
		return []temporal.SearchAttributeUpdate{key.ValueUnset()}
	default:
		return []temporal.SearchAttributeUpdate{key.ValueSet(now.UTC())}
	}
}

// publish shows the port to operators: one upsert of what changed, one rendering of the details page.
func (s *saga) publish(ctx workflow.Context) error {
	s.port.Messaging = s.carrier.Messaging
	s.render(ctx)
	s.report(ctx)
	now := attributesOf(s.port)
	updates := now.changes(s.published)
	if len(updates) == 0 {
		return nil
	}
	s.published = now
	return workflow.UpsertTypedSearchAttributes(ctx, updates...)
}

// render writes the details page. It costs no history.
func (s *saga) render(ctx workflow.Context) {
	s.port.Task = s.carrier.Task
	workflow.SetCurrentDetails(ctx, details(s.port))
}

// report tells the bulk order that the port belongs to what matters to it. A parent that is gone is not missed.
func (s *saga) report(ctx workflow.Context) {
	p := s.port
	now := porting.Progress{Port: p.ID, Stage: p.Stage, Version: p.Order.Version, Outcome: p.Outcome, Attention: p.Attention != "", Moved: p.Moved()}
	if p.Bulk == "" || now == s.reported || !tellsParent(s.reported, now) {
		return
	}
	s.reported = now
	now.Step = len(p.Timeline) // two reports may overtake each other
	s.reporting = workflow.SignalExternalWorkflow(ctx, p.Bulk, "", porting.MsgProgress, now)
}

// tellsParent reports whether news are worth a message: the stages that a bulk order counts, attention, and the end.
func tellsParent(was, now porting.Progress) bool {
	if now.Outcome != "" || now.Attention != was.Attention {
		return true
	}
	switch now.Stage {
	case porting.Verifying, porting.Submitted, porting.Exception, porting.Active:
		return now.Stage != was.Stage || now.Version != was.Version
	}
	return false
}
