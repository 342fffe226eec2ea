package tenant

import (
	"strconv"
	"strings"
	"time"
)

const (
	pageOption = "$skiptoken"
	// pageLife is the expiry that Exchange's own error text names.
	pageLife = 30 * time.Minute
	// usualPage is the page size of both interfaces when nothing asks for less.
	usualPage = 1000
)

// pages is the rest of a list that was answered in part. It is a snapshot: what changes meanwhile
// does not show.
type pages struct {
	rows    []any
	size    int
	expires time.Time
	// body has to come again with a continuation on Exchange.
	body string
	// context is the annotation that the first page carried.
	context string
}

// firstPage cuts a list and keeps its rest; the link is empty when nothing is left. It needs the lock.
func (t *Tenant) firstPage(c *call, whole pages) ([]any, string) {
	whole.body = string(c.body)
	whole.expires = t.clock.now().Add(pageLife)
	if c.conditions.pageSize > 0 && c.conditions.pageSize < whole.size {
		whole.size = c.conditions.pageSize
	}
	if c.conditions.empty {
		whole.rows = nil
	}
	return t.cutPage(c, whole)
}

// cutPage leaves the earlier page in place, so that a continuation can be asked for twice.
func (t *Tenant) cutPage(c *call, whole pages) ([]any, string) {
	if len(whole.rows) <= whole.size {
		return append([]any{}, whole.rows...), ""
	}
	page := append([]any{}, whole.rows[:whole.size]...)
	whole.rows = whole.rows[whole.size:]
	t.dropExpiredPages()
	token := inventedGUID("page", t.identityHeader, strconv.Itoa(t.turn("page", 1<<30)))
	t.pages[token] = whole
	values := c.queryValues()
	values.Set(pageOption, token)
	return page, c.origin() + c.request.URL.EscapedPath() + "?" + values.Encode()
}

// nextPage answers a continuation; false when it has expired, or does not belong to this call.
func (t *Tenant) nextPage(c *call) (pages, []any, string, bool) {
	whole, found := t.pages[c.query(pageOption)]
	if !found || c.conditions.endPages || whole.expires.Before(t.clock.now()) || whole.body != string(c.body) {
		return pages{}, nil, "", false
	}
	page, link := t.cutPage(c, whole)
	return whole, page, link, true
}

// dropExpiredPages keeps a long run from growing; it costs nothing where few lists are cut.
func (t *Tenant) dropExpiredPages() {
	now := t.clock.now()
	for token, whole := range t.pages {
		if whole.expires.Before(now) {
			delete(t.pages, token)
		}
	}
}

// preferredPageSize reads "odata.maxpagesize" from the Prefer header; 0 when absent.
func preferredPageSize(prefer string) int {
	for part := range strings.SplitSeq(prefer, ",") {
		size, is := strings.CutPrefix(strings.TrimSpace(part), "odata.maxpagesize=")
		if !is {
			continue
		}
		wanted, err := strconv.Atoi(size)
		if err == nil && wanted > 0 {
			return wanted
		}
	}
	return 0
}
