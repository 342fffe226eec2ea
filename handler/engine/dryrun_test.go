package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/simulator/powershell"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/handler/store"
)

const (
	paperDocument = "canaries: [ceo@contoso.example, cfo@contoso.example]\nprotected: [ceo@contoso.example]\nmechanisms: [rbac, accessPolicy, mailboxPermission]\nconsentBy: service\ngroups: any\n"
	paperRequest  = `{"workload": {"appId": "%s"}, "permissions": ["Mail.Send", "Mail.Read"], "duration": "P7D", "ticket": {"id": "RITM'$(1)"}, %s}`
)

// paperCase is a request, the tenant that it is sent to, and what an administrator has done
// there before.
type paperCase struct {
	body, directory string
	before          []string
}

// paperRequests are one request a mechanism and kind of scope, and from what they start.
func paperRequests() map[string]paperCase {
	hostile := strings.Replace(tenant.SampleWritingDirectory(), `"Newsletter"`, `"News' ’; $(Remove-Mailbox) `+"`"+`\n\u202e"`, 1)
	newsletter := func(rest string) string { return fmt.Sprintf(paperRequest, tenant.SampleNewsletterAppID, rest) }
	older := func(permissions string) string {
		return fmt.Sprintf(`{"workload": {"appId": "%s"}, "mechanism": "mailboxPermission", "permissions": [%s], "duration": "P7D",
 "scope": {"mailboxes": ["news@contoso.example", "hr@contoso.example"]}}`, tenant.SampleNewsletterAppID, permissions)
	}
	policy := func(group string) string {
		return fmt.Sprintf(`{"do": "addAccessPolicy", "accessPolicy": {"appId": "%s", "scope": "%s", "accessRight": "RestrictAccess"}}`, tenant.SampleNewsletterAppID, group)
	}
	given := func(mailbox, right string) string {
		return fmt.Sprintf(`{"do": "addMailboxPermission", "mailboxPermission": {"mailbox": "%s", "trustee": "%s", "right": "%s"}}`, mailbox, tenant.SampleNewsletterAppID, right)
	}
	policyID := `10000000-0000-4000-8000-000000000001\\a0000000-0000-4000-8000-000000000002:S-1-5-21-131110254-266226759-122301388-666327;2331b900-ea46-41cd-bf39-6069bd75664a`
	return map[string]paperCase{
		"adoption": {fmt.Sprintf(`{"adopt": true, "appId": "%s", "assignments": ["%s"], "duration": "P7D"}`, tenant.SampleHelpdeskAppID, tenant.SampleHelpdeskAssignment), tenant.SampleWritingDirectory(), nil},
		"adoption, policy": {fmt.Sprintf(`{"adopt": true, "appId": "%s", "policies": ["%s"], "duration": "P7D"}`, tenant.SampleNewsletterAppID, policyID), tenant.SampleWritingDirectory(), []string{
			fmt.Sprintf(`{"do": "addConsent", "workload": "%s", "resource": "graph", "permission": "Mail.Read"}`, tenant.SampleNewsletterAppID), policy(tenant.SampleSalesSouthGUID)}},
		"adoption, mailbox permissions": {fmt.Sprintf(`{"adopt": true, "appId": "%s", "mailboxPermissions": [{"mailbox": "news@contoso.example", "right": "FullAccess"}, {"mailbox": "news@contoso.example", "right": "SendAs"},
 {"mailbox": "hr@contoso.example", "right": "FullAccess"}], "permissions": ["IMAP.AccessAsApp", "SMTP.SendAsApp"], "duration": "P7D"}`, tenant.SampleNewsletterAppID), tenant.SampleWritingDirectory(), []string{
			fmt.Sprintf(`{"do": "cmdlet", "cmdlet": "New-ServicePrincipal", "parameters": {"AppId": "%s", "ObjectId": "%s", "DisplayName": "Newsletter"}}`, tenant.SampleNewsletterAppID, tenant.SampleNewsletterObjectID),
			given("news@contoso.example", "FullAccess"), given("news@contoso.example", "SendAs"), given("hr@contoso.example", "FullAccess"),
			fmt.Sprintf(`{"do": "addConsent", "workload": "%s", "resource": "exchange", "permission": "IMAP.AccessAsApp"}`, tenant.SampleNewsletterAppID),
			fmt.Sprintf(`{"do": "addConsent", "workload": "%s", "resource": "exchange", "permission": "SMTP.SendAsApp"}`, tenant.SampleNewsletterAppID)}},
		"rbac, mailboxes": {newsletter(`"scope": {"mailboxes": ["news@contoso.example", "hr@contoso.example"]}`), hostile, nil},
		"rbac, group":     {newsletter(`"scope": {"group": "sales-group@contoso.example"}`), tenant.SampleWritingDirectory(), nil},
		"rbac, unit":      {newsletter(`"scope": {"administrativeUnit": "Paris"}`), tenant.SampleWritingDirectory(), nil},
		"rbac, filter":    {newsletter(`"scope": {"filter": "CustomAttribute1 -eq 'apac'"}`), tenant.SampleWritingDirectory(), nil},
		"accessPolicy":    {newsletter(`"mechanism": "accessPolicy", "scope": {"mailboxes": ["news@contoso.example", "hr@contoso.example"]}`), hostile, nil},
		"accessPolicy, taken over": {fmt.Sprintf(`{"workload": {"appId": "%s"}, "mechanism": "accessPolicy", "permissions": ["Mail.Send"], "confineExisting": ["Mail.ReadWrite"],
 "takeOverConsents": true, "scope": {"mailboxes": ["hr@contoso.example"]}, "duration": "P7D"}`, tenant.SampleArchiveAppID), tenant.SampleWritingDirectory(), nil},
		"mailboxPermission, IMAP": {older(`"IMAP.AccessAsApp", "POP.AccessAsApp"`), hostile, nil},
		"mailboxPermission, SMTP": {older(`"SMTP.SendAsApp"`), hostile, nil},
		"mailboxPermission, both": {older(`"SMTP.SendAsApp", "IMAP.AccessAsApp"`), tenant.SampleWritingDirectory(), nil},
		"migration":               {fmt.Sprintf(`{"migrate": true, "appId": "%s", "scope": {"mailboxes": ["hr@contoso.example"]}, "duration": "P7D"}`, tenant.SampleArchiveAppID), tenant.SampleWritingDirectory(), nil},
		"migration, policies": {fmt.Sprintf(`{"migrate": true, "appId": "%s", "duration": "P7D"}`, tenant.SampleNewsletterAppID), tenant.SampleWritingDirectory(), []string{
			fmt.Sprintf(`{"do": "addConsent", "workload": "%s", "resource": "graph", "permission": "Mail.Read"}`, tenant.SampleNewsletterAppID), policy(tenant.SampleSalesSouthGUID), policy(tenant.SampleAllStaffGUID)}},
		"migration, nested": {fmt.Sprintf(`{"migrate": true, "appId": "%s", "nested": "addDirect", "duration": "P7D"}`, tenant.SampleNewsletterAppID), tenant.SampleWritingDirectory(), []string{
			fmt.Sprintf(`{"do": "addConsent", "workload": "%s", "resource": "graph", "permission": "Mail.Read"}`, tenant.SampleNewsletterAppID), policy(tenant.SampleSalesGUID)}},
	}
}

