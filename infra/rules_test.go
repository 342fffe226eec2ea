package infra_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// broken is one place where a rule does not hold.
type broken struct{ where, what string }

// rule is one promise that the templates have to keep.
type rule struct {
	name   string
	broken func(*model) []broken
}

var rules = []rule{
	{"storage opens to identities only", storageRule},
	{"the app is Flex Consumption with a custom handler", appRule},
	{"nothing publishes by password", publishingRule},
	{"one identity for everything", identityRule},
	{"the app waits for its roles", orderRule},
	{"no secret in a setting", secretRule},
	{"no setting that Flex Consumption forbids", flexRule},
	{"settings are what the code reads", settingsRule},
	{"every schedule is a setting", scheduleRule},
	{"every queue, with the one for its poison", queueRule},
	{"every table", tableRule},
	{"the package has a container", containerRule},
	{"roles are those of the table", roleRule},
	{"telemetry takes no key", telemetryRule},
	{"the vault goes by roles and cannot be purged", vaultRule},
	{"every alarm rings somebody", alarmRule},
	{"queries read what is collected", collectedRule},
	{"queries read what the service writes", queryRule},
	{"traces are not sampled away", samplingRule},
	{"parameters are described and bounded", parameterRule},
	{"nothing is declared in vain", usedRule},
	{"modules have no logic", moduleRule},
	{"rights in the tenant are those of the code", graphRule},
	{"the document says what is there", documentRule},
	{"the workflow says that it is not run here", workflowRule},
}

// wants compares the value at a path of a resource.
func wants(one resource, want any, names ...string) []broken {
	is := one.get(names...)
	if fmt.Sprint(is) == fmt.Sprint(want) {
		return nil
	}
	return []broken{{one.where, fmt.Sprintf("%s is %v and has to be %v", strings.Join(names, "."), is, want)}}
}

// each holds a rule against every resource of a type, of which there has to be one.
func each(m *model, kind string, hold func(resource) []broken) []broken {
	all := m.of(kind)
	if len(all) == 0 {
		return []broken{{"infra", "there is no " + kind}}
	}
	var found []broken
	for _, one := range all {
		found = append(found, hold(one)...)
	}
	return found
}

func storageRule(m *model) []broken {
	return each(m, "Microsoft.Storage/storageAccounts", func(one resource) []broken {
		return slices.Concat(
			wants(one, false, "properties", "allowSharedKeyAccess"),
			wants(one, false, "properties", "allowBlobPublicAccess"),
			wants(one, true, "properties", "defaultToOAuthAuthentication"),
			wants(one, true, "properties", "supportsHttpsTrafficOnly"),
			wants(one, "TLS1_2", "properties", "minimumTlsVersion"))
	})
}

func appRule(m *model) []broken {
	plan := each(m, "Microsoft.Web/serverfarms", func(one resource) []broken {
		return slices.Concat(wants(one, "FC1", "sku", "name"), wants(one, "FlexConsumption", "sku", "tier"), wants(one, true, "properties", "reserved"))
	})
	return append(plan, each(m, "Microsoft.Web/sites", func(one resource) []broken {
		found := slices.Concat(
			wants(one, "custom", "properties", "functionAppConfig", "runtime", "name"),
			wants(one, "1.0", "properties", "functionAppConfig", "runtime", "version"),
			wants(one, true, "properties", "httpsOnly"),
			wants(one, "1.2", "properties", "siteConfig", "minTlsVersion"),
			wants(one, "1.2", "properties", "siteConfig", "scmMinTlsVersion"))
		warm, _ := one.get("properties", "functionAppConfig", "scaleAndConcurrency", "alwaysReady").([]any)
		for _, group := range warm {
			named, _ := group.(map[string]any)
			if named["name"] == "http" && fmt.Sprint(named["instanceCount"]) != "0" {
				return found
			}
		}
		return append(found, broken{one.where, "no instance is kept ready for HTTP"})
	})...)
}

func publishingRule(m *model) []broken {
	var names []string
	found := each(m, "Microsoft.Web/sites/basicPublishingCredentialsPolicies", func(one resource) []broken {
		names = append(names, fmt.Sprint(one.body["name"]))
		return wants(one, false, "properties", "allow")
	})
	for _, name := range []string{"scm", "ftp"} {
		if !slices.Contains(names, name) {
			found = append(found, broken{"infra", "passwords are not switched off for " + name})
		}
	}
	return append(found, each(m, "Microsoft.Web/sites", func(one resource) []broken {
		return wants(one, "Disabled", "properties", "siteConfig", "ftpsState")
	})...)
}

