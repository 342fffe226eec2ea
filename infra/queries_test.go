package infra_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// queries are the texts of the queries by their files' names.
func (m *model) queries() map[string]string {
	found := map[string]string{}
	for name, text := range m.texts {
		if path.Ext(name) == ".kql" {
			found[strings.TrimSuffix(path.Base(name), ".kql")] = text
		}
	}
	return found
}

// alarmNames are what has to ring; federation is heard in the activity log itself.
var alarmNames = []string{"past-end", "stuck", "no-sweep", "cap", "poison", "verification", "publish", "keys", "federation"}

const ringing = "[infra/modules/alarms:people.id]"

func alarmRule(m *model) []broken {
	var is []string
	heard := func(one resource, groups any) []broken {
		_, name, _ := strings.Cut(fmt.Sprint(one.body["name"]), "mailgrant-conto1-")
		is = append(is, name)
		found := wants(one, true, "properties", "enabled")
		if !strings.Contains(fmt.Sprint(groups), ringing) {
			found = append(found, broken{one.where, name + " rings nobody"})
		}
		return found
	}
	found := each(m, "Microsoft.Insights/scheduledQueryRules", func(one resource) []broken {
		criteria, _ := one.get("properties", "criteria", "allOf").([]any)
		if len(criteria) != 1 || !strings.Contains(fmt.Sprint(criteria[0]), "subject") {
			return []broken{{one.where, "it has to have one criterion, by subject"}}
		}
		_, name, _ := strings.Cut(fmt.Sprint(one.body["name"]), "mailgrant-conto1-")
		query, _ := criteria[0].(map[string]any)["query"].(string)
		if m.queries()[name] == "" || !strings.HasSuffix(query, m.queries()[name]) {
			return []broken{{one.where, name + " does not ask the query of its name"}}
		}
		return heard(one, one.get("properties", "actions", "actionGroups"))
	})
	found = append(found, each(m, "Microsoft.Insights/activityLogAlerts", func(one resource) []broken {
		found := heard(one, one.get("properties", "actions", "actionGroups"))
		if !strings.Contains(fmt.Sprint(one.get("properties", "condition")), "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write") {
			found = append(found, broken{one.where, "it does not hear writes of federated credentials"})
		}
		return append(found, wants(one, "[[infra/modules/identity:identity.id]]", "properties", "scopes")...)
	})...)
	found = append(found, each(m, "Microsoft.Insights/actionGroups", func(one resource) []broken {
		receivers, _ := one.get("properties", "emailReceivers").([]any)
		if len(receivers) == 0 {
			return []broken{{one.where, "nobody gets the alarms"}}
		}
		return wants(one, true, "properties", "enabled")
	})...)
	return append(found, compare("infra/modules/alarms.bicep", "the alarm", is, alarmNames)...)
}

// collected says by which diagnostic setting's category and scope a table is filled.
var collected = map[string]struct{ scope, category string }{
	"AppTraces":        {"", ""}, // Application Insights writes to the workspace itself
	"StorageQueueLogs": {"queueService", "StorageWrite"},
	"StorageBlobLogs":  {"blobService", "StorageWrite"},
	"AzureActivity":    {"", "Administrative"},
}

var tableName = regexp.MustCompile(`\b(App[A-Z]\w+|Storage\w+Logs|Azure[A-Z]\w+|Function\w+Logs|KeyVault\w+)\b`)

func collectedRule(m *model) []broken {
	var found []broken
	for name, text := range m.queries() {
		for _, table := range tableName.FindAllString(withoutComments(text), -1) {
			from, known := collected[table]
			if !known {
				found = append(found, broken{name, "nothing says where " + table + " comes from"})
				continue
			}
			is := from.category == "" || slices.ContainsFunc(m.of("Microsoft.Insights/diagnosticSettings"), func(one resource) bool {
				return one.scope == from.scope && strings.Contains(fmt.Sprint(one.get("properties", "logs")), "category:"+from.category+" enabled:true")
			})
			if !is {
				found = append(found, broken{name, table + " is not collected"})
			}
		}
	}
	return found
}

func withoutComments(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

var (
	lineField = regexp.MustCompile(`\bline\.([A-Za-z]+)`)
	// compared finds what a value of a line is compared with: one word or a list.
	compared = regexp.MustCompile(`\b(msg|event|reason|state|route|sweep)\)?\s*(?:==|in~?|!in)\s*(\([^)]*\)|"[^"]*")`)
	quoted   = regexp.MustCompile(`"([^"]*)"`)
)

// queryRule holds the queries against the code: each message, each value of a line, and
// each word that one is compared with is one that the service writes.
func queryRule(m *model) []broken {
	var found []broken
	for name, text := range m.queries() {
		text = withoutComments(text)
		statements := strings.Split(text, ";\n")
		last := statements[len(statements)-1]
		if !strings.Contains(last, "subject") || !strings.Contains(last, "what") {
			found = append(found, broken{name, "it does not end with the columns subject and what"})
		}
		for _, pair := range []string{"()", "[]", "{}"} {
			if strings.Count(text, pair[:1]) != strings.Count(text, pair[1:]) {
				found = append(found, broken{name, "its brackets " + pair + " do not match"})
			}
		}
		for _, statement := range statements {
			for _, what := range m.strange(statement) {
				found = append(found, broken{name, what})
			}
		}
	}
	return found
}

// strange names what one statement of a query reads and nobody writes.
func (m *model) strange(statement string) []string {
	var found []string
	fields, unknown := map[string]bool{"msg": true}, false
	for _, match := range compared.FindAllStringSubmatch(statement, -1) {
		for _, word := range quoted.FindAllStringSubmatch(match[2], -1) {
			if !slices.Contains(m.words(match[1]), word[1]) {
				found = append(found, fmt.Sprintf("the service writes no %s %q", match[1], word[1]))
				unknown = true
			}
			for field := range m.facts.logged[word[1]] {
				fields[field] = true
			}
		}
	}
	for _, match := range lineField.FindAllStringSubmatch(statement, -1) {
		if !fields[match[1]] && !unknown {
			found = append(found, "these lines have no "+match[1])
		}
	}
	return found
}

// words are what a value of a line can be.
func (m *model) words(field string) []string {
	var found []string
	switch field {
	case "msg":
		for message := range m.facts.logged {
			found = append(found, message)
		}
	case "event":
		found = m.facts.constants("handler/grant", `^Event[A-Z]`)
	case "sweep":
		found = m.facts.constants("handler/engine", `^Sweep[A-Z]`)
	case "state", "reason":
		for _, word := range m.facts.words["handler/grant"] {
			found = append(found, word)
		}
	case "route":
		all, _ := m.functions()
		for name := range all {
			found = append(found, "/"+name)
		}
	}
	if field == "reason" { // as a changed condition is written to the history
		for _, condition := range slices.Clone(found) {
			found = append(found, condition+"True", condition+"False", condition+"Unknown")
		}
	}
	return found
}

// samplingRule: an alarm that reads traces must not depend on luck.
func samplingRule(m *model) []broken {
	excluded := regexp.MustCompile(`"excludedTypes": "([^"]*)"`).FindStringSubmatch(m.texts["host.json"])
	if strings.Contains(m.texts["host.json"], `"isEnabled": false`) || excluded != nil && slices.Contains(strings.Split(excluded[1], ";"), "Trace") {
		return nil
	}
	return []broken{{"host.json", "traces may be sampled away, and the alarms read them"}}
}
