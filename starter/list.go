package starter

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/portsaga/portsaga/porting"
)

// Filter selects ports. Empty fields select all.
type Filter struct {
	Stage          porting.Stage
	Tenant         string
	Jurisdiction   string
	Carrier        string
	WaitingOn      porting.Waiting
	Order          string // ID of a bulk order
	NumberToken    string // keyed token of a number; see the vault
	NeedsAttention bool
	OpenOnly       bool
	Query          string // further Temporal list filter
	Limit          int    // 100 when zero
}

// Summary is a port in a list.
type Summary struct {
	ID             string          `json:"id"`
	Direction      string          `json:"direction"`
	Stage          porting.Stage   `json:"stage"`
	State          string          `json:"state"` // open, closed, failed, cancelled, terminated, timed-out; how it ended is in its status
	WaitingOn      porting.Waiting `json:"waiting_on"`
	DueAt          *time.Time      `json:"due_at"`
	FOCAt          *time.Time      `json:"foc_at"`
	Jurisdiction   string          `json:"jurisdiction"`
	Carrier        string          `json:"carrier"`
	Tenant         string          `json:"tenant"`
	Risk           porting.Risk    `json:"risk"`
	NeedsAttention bool            `json:"needs_attention"`
	Numbers        int             `json:"number_count"`
	StartedAt      time.Time       `json:"started_at"`
}

// List returns ports, newest first as the server gives them. Visibility lags a moment behind: never decide on it.
func (c *Client) List(ctx context.Context, f Filter) ([]Summary, error) {
	limit := f.Limit
	if limit == 0 {
		limit = 100
	}
	ports := []Summary{}
	var page []byte
	for len(ports) < limit {
		answer, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: f.query(), PageSize: int32(min(limit-len(ports), 1000)), NextPageToken: page, //nolint:gosec // at most 1000
		})
		if err != nil {
			return nil, explain("list ports", "", err)
		}
		for _, e := range answer.Executions {
			ports = append(ports, summaryOf(e))
		}
		if page = answer.NextPageToken; len(page) == 0 {
			break
		}
	}
	return ports, nil
}

func (f Filter) query() string {
	terms := []string{fmt.Sprintf("WorkflowType IN ('%s', '%s')", porting.WorkflowPortIn, porting.WorkflowPortOut)}
	equals := func(attribute, value string) {
		if value != "" {
			terms = append(terms, fmt.Sprintf("%s = '%s'", attribute, strings.ReplaceAll(value, "'", "''")))
		}
	}
	equals(porting.AttrStage, string(f.Stage))
	equals(porting.AttrTenant, f.Tenant)
	equals(porting.AttrJurisdiction, f.Jurisdiction)
	equals(porting.AttrCarrier, f.Carrier)
	equals(porting.AttrWaitingOn, string(f.WaitingOn))
	equals(porting.AttrOrder, f.Order)
	equals(porting.AttrNumbers, f.NumberToken)
	if f.NeedsAttention {
		terms = append(terms, porting.AttrNeedsAttention+" = true")
	}
	if f.OpenOnly {
		terms = append(terms, "ExecutionStatus = 'Running'")
	}
	if f.Query != "" {
		terms = append(terms, "("+f.Query+")")
	}
	return strings.Join(terms, " AND ")
}

var states = map[enums.WorkflowExecutionStatus]string{
	enums.WORKFLOW_EXECUTION_STATUS_RUNNING:    "open",
	enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:  "closed",
	enums.WORKFLOW_EXECUTION_STATUS_FAILED:     "failed",
	enums.WORKFLOW_EXECUTION_STATUS_CANCELED:   "cancelled",
	enums.WORKFLOW_EXECUTION_STATUS_TERMINATED: "terminated",
	enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:  "timed-out",
}

func summaryOf(e *workflow.WorkflowExecutionInfo) Summary {
	read := func(name string, into any) {
		if p, ok := e.GetSearchAttributes().GetIndexedFields()[name]; ok {
			// An attribute of another type than ours stays empty in the list.
			_ = converter.GetDefaultDataConverter().FromPayload(p, into)
		}
	}
	s := Summary{ID: e.GetExecution().GetWorkflowId(), State: states[e.GetStatus()], StartedAt: e.GetStartTime().AsTime()}
	read(porting.AttrDirection, &s.Direction)
	read(porting.AttrStage, &s.Stage)
	read(porting.AttrWaitingOn, &s.WaitingOn)
	read(porting.AttrDueAt, &s.DueAt)
	read(porting.AttrFOCAt, &s.FOCAt)
	read(porting.AttrJurisdiction, &s.Jurisdiction)
	read(porting.AttrCarrier, &s.Carrier)
	read(porting.AttrTenant, &s.Tenant)
	read(porting.AttrRisk, &s.Risk)
	read(porting.AttrNeedsAttention, &s.NeedsAttention)
	read(porting.AttrNumberCount, &s.Numbers)
	return s
}
