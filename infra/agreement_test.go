package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// compare names what is only in one of two lists.
func compare(where, what string, is, wanted []string) []broken {
	var found []broken
	for _, name := range wanted {
		if !slices.Contains(is, name) {
			found = append(found, broken{where, what + " " + name + " is not declared"})
		}
	}
	for _, name := range is {
		if !slices.Contains(wanted, name) {
			found = append(found, broken{where, what + " " + name + " is declared and nothing needs it"})
		}
	}
	return found
}

// forHost are the settings that the host reads and the service does not. The sample for
// a developer's machine holds others of them.
var forHost = []string{
	"AzureWebJobsStorage__accountName", "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId",
	"APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
}

// onlyLocal are the settings of the sample that a deployed app must not have: the runtime
// is in the app's configuration, and storage goes by identity.
var onlyLocal = []string{"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "GrantStorage"}

// forTelemetry are the settings that OpenTelemetry's own library reads by these names.
var forTelemetry = []string{"OTEL_EXPORTER_OTLP_ENDPOINT"}

// settingsRule compares the deployed settings with the sample, which a test in handler
// holds against what the code reads, and with the names in the code.
func settingsRule(m *model) []broken {
	var sample struct{ Values map[string]string }
	err := json.Unmarshal([]byte(m.texts["local.settings.sample.json"]), &sample)
	if err != nil {
		return []broken{{"local.settings.sample.json", err.Error()}}
	}
	wanted := slices.Clone(forHost)
	for name := range sample.Values {
		// Secrets come by secretSettings, for whoever has them.
		if !slices.Contains(onlyLocal, name) && !secretName.MatchString(name) {
			wanted = append(wanted, name)
		}
	}
	for _, name := range forTelemetry {
		if !slices.Contains(wanted, name) {
			wanted = append(wanted, name)
		}
	}
	for name := range m.facts.settings {
		ours := strings.HasPrefix(name, "MAILGRANT_") || strings.HasPrefix(name, "AZURE_") || strings.HasSuffix(name, "_ENDPOINT")
		if ours && !slices.Contains(wanted, name) && !slices.Contains(fromPlatform, name) {
			wanted = append(wanted, name)
		}
	}
	var is []string
	for name, value := range m.settings() {
		if !strings.HasPrefix(fmt.Sprint(value), vaultReference) {
			is = append(is, name)
		}
	}
	return compare("appsettings", "the setting", is, wanted)
}

// fromPlatform are names that the platform sets itself, and those of an application's own
// secret or certificate, which a managed identity has none of.
var fromPlatform = []string{"IDENTITY_ENDPOINT", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD"}

// function is one function.json.
type function struct {
	Bindings []struct {
		Type, QueueName, Connection, Schedule, Route string
	}
}

// functions are the declared functions by name.
func (m *model) functions() (map[string]function, []broken) {
	found := map[string]function{}
	var faults []broken
	for name, text := range m.texts {
		if path.Base(name) != "function.json" {
			continue
		}
		var one function
		err := json.Unmarshal([]byte(text), &one)
		if err != nil {
			faults = append(faults, broken{name, err.Error()})
		}
		found[path.Base(path.Dir(name))] = one
	}
	return found, faults
}

func scheduleRule(m *model) []broken {
	all, found := m.functions()
	for name, one := range all {
		for _, binding := range one.Bindings {
			setting := strings.Trim(binding.Schedule, "%")
			if binding.Type == "timerTrigger" && m.settings()[setting] == nil {
				found = append(found, broken{"functions/" + name, "no setting " + setting})
			}
		}
	}
	return found
}

// queueRule: the queues are those of the functions and those of the code, each with the
// one into which the host puts what failed too often.
func queueRule(m *model) []broken {
	all, found := m.functions()
	var wanted []string
	for name, one := range all {
		for _, binding := range one.Bindings {
			if binding.Type != "queueTrigger" {
				continue
			}
			wanted = append(wanted, binding.QueueName, binding.QueueName+"-poison")
			if m.settings()[binding.Connection+"__queueServiceUri"] == nil {
				found = append(found, broken{"functions/" + name, "no settings for the connection " + binding.Connection})
			}
		}
	}
	for _, name := range m.facts.constants("handler/store", `^Queue[A-Z]`) {
		if !slices.Contains(wanted, name) {
			found = append(found, broken{"handler/store", "no function takes from the queue " + name})
		}
	}
	return append(found, compare("infra/modules/storage.bicep", "the queue", m.namesOf("Microsoft.Storage/storageAccounts/queueServices/queues"), wanted)...)
}

func (m *model) namesOf(kind string) []string {
	var names []string
	for _, one := range m.of(kind) {
		names = append(names, fmt.Sprint(one.body["name"]))
	}
	return names
}

func tableRule(m *model) []broken {
	return compare("infra/modules/storage.bicep", "the table", m.namesOf("Microsoft.Storage/storageAccounts/tableServices/tables"),
		m.facts.constants("handler/store", `^table[A-Z]`))
}

func containerRule(m *model) []broken {
	return each(m, "Microsoft.Web/sites", func(one resource) []broken {
		address := fmt.Sprint(one.get("properties", "functionAppConfig", "deployment", "storage", "value"))
		for _, name := range m.namesOf("Microsoft.Storage/storageAccounts/blobServices/containers") {
			if address != "[infra/modules/storage:account.properties.primaryEndpoints.blob]"+name {
				continue
			}
			if !strings.Contains(m.queries()["publish"], `"/`+name+`/"`) {
				return []broken{{"publish", "the query does not look at the container " + name}}
			}
			return nil
		}
		return []broken{{one.where, "the package is looked for at " + address + ", where no container is declared"}}
	})
}

// roles are the built-in roles that the service's identity needs in Azure, and on what
// (Microsoft Learn, Azure built-in roles). The document for operators has the same table.
var roles = map[string]struct{ name, on string }{
	"b7e6dc6d-f1e8-4753-8033-0f276bb0955b": {"Storage Blob Data Owner", "account"},
	"974c5e8b-45b9-4653-ba55-5f855dd0fb88": {"Storage Queue Data Contributor", "account"},
	"0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": {"Storage Table Data Contributor", "account"},
	"4633458b-17de-408a-b874-0445c86b69e6": {"Key Vault Secrets User", "vault"},
	"3913510d-42f4-4e42-8a64-420c390055eb": {"Monitoring Metrics Publisher", "insights"},
}

var guid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// roleRule: each role of the table once, on the resource that it is for, and no other.
func roleRule(m *model) []broken {
	var given []string
	found := each(m, "Microsoft.Authorization/roleAssignments", func(one resource) []broken {
		id := guid.FindString(fmt.Sprint(one.get("properties", "roleDefinitionId")))
		role, known := roles[id]
		if !known {
			return []broken{{one.where, "the role " + id + " is not in the table"}}
		}
		given = append(given, id)
		found := slices.Concat(
			wants(one, "ServicePrincipal", "properties", "principalType"),
			wants(one, "[infra/modules/identity:identity.properties.principalId]", "properties", "principalId"))
		if one.scope != role.on {
			found = append(found, broken{one.where, fmt.Sprintf("%s is given on %q and is for %s", role.name, one.scope, role.on)})
		}
		if !strings.Contains(fmt.Sprint(one.body["name"]), id) {
			found = append(found, broken{one.where, "its name does not come from the role"})
		}
		return found
	})
	return append(found, compare("infra/modules/access.bicep", "the role", given, slices.Sorted(maps.Keys(roles)))...)
}

func telemetryRule(m *model) []broken {
	return append(each(m, "Microsoft.Insights/components", func(one resource) []broken {
		return wants(one, true, "properties", "DisableLocalAuth")
	}), each(m, "Microsoft.OperationalInsights/workspaces", func(one resource) []broken {
		return wants(one, true, "properties", "features", "disableLocalAuth")
	})...)
}

func vaultRule(m *model) []broken {
	return each(m, "Microsoft.KeyVault/vaults", func(one resource) []broken {
		return slices.Concat(
			wants(one, true, "properties", "enableRbacAuthorization"),
			wants(one, true, "properties", "enableSoftDelete"),
			wants(one, true, "properties", "enablePurgeProtection"))
	})
}
