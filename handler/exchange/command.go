package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// A read's deadline covers all its pages and waits. A write gets longer, because giving up on one
// early leaves its effect unknown; a list of the whole tenant, because it has many pages.
const (
	readDeadline  = 30 * time.Second
	listDeadline  = 2 * time.Minute
	writeDeadline = 60 * time.Second

	// pageLimit bounds a list. No list that is asked for here comes near it.
	pageLimit = 100
)

// command is one cmdlet to be run.
type command struct {
	purpose    string
	cmdlet     string
	subject    string
	parameters map[string]any
	write      bool
	// long marks a list that grows with the tenant.
	long bool
	// columns are the properties to be returned; none means all. Wide rows make large pages.
	columns []string
	// get marks what is no cmdlet and is read with GET, without a body.
	get bool
}

// result is a complete success. Its listed is false for a cmdlet without output.
type result struct {
	rows      []row
	listed    bool
	requestID string
}

func (c command) body() ([]byte, error) {
	parameters := c.parameters
	if parameters == nil {
		// null is a different request from an empty object.
		parameters = map[string]any{}
	}
	type input struct {
		CmdletName string
		Parameters map[string]any
	}
	return json.Marshal(struct{ CmdletInput input }{input{c.cmdlet, parameters}})
}

// refuse is a failure that the tenant did not state itself.
func (c command) refuse(kind Kind, format string, arguments ...any) *Error {
	return &Error{
		Operation: c.purpose + " (" + c.cmdlet + ")",
		Subject:   clean(c.subject, headerLimit),
		Kind:      kind,
		Message:   clean(fmt.Sprintf(format, arguments...), messageLimit),
	}
}

// doubt is refuse for an answer that came as a success and cannot be used as one.
func (c command) doubt(received result, kind Kind, format string, arguments ...any) *Error {
	refused := c.refuse(kind, format, arguments...)
	refused.RequestID = received.requestID
	refused.MayHaveActed = c.write
	return refused
}

// read runs a cmdlet that changes nothing and returns its whole list, following every page.
func (c *Client) read(ctx context.Context, asked command) (result, error) {
	deadline := readDeadline
	if asked.long {
		deadline = listDeadline
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	address := asked.selecting(c.address)
	patience := waitBudget
	seen := map[string]bool{}
	var whole result
	for page := 1; ; page++ {
		reply, refused := c.sendRead(ctx, asked, address, &patience)
		if refused != nil {
			return result{}, onPage(refused, page)
		}
		if page == 1 {
			whole.requestID = reply.requestID
		}
		if !reply.answer.listed || saysTruncated(reply.answer.warnings) {
			return result{}, asked.doubt(whole, Incomplete, "page %d of the answer is not a whole list", page)
		}
		whole.rows = append(whole.rows, reply.answer.rows...)
		if reply.answer.nextLink == "" {
			whole.listed = true
			return whole, nil
		}
		next, err := c.continuation(reply.answer.nextLink)
		if err != nil {
			return result{}, asked.doubt(whole, Incomplete, "follow page %d: %v", page, err)
		}
		if seen[next.String()] || page >= pageLimit {
			return result{}, asked.doubt(whole, Incomplete, "the list does not end: page %d", page)
		}
		seen[next.String()] = true
		address = next
	}
}

// selecting adds the wish for certain columns to the address. Links to further pages repeat it.
func (c command) selecting(address *url.URL) *url.URL {
	if len(c.columns) == 0 {
		return address
	}
	selected := *address
	selected.RawQuery = "$select=" + strings.Join(c.columns, ",")
	return &selected
}

// onPage keeps a failure of a continuation from being read as an answer about the object: a later
// page that "cannot be found" is a list cut short.
func onPage(refused *Error, page int) *Error {
	switch refused.Kind {
	case Throttled, Transient, Lost, Unauthorized, Forbidden:
		return refused
	}
	if page > 1 {
		refused.Kind = Incomplete
	}
	return refused
}

// continuation checks where a link leads before a token goes there.
func (c *Client) continuation(link string) (*url.URL, error) {
	next, err := c.address.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("the link to the next page cannot be parsed")
	}
	sameHost := next.Scheme == c.address.Scheme && strings.EqualFold(next.Host, c.address.Host)
	if !sameHost || next.User != nil {
		return nil, fmt.Errorf("the link to the next page leads to %s, not to %s", next.Host, c.address.Host)
	}
	return next, nil
}

// write runs a cmdlet that may change something. It is sent once, whatever happens.
func (c *Client) write(ctx context.Context, asked command) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	reply, refused := c.send(ctx, asked, c.address)
	if refused != nil {
		return result{}, refused
	}
	return result{rows: reply.answer.rows, listed: reply.answer.listed, requestID: reply.requestID}, nil
}
