package exchange

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListCmdlets(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(http.StatusOK, `{"value":[{"exportedCmdlets":"Get-Mailbox, New-ManagementScope,Get-Mailbox,"}]}`, "Date", "Tue, 01 Dec 2026 08:00:00 GMT"))
	allowed, err := played.client.ListCmdlets(t.Context())
	if err != nil || !slices.Equal(allowed.Cmdlets, []string{"Get-Mailbox", "New-ManagementScope"}) ||
		!allowed.At.Equal(time.Date(2026, time.December, 1, 8, 0, 0, 0, time.UTC)) || allowed.RequestID != "tenant-request-7" {
		t.Errorf("got %+v, %v", allowed, err)
	}
	asked := played.requests()[0]
	if asked.path != "/adminapi/v1.0/"+testTenant+"/EXOModuleFile?Version=3.9.2" || asked.header.Get("CommandName") != "*" || len(asked.body) > 0 {
		t.Errorf("asked %+v", asked)
	}
}

func TestListCmdletsIsAnErrorOrAList(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		says http.HandlerFunc
		kind Kind
	}{
		{"no app role", says(http.StatusUnauthorized, ""), Unauthorized},
		{"no role", says(http.StatusForbidden, ""), Forbidden},
		{"no file", says(http.StatusOK, `{"value":[]}`), Incomplete},
		{"no list", says(http.StatusOK, `{}`), Incomplete},
		{"no JSON", says(http.StatusOK, `<html>`), Incomplete},
		{"nothing allowed", says(http.StatusOK, `{"value":[{"exportedCmdlets":""}]}`), ""},
	} {
		allowed, err := newWire(t, test.says).client.ListCmdlets(t.Context())
		if KindOf(err) != test.kind || len(allowed.Cmdlets) > 0 {
			t.Errorf("%s: got %+v, %v", test.name, allowed, err)
		}
	}
}

func TestListDelegatedRoles(t *testing.T) {
	t.Parallel()
	assignment := func(name, role, delegation, enabled string) string {
		return `{"Name":"` + name + `","Role":"` + role + `","RoleAssigneeName":"mailgrant service","RoleAssignmentDelegationType":"` + delegation + `","Enabled":` + enabled + `}`
	}
	played := newWire(t, says(http.StatusOK, rows(assignment("1", "Application Mail.Send", "DelegatingOrgWide", "true"),
		assignment("2", "Application Mail.Send", "Delegating", "true"), assignment("3", "Application Mail.Read", "Regular", "true"),
		assignment("4", "Application EWS.AccessAsApp", "DelegatingOrgWide", "false"))))
	roles, err := played.client.ListDelegatedRoles(t.Context(), testObjectID)
	if err != nil || !slices.Equal(roles, []string{"Application Mail.Send"}) {
		t.Errorf("got %v, %v", roles, err)
	}
	asked := played.requests()[0].parameters
	if asked["RoleAssignee"] != testObjectID || asked["Delegating"] != true {
		t.Errorf("asked %v", asked)
	}
	_, err = played.client.ListDelegatedRoles(t.Context(), "mailgrant")
	if KindOf(err) != BadParameter {
		t.Errorf("got %v", err)
	}
}

// TestTokenIsReadAndNeverShown: its claims come out, its text never does.
func TestTokenIsReadAndNeverShown(t *testing.T) {
	t.Parallel()
	token, err := newWire(t, drops).client.Token(t.Context())
	if err != nil || token.ObjectID != "" || token.Roles != nil {
		t.Errorf("got %+v, %v", token, err)
	}
	client, err := New(Options{Tenant: testTenant, Credential: staticCredential{failure: http.ErrServerClosed}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Token(t.Context())
	if KindOf(err) != Unauthorized || strings.Contains(err.Error(), "eyJ") {
		t.Errorf("got %v", err)
	}
}
