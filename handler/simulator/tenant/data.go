package tenant

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// operation is one played call of the data plane, with the permissions of which one suffices
// (Microsoft Graph reference, permissions of each call).
type operation struct {
	method, path string
	permissions  []string
	status       int
}

var operations = []operation{
	{"GET", "messages", []string{"Mail.ReadBasic", "Mail.ReadBasic.All", "Mail.Read", "Mail.ReadWrite"}, http.StatusOK},
	{"POST", "sendMail", []string{"Mail.Send"}, http.StatusAccepted},
	{"GET", "calendar/events", []string{"Calendars.ReadBasic.All", "Calendars.Read", "Calendars.ReadWrite"}, http.StatusOK},
	{"GET", "contacts", []string{"Contacts.Read", "Contacts.ReadWrite"}, http.StatusOK},
	{"GET", "mailboxSettings", []string{"MailboxSettings.Read", "MailboxSettings.ReadWrite"}, http.StatusOK},
}

var dataPath = regexp.MustCompile(`^/v1\.0/users/([^/]+)/(.+)$`)

// serveData looks for the mailbox before it judges: an unknown one is 404 to everybody.
func (t *Tenant) serveData(c *call) answer {
	if c.request.URL.Path == ewsPath {
		return t.serveEWS(c)
	}
	parts := dataPath.FindStringSubmatch(c.request.URL.Path)
	if parts == nil {
		return unknownAnswer(c, "the path is not played")
	}
	index := slices.IndexFunc(operations, func(each operation) bool {
		return each.path == parts[2] && each.method == c.request.Method
	})
	if index < 0 {
		return unknownAnswer(c, "the path is not played")
	}
	caller, refusal := t.authenticate(c, graphName)
	if refusal != "" {
		return unauthorized(kindData, refusal)
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	target, found := t.state.dataMailbox(parts[1])
	if !found {
		return graphError(http.StatusNotFound, "ErrorInvalidUser", "The requested user '"+parts[1]+"' is invalid.", refusalID)
	}
	denied := t.dataDenied(caller, graphName, operations[index].permissions, target)
	if denied != "" {
		return graphError(http.StatusForbidden, "ErrorAccessDenied", denied, refusalID)
	}
	return operations[index].answer(c)
}

// dataMailbox finds by id or address, among recipients that have a mailbox.
func (s *state) dataMailbox(key string) (mailbox, bool) {
	for _, each := range s.mailboxes {
		names := append(each.addresses(), each.GUID, each.EntraID, each.UPN)
		if each.isMailbox() && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, key) }) {
			return each, true
		}
	}
	return mailbox{}, false
}

// dataDenied is empty when the union of both layers allows: consents by the token as it was minted
// and as the policies confine them, and role assignments by the delayed cache. The cache is asked
// every time, because asking keeps it alive.
func (t *Tenant) dataDenied(caller claims, resource string, permissions []string, target mailbox) string {
	allowedByRole, among := false, t.state.memberships()
	for _, each := range t.cachedReach(caller.ObjectID, t.clock.now()) {
		if allowed(each.permissions, permissions) && each.covers(target, among) {
			allowedByRole = true
		}
	}
	if allowedByRole {
		return ""
	}
	refusal := deniedByDefault
	policies := t.state.policiesSeen(t.clock.now())
	for _, role := range caller.Roles {
		if !slices.Contains(permissions, role) {
			continue
		}
		if !isFiltered(resource, role) || policiesAllow(policies, caller.AppID, target, among) {
			return ""
		}
		refusal = deniedByPolicy
	}
	return refusal
}

// The two texts of a refusal: Exchange tells by them which layer refused.
const (
	deniedByDefault = "Access is denied. Check credentials and try again."
	deniedByPolicy  = "Access to OData is disabled."
)

// answer carries no mail: only the status of these calls is what a proof looks at.
func (o operation) answer(c *call) answer {
	switch o.path {
	case "sendMail":
		return emptyAnswer(o.status)
	case "mailboxSettings":
		return jsonAnswer(o.status, map[string]any{"timeZone": "UTC"})
	}
	return jsonAnswer(o.status, map[string]any{
		"@odata.context": c.origin() + "/v1.0/$metadata#users/" + o.path, "value": []any{},
	})
}

// longestCall bounds Call, which has no context of its own.
const longestCall = 30 * time.Second

// Call sends one request to the tenant over the wire with this token, as an application would: path
// begins with "/v1.0/". It returns status 0 and the reason when no answer came.
func (t *Tenant) Call(method, path, token string) (int, string) {
	return t.ask(method, path, token, "")
}

func (t *Tenant) ask(method, path, token, body string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), longestCall)
	defer cancel()
	address, err := url.Parse(t.URL() + path)
	if err != nil {
		return 0, fmt.Sprintf("read the path: %v", err)
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), strings.NewReader(body))
	if err != nil {
		return 0, fmt.Sprintf("make the request: %v", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	client := &http.Client{Transport: t.Transport()}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Sprintf("call the tenant: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	answered, err := io.ReadAll(io.LimitReader(response.Body, longestBody))
	if err != nil {
		return response.StatusCode, fmt.Sprintf("read the answer: %v", err)
	}
	return response.StatusCode, string(answered)
}