// TestPrintedIsDone: the script of a plan holds exactly the writes that the same request
// then makes, in their order, and the tests that it is proved by; the plan itself has
// changed nothing in the tenant and left no row.
func TestPrintedIsDone(t *testing.T) {
	t.Parallel()
	for name, one := range paperRequests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := opened(t, paperDocument, one.directory)
			p.administer(t, one.before)
			delivery := Delivery{Source: "ops", Key: "ticket-1", Body: []byte(strings.Replace(one.body, "{", `{"dryRun": true, `, 1))}
			made := p.rehearsed(t, delivery)
			p.noteConsents(t, made.Workload)
			script := made.PowerShell()
			calls, err := powershell.Read(script)
			if err != nil {
				t.Fatalf("%v in:\n%s", err, script)
			}
			delivery.Body = []byte(one.body)
			active, sent, asked := p.lived(t, delivery)
			if active.ID != made.ID || !slices.Equal(addresses(active.Canaries), addresses(made.Canaries)) {
				t.Errorf("planned %s with %v, made %s with %v", made.ID, made.Canaries, active.ID, active.Canaries)
			}
			if active.EffectiveBy.Before(made.EffectiveBy) || made.EffectiveBy.IsZero() {
				t.Errorf("effective by %s, planned %s", active.EffectiveBy, made.EffectiveBy)
			}
			want := words(p.asCalls(t, calls, active.Steps, writes))
			fewest := 5
			if active.Adoption != nil {
				fewest = 2 // its removal alone
			}
			if got := words(sent); !slices.Equal(got, want) || len(want) < fewest {
				t.Errorf("printed:\n%s\nsent:\n%s\nscript:\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"), script)
			}
			for _, test := range words(p.asCalls(t, calls, active.Steps, tests)) {
				if !slices.Contains(words(asked), test) {
					t.Errorf("printed and never asked: %s", test)
				}
			}
		})
	}
}

