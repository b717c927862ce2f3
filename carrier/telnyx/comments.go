package telnyx

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/portsaga/portsaga/carrier"
)

// Comment is one line of the talk with Telnyx's people about an order. Its body may hold personal data.
type Comment struct {
	Body string    `json:"body"`
	From string    `json:"user_type"` // admin, user or system
	At   time.Time `json:"created_at"`
}

type commentRequest struct {
	Body string `json:"body"`
}

const opComment = "comment on order"

// Comments are those of all parts of an order, oldest first.
func (c *Client) Comments(ctx context.Context, ref carrier.Ref) ([]Comment, error) {
	g, err := c.group(ctx, opComment, ref)
	if err != nil {
		return nil, err
	}
	var all []Comment
	for _, o := range g {
		said, err := list[Comment](ctx, c, aboutOrder(opComment, ref, o.ID, http.MethodGet, "/comments"))
		if err != nil {
			return nil, err
		}
		all = append(all, said...)
	}
	slices.SortStableFunc(all, func(a, b Comment) int { return a.At.Compare(b.At) })
	return all, nil
}

// Comment tells Telnyx's people something about every part of an order. The same words are said once.
func (c *Client) Comment(ctx context.Context, ref carrier.Ref, body string) error {
	g, err := c.group(ctx, opComment, ref)
	if err != nil {
		return err
	}
	for _, o := range g {
		if err := c.comment(ctx, o.ID, ref, body); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) comment(ctx context.Context, order string, ref carrier.Ref, body string) error {
	q := aboutOrder(opComment, ref, order, http.MethodGet, "/comments")
	return c.sayOnce(ctx, q, body)
}

// sayOnce adds a comment to a list of them, unless it is there.
func (c *Client) sayOnce(ctx context.Context, q call, body string) error {
	said, err := list[Comment](ctx, c, q)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(said, func(s Comment) bool { return s.Body == body }) {
		return nil
	}
	q.method, q.query, q.body = http.MethodPost, nil, commentRequest{body}
	return c.do(ctx, q, &Comment{})
}
