package bench

import (
	"context"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/portsaga/portsaga/porting"
)

// readHistory is a workflow's history as the server has it, sealed where it is.
func (s *stack) readHistory(ctx context.Context, id string) (*history.History, error) {
	return s.readRun(ctx, id, "")
}

func (s *stack) readRun(ctx context.Context, id, run string) (*history.History, error) {
	h := &history.History{}
	events := s.plain.GetWorkflowHistory(ctx, id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return nil, err
		}
		h.Events = append(h.Events, e)
	}
	return h, nil
}

// parentEvents is how many events the parents of orders had for each port.
func (s *stack) parentEvents(ctx context.Context, b *subject) (float64, error) {
	if len(b.parents) == 0 {
		return 0, nil
	}
	events := 0
	for _, id := range b.parents[len(b.parents)-s.options.Rounds:] {
		h, err := s.readAll(ctx, id)
		if err != nil {
			return 0, err
		}
		events += len(h.Events)
	}
	return float64(events) / float64(s.options.Rounds*s.options.Ports), nil
}

// readAll is the history of all runs of a workflow, the latest first.
func (s *stack) readAll(ctx context.Context, id string) (*history.History, error) {
	h, err := s.readRun(ctx, id, "")
	for latest := h; err == nil; h.Events = append(h.Events, latest.Events...) {
		before := latest.Events[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId()
		if before == "" {
			return h, nil
		}
		latest, err = s.readRun(ctx, id, before)
	}
	return h, err
}

// sizes are what histories take, and how long their stages were worked on.
type sizes struct {
	events, bytes []float64
	largest       int                  // bytes of the largest payload
	stages        map[string][]float64 // milliseconds of work, by stage
	order         []string             // of stages, as they were first seen
}

// study reads histories and adds them up. One that did not complete is an error, unless it stays open.
func (s *stack) study(ctx context.Context, ids []string, stays bool) (sizes, error) {
	found := sizes{stages: map[string][]float64{}}
	for _, id := range ids {
		h, err := s.readHistory(ctx, id)
		if err != nil {
			return found, err
		}
		if last := h.Events[len(h.Events)-1].GetEventType(); !stays && last != enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED {
			return found, endedBefore(id, "it was complete: "+last.String())
		}
		if err := found.add(ctx, h); err != nil {
			return found, err
		}
	}
	return found, nil
}

func (f *sizes) add(ctx context.Context, h *history.History) error {
	f.events = append(f.events, float64(len(h.Events)))
	f.bytes = append(f.bytes, float64(proto.Size(h)))
	for _, w := range workOf(h) {
		if !slices.Contains(f.order, w.stage) {
			f.order = append(f.order, w.stage)
		}
		f.stages[w.stage] = append(f.stages[w.stage], float64(w.took.Microseconds())/1000)
	}
	return proxy.VisitPayloads(ctx, h, proxy.VisitPayloadsOptions{Visitor: func(_ *proxy.VisitPayloadsContext, all []*commonpb.Payload) ([]*commonpb.Payload, error) {
		for _, p := range all {
			f.largest = max(f.largest, proto.Size(p))
		}
		return all, nil
	}})
}

// work is how long somebody worked on a stage of one port: a task of the saga or a step was scheduled or running. The rest of
// the stage was a wait for people, carriers or clocks.
type work struct {
	stage string
	took  time.Duration
}

func workOf(h *history.History) []work {
	all := []work{{stage: string(porting.Received)}}
	var last time.Time
	open := 0
	for _, e := range h.Events {
		change, says := loadChange(e.GetEventType())
		if stage := stageOf(e); stage != "" && stage != all[len(all)-1].stage {
			all = append(all, work{stage: stage})
		}
		if !says {
			continue
		}
		at := e.GetEventTime().AsTime()
		if open > 0 && at.After(last) {
			all[len(all)-1].took += at.Sub(last)
		}
		open, last = open+change, at
	}
	return all
}

// loadChange is by how many an event changes the tasks that are open. An event that says nothing of it is passed over: the
// start of a step is written when the step has ended.
func loadChange(t enums.EventType) (int, bool) {
	switch t {
	case enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		return 1, true
	case enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, enums.EVENT_TYPE_WORKFLOW_TASK_FAILED, enums.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
		enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, enums.EVENT_TYPE_ACTIVITY_TASK_FAILED, enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
		enums.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		return -1, true
	}
	return 0, false
}

// stageOf is the stage that an event shows, "" if it shows none. Search attributes are never sealed.
func stageOf(e *history.HistoryEvent) string {
	var p *commonpb.Payload
	if p = e.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes().GetIndexedFields()[porting.AttrStage]; p == nil {
		return ""
	}
	var stage string
	_ = converter.GetDefaultDataConverter().FromPayload(p, &stage) // "" where it is none
	return stage
}

// quantile of values, by nearest rank; zero where there are none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// mean of values; zero where there are none.
func mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// median of values; zero where there are none. Of two it is their mean, so that few rounds flatter nobody.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
