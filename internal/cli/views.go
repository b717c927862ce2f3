package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

// view is a list of ports that an operator opens every day.
type view struct {
	Name  string `json:"name"`
	Query string `json:"query"`
	URL   string `json:"url"`
}

func newViews(f *Factory) *cobra.Command {
	var ui string
	cmd := &cobra.Command{
		Use:   "views",
		Short: "Print links that install an operator's views in the Web UI",
		Long: "Print a link for each view that an operator needs. Opening a link once saves the view in that browser. Views with a time in\n" +
			"them are made for now: print them again tomorrow.",
		Example: "  portsaga views\n  portsaga views --ui https://temporal.example.com -o json",
		GroupID: groupPorts,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.views(cmd.Context(), ui) },
	}
	cmd.Flags().StringVar(&ui, "ui", "", "URL of the Web UI (that of a running dev, or http://localhost:8233)")
	return cmd
}

func (f *Factory) views(ctx context.Context, ui string) error {
	connection, err := f.Connect(ctx)
	if err != nil {
		return err
	}
	if ui == "" {
		ui = connection.UI()
	}
	all := operatorViews(f.Now(), connection.Clock().Business(f.Now()))
	for i := range all {
		all[i].URL = savedView(ui, connection.Options.Namespace, all[i])
	}
	return f.Print(all, func(w io.Writer) {
		for _, v := range all {
			fmt.Fprintf(w, "%s\n  %s\n", f.style(bold, v.Name), v.URL)
		}
	})
}

// operatorViews are the views of a porting desk. Ports end in real time and are due in business time.
func operatorViews(now, business time.Time) []view {
	const open = " AND ExecutionStatus = 'Running'"
	ports := "WorkflowType IN ('" + porting.WorkflowPortIn + "', '" + porting.WorkflowPortOut + "')"
	equals := func(attribute, value string) string { return ports + " AND " + attribute + " = '" + value + "'" + open }
	today := now.UTC().Truncate(24 * time.Hour)
	return []view{
		{Name: "Awaiting approval", Query: equals(porting.AttrWaitingOn, string(porting.WaitingApprover))},
		{Name: "Due within 24 h", Query: ports + " AND " + porting.AttrDueAt + " < '" + stamp(business.Add(24*time.Hour)) + "'" + open},
		{Name: "Needs attention", Query: ports + " AND " + porting.AttrNeedsAttention + " = true" + open},
		{Name: "Rolling back", Query: equals(porting.AttrStage, string(porting.RollingBack))},
		{Name: "In exception", Query: equals(porting.AttrStage, string(porting.Exception))},
		{Name: "Finished today", Query: ports + " AND CloseTime >= '" + stamp(today) + "'"},
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// savedView is the address that shows a view and saves it.
func savedView(ui, namespace string, v view) string {
	query := url.Values{"query": {v.Query}, "savedQuery": {v.Name}}
	return strings.TrimRight(ui, "/") + "/namespaces/" + url.PathEscape(namespace) + "/workflows?" + query.Encode()
}
