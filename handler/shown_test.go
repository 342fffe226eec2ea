package main

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/engine"
	"mailgrant/handler/grant"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestWhatIsShownIsDeclared compares the members of what the engine returns with
// the contract's, both ways.
func TestWhatIsShownIsDeclared(t *testing.T) {
	t.Parallel()
	document := loadContract(t)
	for name, value := range map[string]any{
		"Grant": engine.View{}, "Step": engine.ShownStep{}, "Evidence": grant.Evidence{}, "Condition": grant.Condition{},
		"Workload": grant.Workload{}, "Mailbox": grant.Mailbox{}, "Ticket": grant.Ticket{}, "Fault": grant.Fault{},
		"Summary": engine.Summary{}, "Page": engine.Page{}, "History": engine.HistoryPage{}, "Entry": grant.Entry{},
		"Operation": engine.Operation{}, "Finding": engine.Finding{}, "Health": healthAnswer{}, "Problem": problem{}, "Taken": taken{},
		"AccessAnswer": engine.AccessAnswer{}, "ShownFinding": engine.ShownFinding{}, "Path": engine.ShownPath{}, "TenantTests": engine.TenantTests{},
		"ShownRole": engine.ShownRole{}, "ShownPolicyTest": engine.ShownPolicyTest{}, "Reachers": engine.ReachersPage{}, "ShownReacher": engine.ShownReacher{},
		"ExposurePage": engine.ExposurePage{}, "ExposureCounts": engine.ExposureCounts{}, "Coverage": engine.Coverage{},
		"ExposedWorkload": engine.ExposedWorkload{}, "Remedy": engine.ShownRemedy{},
		"Diagnosis": engine.Diagnosis{}, "Symptom": engine.Symptom{},
		"ProbePlan": engine.ProbePlan{}, "ProbeCall": engine.ProbeCall{}, "Untried": engine.Untried{}, "ProbeOutcome": engine.ProbeOutcome{},
	} {
		var declared []string
		for member := range document.Components.Schemas[name].Value.Properties {
			declared = append(declared, member)
		}
		shown := members(reflect.TypeOf(value))
		// The service's own bookkeeping is emptied before a grant is shown.
		shown = slices.DeleteFunc(shown, func(member string) bool { return name == "Grant" && member == "work" })
		slices.Sort(declared)
		slices.Sort(shown)
		if !slices.Equal(declared, shown) {
			t.Errorf("%s:\ndeclared %v\nshown    %v", name, declared, shown)
		}
	}
}

// members lists the JSON names of a struct, embedded ones included.
func members(shape reflect.Type) []string {
	var names []string
	for i := range shape.NumField() {
		field := shape.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			names = append(names, members(field.Type)...)
		case name != "" && field.IsExported():
			names = append(names, name)
		}
	}
	return names
}

// TestEmptyGrantIsShownWithLists: callers are promised arrays, also while there is
// nothing in them.
func TestEmptyGrantIsShownWithLists(t *testing.T) {
	t.Parallel()
	view := shown(engine.View{Grant: grant.Grant{ID: strings.Repeat("a", 20), State: grant.Received, Mechanism: grant.RBAC}})
	text, err := json.Marshal(view)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	err = json.Unmarshal(text, &value)
	if err == nil {
		err = loadContract(t).Components.Schemas["Grant"].Value.VisitJSON(value, openapi3.EnableJSONSchema2020())
	}
	if err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

// TestStatesAreDeclared holds the contract's states against the life's.
func TestStatesAreDeclared(t *testing.T) {
	t.Parallel()
	var declared, known []string
	for _, state := range loadContract(t).Components.Schemas["State"].Value.Enum {
		declared = append(declared, state.(string))
	}
	for _, state := range grant.States() {
		known = append(known, string(state))
	}
	if !slices.Equal(declared, known) {
		t.Errorf("declared %v, known %v", declared, known)
	}
}

// TestTakenInThoughItCannotBeShown: the storage takes the row and cannot give it back;
// the caller is still told where to look, because what was stored stays stored.
func TestTakenInThoughItCannotBeShown(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": emptyStorage(t), "MAILGRANT_CONFIG": goodDocument(t)})
	got := server.call(t, http.MethodPost, "/api/requests/ops", validRequest,
		http.Header{"Idempotency-Key": {"k"}, "Prefer": {"wait=200"}, "Content-Type": {"application/json"}})
	id := grant.NewID("ops", "k")
	if got.status != http.StatusAccepted || got.header.Get("Location") != "/api/grants/"+id || got.header.Get("Retry-After") == "" ||
		got.header.Get("Preference-Applied") != "wait=90" || !strings.Contains(got.body, id) {
		t.Errorf("got %s", got)
	}
}