// rehearsed makes the plan, and sees that nothing is written for it.
func (p *theatre) rehearsed(t *testing.T, delivery Delivery) DryRun {
	t.Helper()
	before, changes := string(p.tenant.Dump()), p.tenant.Changes()
	p.wire.ResetRequests()
	made, err := p.Rehearse(t.Context(), delivery)
	if err != nil {
		t.Fatal(err)
	}
	if sent := p.tape.take(writes); len(sent) > 0 || len(p.tenant.Changes()) > len(changes) || string(p.tenant.Dump()) != before {
		t.Errorf("a plan wrote %v: %v", sent, p.tenant.Changes())
	}
	p.wroteNothing(t, made.ID)
	return made
}

// wroteNothing: but for the ceiling's slots, which every read takes.
func (p *theatre) wroteNothing(t *testing.T, id string) {
	t.Helper()
	for _, request := range p.wire.Requests() {
		if request.Write && !strings.HasPrefix(request.Name, "table work ") {
			t.Errorf("a plan wrote %s", request.Name)
		}
	}
	for _, partition := range []string{"pass", "sweep", "op", "document", switchPartition} {
		rows, _, err := p.Store.ListWork(t.Context(), partition, "", 10)
		if err != nil || len(rows) > 0 {
			t.Errorf("a plan wrote %d rows of %s, %v", len(rows), partition, err)
		}
	}
	_, err := p.Store.ReadClaim(t.Context(), id)
	claims, _, listed := p.Store.ListClaims(t.Context(), store.ListQuery{Limit: 10})
	if store.KindOf(err) != store.KindNotFound || len(claims) > 0 || listed != nil {
		t.Errorf("a plan left %v: %v, %v", claims, err, listed)
	}
}

// lived lives the grant to its end, and returns it as it was active, what was written to
// the tenant, and what the tenant was asked to test.
func (p *theatre) lived(t *testing.T, delivery Delivery) (View, []sentCall, []sentCall) {
	t.Helper()
	receipt, err := p.Receive(t.Context(), delivery)
	if err != nil {
		t.Fatal(err)
	}
	active := p.until(t, receipt.ID, grant.Active)
	p.noteConsents(t, active.Workload)
	every := p.tape.take(func(verb string) bool { return writes(verb) || tests(verb) })
	_, err = p.Revoke(t.Context(), receipt.ID, "alice", "over")
	if err != nil {
		t.Fatal(err)
	}
	p.until(t, receipt.ID, grant.RevokedState)
	every = append(every, p.tape.take(writes)...)
	var sent, asked []sentCall
	for _, one := range every {
		if strings.HasPrefix(one.name, "Test-") {
			asked = append(asked, one)
		} else {
			sent = append(sent, one)
		}
	}
	return active, sent, asked
}

// asCalls are the script's calls of those verbs, with the ids that what they name got.
func (p *theatre) asCalls(t *testing.T, calls []powershell.Call, steps []ShownStep, wanted func(string) bool) []sentCall {
	t.Helper()
	permissions := p.permissions(t)
	var found []sentCall
	for _, one := range calls {
		verb, _, _ := strings.Cut(one.Name, "-")
		if !wanted(verb) {
			continue
		}
		made := sentCall{name: one.Name, parameters: map[string]any{}}
		for name, value := range one.Parameters {
			if used, is := value.(powershell.Variable); is {
				value = p.idOf(returned(calls[used.Call], used.Path, permissions), steps)
			}
			if text, is := value.(string); is && name == "Identity" && verb == "Remove" {
				value = p.idOf(text, steps)
			}
			made.parameters[name] = value
		}
		made.parameters = plainly(made.parameters)
		found = append(found, made)
	}
	return found
}

// permissions are the names of the app roles that open mailboxes, by the ids of their
// resource and of the role.
func (p *theatre) permissions(t *testing.T) map[[2]string]string {
	t.Helper()
	names := map[[2]string]string{}
	for name, appID := range map[string]string{"graph/": graph.GraphAppID, "exchange/": graph.ExchangeAppID} {
		resource, err := p.Graph.FindResource(t.Context(), appID)
		if err != nil {
			t.Fatal(err)
		}
		for _, role := range resource.AppRoles {
			names[[2]string{resource.ObjectID, role.ID}] = name + role.Value
		}
	}
	return names
}

