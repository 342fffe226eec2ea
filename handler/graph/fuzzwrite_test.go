package graph_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"mailgrant/handler/graph"
)

// FuzzMadeConsent looks for an answer to a write that passes for the consent that
// was asked for without being it.
func FuzzMadeConsent(f *testing.F) {
	for _, seed := range []string{
		consentRow(consentID), strings.ToUpper(consentRow(consentID)), consentPage("", consentRow(consentID)), "{}", "null", absent,
		strings.Replace(consentRow(consentID), mailSend, objectID, 1), strings.Replace(consentRow(consentID), `"`+consentID+`"`, "[]", 1),
	} {
		f.Add(seed)
	}
	var body atomic.Pointer[string]
	d, _ := consenting(f, func(w http.ResponseWriter, _ *http.Request) { reply(w, 201, *body.Load()) })
	client := d.client(f)
	f.Fuzz(func(t *testing.T, text string) {
		body.Store(&text)
		made, err := client.AddConsent(t.Context(), objectID, graph.GraphAppID, "Mail.Send")
		if err != nil {
			failure := wantKind(t, err, graph.Incomplete)
			if !failure.MayHaveActed || made != (graph.Consent{}) {
				t.Fatalf("%+v came with %v", made, err)
			}
			return
		}
		var row map[string]any
		if json.Unmarshal([]byte(text), &row) != nil || made.ID == "" || made.ID != row["id"] {
			t.Fatalf("%q became %+v", text, made)
		}
		if made.PrincipalID != objectID || made.ResourceID != resourceID || made.AppRoleID != mailSend {
			t.Fatalf("%q became %+v", text, made)
		}
	})
}

// FuzzDeclared holds that what comes of a registration's list is a part of it,
// each once and in normal form, or an error without a list.
func FuzzDeclared(f *testing.F) {
	for _, seed := range []string{
		"[]", "null", "{}", "[null]", "[[]]", "[" + requires(graph.GraphAppID, access(mailSend, "Role"), access(mailRead, "Scope"), access(mailSend, "role")) + "]",
		"[" + requires(ownTenant) + "," + requires(strings.ToUpper(graph.ExchangeAppID), access(imap, "Role")) + "]",
		`[{"resourceAppId":null,"resourceAccess":[{"id":1,"type":["Role"]}]}]`,
	} {
		f.Add(seed)
	}
	var required atomic.Pointer[string]
	d := serve(f, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1.0/applications") {
			reply(w, 200, `{"appId":"`+appID+`","requiredResourceAccess":`+*required.Load()+`}`)
			return
		}
		appID := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v1.0/servicePrincipals(appId='"), "')")
		reply(w, 200, strings.Replace(resourceBody, graph.GraphAppID, appID, 1))
	})
	client := d.client(f)
	f.Fuzz(func(t *testing.T, text string) {
		required.Store(&text)
		declared, err := client.DeclaredPermissions(t.Context(), appID)
		if err != nil {
			wantKind(t, err, graph.Incomplete)
			if declared != nil {
				t.Fatalf("%+v came with %v", declared, err)
			}
			return
		}
		seen := map[graph.DeclaredPermission]bool{}
		for _, each := range declared {
			if seen[each] || each.ResourceAppID != graph.GraphAppID && each.ResourceAppID != graph.ExchangeAppID {
				t.Fatalf("%+v out of %q", declared, text)
			}
			seen[each] = true
			if !strings.Contains(strings.ToLower(text), each.AppRoleID) || each.Value == "Mail.Send" && each.AppRoleID != mailSend {
				t.Fatalf("%+v out of %q", each, text)
			}
		}
	})
}
