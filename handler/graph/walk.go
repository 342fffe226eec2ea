package graph

import "net/url"

// mostPages bounds a list that never ends. At the service's default of 100 rows
// a page it is far above any principal's consents; lists that grow with the
// tenant ask for pages of 999.
const mostPages = 100

// walk follows the links of one paged list.
type walk struct {
	inquiry  *inquiry
	endpoint *url.URL
	link     string
	seen     map[string]bool
	done     bool
}

func newWalk(inquiry *inquiry, endpoint *url.URL) *walk {
	return &walk{inquiry: inquiry, endpoint: endpoint, seen: map[string]bool{}}
}

// follow takes a page's link to the next one; nil ends the list. A link is
// checked before anything is sent, because the token would go where it points.
func (w *walk) follow(link *string) error {
	if link == nil {
		w.done = true
		return nil
	}
	address, err := url.Parse(*link)
	switch {
	case err != nil || address.User != nil || !sameOrigin(address, w.endpoint):
		return w.inquiry.fail(Incomplete, "the link to the next page leads away from %s: %q", w.endpoint.Host, printable(*link, 120))
	case w.seen[*link]:
		return w.inquiry.fail(Incomplete, "the link to the next page occurs twice")
	case len(w.seen)+1 >= mostPages:
		return w.inquiry.fail(Incomplete, "the list has more than %d pages", mostPages)
	}
	w.seen[*link] = true
	w.link = *link
	return nil
}
