package infra_test

import (
	"strings"
	"testing"
)

// fault is one mistake that somebody could make, and the check that has to name it.
type fault struct {
	file     string
	old, new string
	check    string
	names    string // part of what the check has to say
}

const (
	mainFile    = "infra/main.bicep"
	appFile     = "infra/modules/app.bicep"
	storageFile = "infra/modules/storage.bicep"
	accessFile  = "infra/modules/access.bicep"
	alarmsFile  = "infra/modules/alarms.bicep"
	sampleFile  = "infra/main.parameters.sample.json"
)

// faults are planted one by one. The list has at least one for every check; that it has
// is itself checked.
var faults = []fault{
	{appFile, "    httpsOnly: true\n", "    httpsOnly: = true\n", "syntax", "cannot be parsed"},
	{mainFile, "param tags object = {", "param tags object = {{", "syntax", "cannot be parsed"},
	{"infra/graph.bicep", "var writes", "vra writes", "syntax", "cannot be parsed"},
	{mainFile, "location: location\n", "location: loaction\n", "evaluate", "nothing is called loaction"},
	{mainFile, "storage.outputs.queueEndpoint", "storage.outputs.queueEndpiont", "evaluate", "queueEndpiont is not there"},
	{alarmsFile, "loadTextContent('../queries/cap.kql')", "loadTextContent('../queries/caps.kql')", "evaluate", "caps.kql is not there"},
	{appFile, "    httpsOnly: true\n", "    httpsOnly: true\n    httpsOnly: false\n", "evaluate", "httpsOnly is set twice"},
	{mainFile, "    workspaceName: names.workspace\n", "", "parameters", "workspaceName is required"},
	{mainFile, "    logDays: logDays\n", "    logDays: logDays\n    days: 1\n", "parameters", "no parameter days"},
	{mainFile, "    logDays: logDays\n", "    logDays: 'ninety'\n", "parameters", "ninety is no int"},
	{sampleFile, `"conto1"`, `"conto12"`, "parameters", "installation: conto12 is outside"},
	{sampleFile, `"Standard_ZRS"`, `"Standard_GRS"`, "parameters", "Standard_GRS is not allowed"},
	{sampleFile, `"installation"`, `"instalation"`, "parameters", "no parameter instalation"},
	{storageFile, "Microsoft.Storage/storageAccounts@2024-01-01' = {", "Microsoft.Storage/storageAccounts@2019-06-01' = {", "types", "the list has 2024-01-01"},
	{accessFile, "Microsoft.KeyVault/vaults@2024-11-01", "Microsoft.KeyVault/vault@2024-11-01", "types", "not on the list"},
	{storageFile, "allowBlobPublicAccess", "allowBlobPublicAcces", "properties", "/properties/allowBlobPublicAcces is not known"},
	{appFile, "scaleAndConcurrency", "scaleAndConcurency", "properties", "scaleAndConcurency is not known"},
	{appFile, "instanceMemoryMB: instanceMemory", "instanceMemoryMB: '${instanceMemory}'", "properties", "unmarshalling"},
	{alarmsFile, "timeAggregation: 'Count'", "timeAggregation: 'Counted'", "properties", `"Counted" is no TimeAggregation`},
	{storageFile, "  location: location\n", "", "properties", "no location"},
	{storageFile, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "storage opens to identities only", "allowSharedKeyAccess is true"},
	{storageFile, "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'", "storage opens to identities only", "minimumTlsVersion is TLS1_0"},
	{appFile, "name: 'custom'", "name: 'dotnet-isolated'", "the app is Flex Consumption with a custom handler", "runtime.name"},
	{appFile, "minTlsVersion: '1.2'", "minTlsVersion: '1.0'", "the app is Flex Consumption with a custom handler", "minTlsVersion is 1.0"},
	{appFile, "name: 'http'", "name: 'durable'", "the app is Flex Consumption with a custom handler", "kept ready for HTTP"},
	{appFile, "allow: false", "allow: true", "nothing publishes by password", "allow is true"},
	{appFile, "keyVaultReferenceIdentity: identityId", "keyVaultReferenceIdentity: 'SystemAssigned'", "one identity for everything", "keyVaultReferenceIdentity"},
	{mainFile, "AZURE_CLIENT_ID: identity.outputs.clientId", "AZURE_CLIENT_ID: identity.outputs.principalId", "one identity for everything", "AZURE_CLIENT_ID"},
	{appFile, "userAssignedIdentityResourceId: identityId", "userAssignedIdentityResourceId: plan.id", "one identity for everything", "userAssignedIdentityResourceId"},
	{mainFile, "  dependsOn: [\n    access\n  ]\n", "", "the app waits for its roles", "module access"},
	{mainFile, "GRAPH_ENDPOINT: graphEndpoint", "GRAPH_ENDPOINT: graphEndpoint\n  HOOK_SECRET: 'hunter2'", "no secret in a setting", "HOOK_SECRET"},
	{mainFile, "GRAPH_ENDPOINT: graphEndpoint", "GRAPH_ENDPOINT: graphEndpoint\n  Other: 'DefaultEndpointsProtocol=https;AccountKey=abc'", "no secret in a setting", "Other holds a secret"},
	{storageFile, "output name string = account.name", "output name string = account.name\noutput opener string = listKeys(account.id, '2024-01-01')", "secret", "listKeys"},
	{mainFile, "output storageName string", "output storageSecret string", "no secret in a setting", "storageSecret"},
	{mainFile, "GRAPH_ENDPOINT: graphEndpoint", "GRAPH_ENDPOINT: graphEndpoint\n  FUNCTIONS_WORKER_RUNTIME: 'custom'", "no setting that Flex Consumption forbids", "FUNCTIONS_WORKER_RUNTIME"},
	{appFile, "http20Enabled: true", "alwaysOn: true", "no setting that Flex Consumption forbids", "alwaysOn"},
	{mainFile, "MAILGRANT_CONFIG: 'mailgrant.yaml'", "MAILGRANT_CONFIGURATION: 'mailgrant.yaml'", "settings are what the code reads", "MAILGRANT_CONFIG is not declared"},
	{"local.settings.sample.json", `"EXCHANGE_ENDPOINT": ""`, `"EXCHANGE_ENDPOINT": "", "MAILGRANT_NEW": ""`, "settings are what the code reads", "MAILGRANT_NEW is not declared"},
	{"functions/expire/function.json", "%EXPIRE_SCHEDULE%", "%EXPIRY_SCHEDULE%", "every schedule is a setting", "EXPIRY_SCHEDULE"},
	{"functions/apply/function.json", `"queueName": "apply"`, `"queueName": "aply"`, "every queue, with the one for its poison", "aply is not declared"},
	{mainFile, "concat(queues, map(queues, queue => '${queue}-poison'))", "queues", "every queue, with the one for its poison", "apply-poison is not declared"},
	{mainFile, "  'ledger'\n", "", "every table", "ledger is not declared"},
	{mainFile, "    packages: packages\n", "    packages: 'code'\n", "the package has a container", "no container is declared"},
	{mainFile, "var packages = 'packages'", "var packages = 'code'", "the package has a container", "container code"},
	{accessFile, "4633458b-17de-408a-b874-0445c86b69e6", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "roles are those of the table", "is not in the table"},
	{accessFile, "principalType: 'ServicePrincipal'", "principalType: 'User'", "roles are those of the table", "principalType is User"},
	{accessFile, "guid(vault.id, principalId, secretsUser)", "guid(vault.id, principalId)", "roles are those of the table", "does not come from the role"},
	{accessFile, "'0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'", "'974c5e8b-45b9-4653-ba55-5f855dd0fb88'", "roles are those of the table", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3 is not declared"},
	{accessFile, "  scope: vault\n", "", "roles are those of the table", "is for vault"},
	{"infra/modules/watch.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false", "telemetry takes no key", "DisableLocalAuth is false"},
	{"infra/modules/vault.bicep", "enablePurgeProtection: true", "enablePurgeProtection: null", "the vault goes by roles and cannot be purged", "enablePurgeProtection"},
	{alarmsFile, "    name: 'poison'\n", "    name: 'poisoned'\n", "every alarm rings somebody", "poisoned does not ask"},
	{alarmsFile, "      actionGroups: [\n        people.id\n      ]", "      actionGroups: []", "every alarm rings somebody", "rings nobody"},
	{alarmsFile, "    scopes: [\n      identityId\n    ]", "    scopes: [\n      workspaceId\n    ]", "every alarm rings somebody", "properties.scopes"},
	{sampleFile, `["exchange-admins@contoso.example"]`, `[]`, "parameters", "minLength 1"},
	{alarmsFile, "  properties: {\n    displayName: '${prefix}-${each.name}'\n    description: each.text\n    enabled: true", "  properties: {\n    enabled: false", "every alarm rings somebody", "enabled is false"},
	{alarmsFile, "federatedIdentityCredentials/write", "federatedIdentityCredentials/read", "every alarm rings somebody", "federated credentials"},
	{storageFile, "  scope: queueService\n", "  scope: blobService\n", "queries read what is collected", "StorageQueueLogs is not collected"},
	{"infra/queries/keys.kql", "AzureActivity\n", "AzureDiagnostics\n", "queries read what is collected", "AzureDiagnostics"},
	{"infra/queries/no-sweep.kql", `msg == "call"`, `msg == "called"`, "queries read what the service writes", `no msg "called"`},
	{"infra/queries/stuck.kql", "line.attempts", "line.tries", "queries read what the service writes", "have no tries"},
	{"infra/queries/past-end.kql", `"abandoned"`, `"given up"`, "queries read what the service writes", `no event "given up"`},
	{"infra/queries/verification.kql", `"ConfinedFalse"`, `"ConfineFalse"`, "queries read what the service writes", "ConfineFalse"},
	{"infra/queries/no-sweep.kql", `"/expire" and toint`, `"/expiry" and toint`, "queries read what the service writes", "/expiry"},
	{"infra/queries/cap.kql", "subject = ", "kind = ", "queries read what the service writes", "subject and what"},
	{"host.json", "Request;Exception;Trace", "Request;Exception", "traces are not sampled away", "sampled"},
	{mainFile, "@description('Tags for every resource.')\n", "", "parameters are described and bounded", "tags is not described"},
	{mainFile, "@maxValue(730)\n", "", "parameters are described and bounded", "logDays has no bounds"},
	{mainFile, "var packages = 'packages'", "var packages = 'packages'\nvar unused = 1", "nothing is declared in vain", "unused is not used"},
	{"infra/modules/vault.bicep", "enableSoftDelete: true", "enableSoftDelete: 1 == 1", "modules have no logic", "1 == 1"},
	{"infra/graph.bicep", "  'RoleManagement.Read.Directory'\n", "  'RoleManagement.Read.All'\n", "rights in the tenant are those of the code", "RoleManagement.Read.Directory is not declared"},
	{"infra/graph.bicep", graphExtension, "", "rights in the tenant are those of the code", "first line"},
	{"docs/infrastructure.md", "| `logDays` |", "| `days` |", "the document says what is there", "parameter logDays"},
	{"docs/infrastructure.md", "attempts > 8", "attempts > 9", "the document says what is there", "query stuck"},
	{".github/workflows/infra.yml", "az bicep lint", "az bicep format", "the workflow says that it is not run here", "az bicep lint"},
}

// TestPlantedFaults changes one thing at a time and has to see it named by the check that
// is for it.
func TestPlantedFaults(t *testing.T) {
	clean, known := readTexts(t), readFacts(t)
	caught := map[string]int{}
	for _, planted := range faults {
		all := texts{}
		for name, text := range clean {
			all[name] = text
		}
		if !strings.Contains(all[planted.file], planted.old) {
			t.Errorf("%s has no %q to plant a fault in", planted.file, planted.old)
			continue
		}
		all[planted.file] = strings.Replace(all[planted.file], planted.old, planted.new, 1)
		found := look(all, known).findings
		if !namesIt(found, planted) {
			t.Errorf("%s with %q: %q does not name it; found were %v", planted.file, planted.new, planted.check, found)
			continue
		}
		caught[planted.check]++
	}
	for _, check := range checks() {
		if caught[check] == 0 {
			t.Errorf("nothing shows that the check %q can fail", check)
		}
		t.Logf("%3d  %s", caught[check], check)
	}
	t.Logf("%d faults planted, each named by the check that is for it; %d checks", len(faults), len(checks()))
}

func namesIt(found []finding, planted fault) bool {
	for _, each := range found {
		if each.check == planted.check && strings.Contains(each.String(), planted.names) {
			return true
		}
	}
	return false
}

// checks are all that can name a fault: what reading the templates comes upon, and the
// rules.
func checks() []string {
	names := []string{"syntax", "evaluate", "parameters", "types", "properties", "secret"}
	for _, each := range rules {
		names = append(names, each.name)
	}
	return names
}