// returned is the name of what a call has found or made, when its id is asked for.
// Look-ups find by the one property that tells the object from all others.
func returned(from powershell.Call, path string, permissions map[[2]string]string) string {
	switch from.Name + " " + path {
	case "New-DistributionGroup Guid.ToString()":
		return fmt.Sprint(from.Parameters["Name"])
	case "Get-DistributionGroup Guid.ToString()", "Get-ApplicationAccessPolicy Identity":
		return from.Filters[0][1]
	case "Get-MgServicePrincipalAppRoleAssignment Id":
		return permissions[[2]string{from.Filters[0][1], from.Filters[1][1]}]
	}
	return "not found by " + from.Name + path
}

// idOf is the id that the tenant gave to what has this name; the name where it gave none.
func (p *theatre) idOf(name string, steps []ShownStep) string {
	if id := p.consentIDs[name]; id != "" {
		return id
	}
	for _, step := range steps {
		if step.Name == name && step.RemoteID != "" && step.Kind != grant.HidingStep && step.Kind != grant.MemberStep {
			return step.RemoteID
		}
	}
	return name
}

func words(calls []sentCall) []string {
	all := make([]string, len(calls))
	for i, one := range calls {
		all[i] = one.String()
	}
	return all
}

// TestPlanRefusesAsBinding: every fault that the request itself ends denied with.
func TestPlanRefusesAsBinding(t *testing.T) {
	t.Parallel()
	p := opened(t, paperDocument, tenant.SampleWritingDirectory())
	body := fmt.Sprintf(paperRequest, tenant.SampleArchiveAppID, `"scope": {"mailboxes": ["ceo@contoso.example", "partner@contoso.example", "nobody@contoso.example"]}`)
	_, err := p.Rehearse(t.Context(), Delivery{Source: "ops", Key: "k", Body: []byte(body)})
	var typed *Error
	if !errors.As(err, &typed) || typed.Kind != KindRefused {
		t.Fatalf("%v", err)
	}
	receipt, err := p.Receive(t.Context(), Delivery{Source: "ops", Key: "k", Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	denied := p.until(t, receipt.ID, grant.Denied)
	if !slices.Equal(typed.Faults, denied.Faults) || len(denied.Faults) < 4 {
		t.Errorf("planned %+v\nrefused %+v", typed.Faults, denied.Faults)
	}
	_, err = p.Rehearse(t.Context(), Delivery{Source: "ops", Key: "k", Body: []byte(body)})
	if KindOf(err) != KindKeyReused {
		t.Errorf("a key that a grant has: %v", err)
	}
}

// TestPlanOfATenantThatCannotBeAsked: no plan is made of what is not known, and the wait
// that the tenant asks for is passed on.
func TestPlanOfATenantThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]tenant.Fault{
		"throttled": {Name: "throttle", Match: "Get-Recipient", RetryAfter: "77"},
		"down":      {Name: "unavailable", Match: "graph"},
	} {
		p := opened(t, paperDocument, tenant.SampleWritingDirectory())
		err := p.tenant.Fault(fault)
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(paperRequest, tenant.SampleNewsletterAppID, `"scope": {"mailboxes": ["news@contoso.example"]}`)
		_, err = p.Rehearse(t.Context(), Delivery{Source: "ops", Key: "k", Body: []byte(body)})
		var typed *Error
		if !errors.As(err, &typed) || typed.Kind != KindTenant || name == "throttled" && typed.RetryAfter.Seconds() != 77 {
			t.Errorf("%s: %v", name, err)
		}
		p.wroteNothing(t, grant.NewID("ops", "k"))
	}
}

// TestPlanIsNeverTakenIn: a body that asks for a plan becomes no grant, whoever hands it
// to Receive.
func TestPlanIsNeverTakenIn(t *testing.T) {
	t.Parallel()
	p := opened(t, paperDocument, tenant.SampleWritingDirectory())
	body := fmt.Sprintf(paperRequest, tenant.SampleNewsletterAppID, `"dryRun": true, "scope": {"mailboxes": ["news@contoso.example"]}`)
	_, err := p.Receive(t.Context(), Delivery{Source: "ops", Key: "k", Body: []byte(body)})
	if KindOf(err) != KindInvalid {
		t.Errorf("%v", err)
	}
	p.wroteNothing(t, grant.NewID("ops", "k"))
}