// identityRule: the app, its package and its secrets go by one and the same identity.
func identityRule(m *model) []broken {
	identities := m.of("Microsoft.ManagedIdentity/userAssignedIdentities")
	if len(identities) != 1 {
		return []broken{{"infra", "there has to be one identity"}}
	}
	const id = "[infra/modules/identity:identity.id]"
	return each(m, "Microsoft.Web/sites", func(one resource) []broken {
		found := slices.Concat(
			wants(one, "UserAssigned", "identity", "type"),
			wants(one, "map["+id+":map[]]", "identity", "userAssignedIdentities"),
			wants(one, id, "properties", "keyVaultReferenceIdentity"),
			wants(one, "UserAssignedIdentity", "properties", "functionAppConfig", "deployment", "storage", "authentication", "type"),
			wants(one, id, "properties", "functionAppConfig", "deployment", "storage", "authentication", "userAssignedIdentityResourceId"))
		const client = "[infra/modules/identity:identity.properties.clientId]"
		for _, name := range []string{"AZURE_CLIENT_ID", "AzureWebJobsStorage__clientId", "GrantStorage__clientId"} {
			if fmt.Sprint(m.settings()[name]) != client {
				found = append(found, broken{one.where, name + " names another identity"})
			}
		}
		return found
	})
}

// orderRule: an app that starts before its roles are there cannot read its package, and a
// token without them is kept for a day.
func orderRule(m *model) []broken {
	if slices.Contains(m.waits, "access") {
		return nil
	}
	return []broken{{"infra/main.bicep", "the app does not wait for the module access"}}
}

// settings are the app's settings as they would be set.
func (m *model) settings() map[string]any {
	for _, one := range m.of("Microsoft.Web/sites/config") {
		if one.body["name"] == "appsettings" {
			found, _ := one.body["properties"].(map[string]any)
			return found
		}
	}
	return nil
}

var (
	secretValue = regexp.MustCompile(`(?i)AccountKey=|SharedAccessSignature|[?&]sig=|InstrumentationKey=[0-9a-f]|password`)
	secretName  = regexp.MustCompile(`(?i)secret|password|_key$|apikey|token|OTLP_HEADERS`)
)

const vaultReference = "@Microsoft.KeyVault("

// secretRule: what is named or formed as a secret is a reference to the vault. That
// functions which hand out keys are not called, the evaluation watches.
func secretRule(m *model) []broken {
	var found []broken
	for name, value := range m.settings() {
		text := fmt.Sprint(value)
		switch {
		case secretValue.MatchString(text):
			found = append(found, broken{"appsettings", name + " holds a secret"})
		case secretName.MatchString(name) && !strings.HasPrefix(text, vaultReference):
			found = append(found, broken{"appsettings", name + " is a secret and no reference to the vault"})
		}
	}
	for path, one := range m.templates {
		for _, output := range one.outputs {
			if secretName.MatchString(output.name) {
				found = append(found, broken{path, "the output " + output.name + " is kept in the deployment's history"})
			}
		}
	}
	return found
}

// forbidden are the settings that Flex Consumption refuses or ignores (Microsoft Learn,
// App settings reference for Azure Functions, Flex Consumption plan deprecations).
var forbidden = regexp.MustCompile(`^(FUNCTIONS_WORKER_RUNTIME(_VERSION)?|FUNCTIONS_EXTENSION_VERSION|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT.*|` +
	`SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_TIME_ZONE|TZ|WEBSITES_CONTAINER_START_TIME_LIMIT|WEBSITE_NODE_DEFAULT_VERSION)$`)

func flexRule(m *model) []broken {
	var found []broken
	for name := range m.settings() {
		if forbidden.MatchString(name) {
			found = append(found, broken{"appsettings", name + " is not for Flex Consumption"})
		}
	}
	return append(found, each(m, "Microsoft.Web/sites", func(one resource) []broken {
		var found []broken
		for _, name := range []string{"linuxFxVersion", "alwaysOn", "appSettings", "connectionStrings", "functionAppScaleLimit", "preWarmedInstanceCount"} {
			if one.get("properties", "siteConfig", name) != nil {
				found = append(found, broken{one.where, name + " is not for Flex Consumption, or is set elsewhere"})
			}
		}
		return found
	})...)
}
