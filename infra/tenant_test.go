package infra_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// graphRule holds the optional file for the tenant: its extension is the one that is
// configured, and it gives the rights that the code says it needs, those that write
// only on demand.
func graphRule(m *model) []broken {
	const file = "infra/graph.bicep"
	found := []broken{}
	var configured struct{ Extensions map[string]string }
	err := json.Unmarshal([]byte(m.texts["infra/bicepconfig.json"]), &configured)
	if err != nil {
		found = append(found, broken{"infra/bicepconfig.json", err.Error()})
	}
	if configured.Extensions["microsoftGraphV1"] == "" || !strings.HasPrefix(m.texts[file], graphExtension) {
		found = append(found, broken{file, "its first line is not the extension that bicepconfig.json has"})
	}
	for _, writes := range []bool{false, true} {
		alone := &model{texts: m.texts, facts: m.facts, templates: m.templates}
		alone.deploy(file, map[string]any{"principalId": "00000000-0000-0000-0000-000000000000", "writesConsents": writes})
		for _, each := range alone.findings {
			found = append(found, broken{each.where, each.what})
		}
		found = append(found, alone.rights(file, writes)...)
	}
	return found
}

// rights compares the app roles on Microsoft Graph that would be assigned.
func (m *model) rights(file string, writes bool) []broken {
	wanted := []string{"Exchange.ManageAsApp"}
	for _, role := range m.facts.constants("handler/graph", `^roleFor[A-Z]`) {
		if writes || !strings.Contains(role, "Write") {
			wanted = append(wanted, role)
		}
	}
	var is []string
	for _, each := range m.of("Microsoft.Graph/appRoleAssignedTo") {
		text := fmt.Sprint(each.body["appRoleId"])
		role := regexp.MustCompile(`'([^']+)'`).FindStringSubmatch(text)
		if role != nil {
			is = append(is, role[1])
		}
		if len(each.body) != 3 || each.body["principalId"] == nil || each.body["resourceId"] == nil {
			return []broken{{each.where, "an assignment has principalId, resourceId and appRoleId"}}
		}
	}
	return compare(file, "the app role", is, wanted)
}

// documentRule: operators find every parameter, alarm, query and role in the document.
func documentRule(m *model) []broken {
	const file = "docs/infrastructure.md"
	text := m.texts[file]
	var found []broken
	wants := func(what, word string) {
		if !strings.Contains(text, word) {
			found = append(found, broken{file, what + " is not there"})
		}
	}
	for _, each := range m.templates["infra/main.bicep"].of("parameter_declaration") {
		wants("the parameter "+each.name, "\n| `"+each.name+"` |")
	}
	for name, query := range m.queries() {
		wants("the query "+name+" as it is in its file", "```kusto\n"+query+"```\n")
	}
	for _, name := range alarmNames {
		wants("the alarm "+name, "\n| `"+name+"` |")
	}
	for id, role := range roles {
		wants("the role "+role.name, "\n| "+role.name+" | `"+id+"` |")
	}
	return found
}

// workflowRule: the workflow does what needs Microsoft's tools, and does not look as if
// it had been run for this repository.
func workflowRule(m *model) []broken {
	const file = ".github/workflows/infra.yml"
	var found []broken
	for _, word := range []string{"Not run by this repository's own checks", "az bicep build", "az bicep lint", "what-if", "infra/graph.bicep"} {
		if !strings.Contains(m.texts[file], word) {
			found = append(found, broken{file, "it does not say " + word})
		}
	}
	return found
}
