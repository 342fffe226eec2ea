package grant_test

import (
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

// FuzzParseRequest: whatever is sent, a request without faults says whom, what,
// where and until when, and nothing in it can break a line.
func FuzzParseRequest(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		request, faults, err := grant.ParseRequest(body, received())
		for _, fault := range faults {
			if fault.Pointer != "" && !strings.HasPrefix(fault.Pointer, "/") || fault.Reason == "" || fault.Detail == "" {
				t.Errorf("%q has the fault %+v", body, fault)
			}
		}
		if err != nil || len(faults) > 0 {
			return
		}
		if (request.AppID == "") == (request.ObjectID == "") || !grant.IsGUID(request.AppID+request.ObjectID) {
			t.Errorf("%q names the workload %q and %q", body, request.AppID, request.ObjectID)
		}
		if len(request.Permissions) == 0 || len(request.Scope.Mailboxes) == 0 && !request.Scope.Counted() {
			t.Errorf("%q has %d permissions and %d mailboxes", body, len(request.Permissions), len(request.Scope.Mailboxes))
		}
		if !request.ExpiresAt.After(request.StartsAt) || !request.ExpiresAt.After(received()) {
			t.Errorf("%q is from %s to %s", body, request.StartsAt, request.ExpiresAt)
		}
		texts := append(append(append([]string{request.Requester, request.Owner, request.Justification,
			request.Ticket.System, request.Ticket.ID, request.Ticket.URL}, request.Permissions...), append(request.Scope.Mailboxes, request.Scope.Group, request.Scope.AdministrativeUnit, request.Scope.Filter)...), request.Canaries...)
		for _, text := range texts {
			if strings.ContainsAny(text, "\r\n\x00\u2028") {
				t.Errorf("%q lets %q in", body, text)
			}
		}
	})
}

// FuzzParseDuration: a duration that is read is longer than zero, at most a
// century, in whole seconds, and follows from its text alone.
func FuzzParseDuration(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		length, err := grant.ParseDuration(text)
		if err != nil {
			return
		}
		if length <= 0 || length > 36500*24*time.Hour || length%time.Second != 0 {
			t.Errorf("%q is %s", text, length)
		}
		if !strings.HasPrefix(text, "P") || strings.ContainsAny(text, " -.Y") {
			t.Errorf("%q was read", text)
		}
	})
}
