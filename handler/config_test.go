package main

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// lookupIn returns a lookup over settings that are enough to start, changed as told.
// A change to "" takes the setting away.
func lookupIn(changes map[string]string) func(string) string {
	settings := map[string]string{
		"FUNCTIONS_CUSTOMHANDLER_PORT": "7072",
		"AZURE_TENANT_ID":              "6233fba6-0198-4277-892f-9275bf728bcc",
		"MAILGRANT_INSTALLATION":       "abc123",
		"GrantStorage":                 "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a",
	}
	maps.Copy(settings, changes)
	return func(name string) string { return settings[name] }
}

func TestReadConfigAcceptsTheTwoWaysToNameStorage(t *testing.T) {
	t.Parallel()
	settings, faults := readConfig(lookupIn(nil))
	if len(faults) > 0 || settings.storage.connection == "" || settings.port != 7072 {
		t.Errorf("by connection string: %+v, %v", settings, faults)
	}
	settings, faults = readConfig(lookupIn(map[string]string{
		"GrantStorage":                  "",
		"GrantStorage__tableServiceUri": "https://a.table.core.windows.net/",
		"GrantStorage__queueServiceUri": "https://a.queue.core.windows.net",
		"GrantStorage__credential":      "managedIdentity",
		"GrantStorage__clientId":        "6233FBA6-0198-4277-892F-9275BF728BCC",
	}))
	if len(faults) > 0 {
		t.Fatalf("by identity: %v", faults)
	}
	want := storageConfig{tableEndpoint: "https://a.table.core.windows.net", queueEndpoint: "https://a.queue.core.windows.net",
		clientID: "6233fba6-0198-4277-892f-9275bf728bcc"}
	if settings.storage != want {
		t.Errorf("by identity: got %+v, want %+v", settings.storage, want)
	}
}

func TestReadConfigNamesEveryFault(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		changes map[string]string
		want    []string
	}{
		{"nothing is wrong", nil, nil},
		{"everything is wrong at once", map[string]string{
			"FUNCTIONS_CUSTOMHANDLER_PORT": "70000", "AZURE_TENANT_ID": "contoso", "AZURE_CLIENT_ID": "me", "AZURE_AUTHORITY_HOST": "login",
			"IDENTITY_ENDPOINT": "http://127.0.0.1/msi", "MAILGRANT_INSTALLATION": "Six Letters", "GrantStorage": "UseDevelopmentStorage=true",
			"GrantStorage__credential": "key", "GrantStorage__clientId": "x", "GRAPH_ENDPOINT": "http://graph", "EXCHANGE_ENDPOINT": "https://host/path",
			"OTEL_EXPORTER_OTLP_ENDPOINT": "https://user:key@collector",
		}, []string{"AZURE_AUTHORITY_HOST", "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "EXCHANGE_ENDPOINT", "FUNCTIONS_CUSTOMHANDLER_PORT", "GRAPH_ENDPOINT",
			"GrantStorage", "GrantStorage__clientId", "GrantStorage__credential", "IDENTITY_ENDPOINT", "MAILGRANT_INSTALLATION", "OTEL_EXPORTER_OTLP_ENDPOINT"}},
		{"no storage", map[string]string{"GrantStorage": ""}, []string{"GrantStorage"}},
		{"storage twice", map[string]string{"GrantStorage__tableServiceUri": "https://a.example"}, []string{"GrantStorage"}},
		{"half a storage", map[string]string{"GrantStorage": "", "GrantStorage__queueServiceUri": "https://a.example"}, []string{"GrantStorage"}},
		{"an identity without a credential", map[string]string{"GrantStorage__clientId": "6233fba6-0198-4277-892f-9275bf728bcc"}, []string{"GrantStorage__clientId"}},
		{"plain http", map[string]string{"GRAPH_ENDPOINT": "http://127.0.0.1:8443"}, []string{"GRAPH_ENDPOINT"}},
		{"a user in an address", map[string]string{"GRAPH_ENDPOINT": "https://a:b@graph.example"}, []string{"GRAPH_ENDPOINT"}},
		{"a header without an endpoint", map[string]string{"IDENTITY_HEADER": "x"}, []string{"IDENTITY_ENDPOINT"}},
		{"no tenant", map[string]string{"AZURE_TENANT_ID": " "}, []string{"AZURE_TENANT_ID"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, faults := readConfig(lookupIn(test.changes))
			var got []string
			for _, fault := range faults {
				name, _, _ := strings.Cut(fault.Error(), ":")
				got = append(got, name)
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestDocumentLiesInTheAppUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ setting, root, want string }{
		{"", "", "mailgrant.yaml"},
		{"", "/app", "/app/mailgrant.yaml"},
		{"own.yaml", "/app", "/app/own.yaml"},
		{"/etc/own.yaml", "/app", "/etc/own.yaml"},
	} {
		settings, _ := readConfig(lookupIn(map[string]string{"MAILGRANT_CONFIG": test.setting, "FUNCTIONS_APP_ROOT_PATH": test.root}))
		if settings.documentPath != test.want {
			t.Errorf("%+v: got %s", test, settings.documentPath)
		}
	}
}

// TestSampleHoldsEverySetting compares the sample with what is read, both ways. What
// the platform sets is not in the sample; what only the host reads is nothing that
// this process asks for.
func TestSampleHoldsEverySetting(t *testing.T) {
	t.Parallel()
	fromPlatform := []string{"FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_APP_ROOT_PATH", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"}
	forHost := []string{"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "EXPIRE_SCHEDULE", "RETEST_SCHEDULE", "DISCOVER_SCHEDULE"}
	asked := map[string]bool{}
	readConfig(func(name string) string {
		if !slices.Contains(fromPlatform, name) {
			asked[name] = true
		}
		return ""
	})
	for _, name := range forHost {
		asked[name] = true
	}
	var sample struct{ Values map[string]string }
	text, err := os.ReadFile("../local.settings.sample.json")
	if err != nil {
		t.Fatal(err)
	}
	err = json.Unmarshal(text, &sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range signInSettings {
		delete(asked, name) // a developer's own, for the client library
	}
	read, shown := slices.Sorted(maps.Keys(asked)), slices.Sorted(maps.Keys(sample.Values))
	if !slices.Equal(read, shown) {
		t.Errorf("read:   %v\nsample: %v", read, shown)
	}
}

// TestSampleStarts holds that the sample's own values have no fault.
func TestSampleStarts(t *testing.T) {
	t.Parallel()
	var sample struct{ Values map[string]string }
	text, err := os.ReadFile("../local.settings.sample.json")
	if err != nil {
		t.Fatal(err)
	}
	err = json.Unmarshal(text, &sample)
	if err != nil {
		t.Fatal(err)
	}
	sample.Values["FUNCTIONS_CUSTOMHANDLER_PORT"] = "7072"
	_, faults := readConfig(func(name string) string { return sample.Values[name] })
	if len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
}

// TestUnresolvedReferencesAreNamed: the one fault of such a setting is that it holds a
// reference; what it should have been is not asked for beside it, nor shown.
func TestUnresolvedReferencesAreNamed(t *testing.T) {
	t.Parallel()
	reference := " @Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)"
	for _, name := range []string{"GrantStorage", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "IDENTITY_HEADER", "GrantStorage__clientId"} {
		changes := map[string]string{name: reference}
		if name == "IDENTITY_HEADER" {
			changes["IDENTITY_ENDPOINT"] = "http://127.0.0.1:1/msi"
		}
		_, faults := readConfig(lookupIn(changes))
		about := slices.DeleteFunc(faults, func(err error) bool { return !strings.HasPrefix(err.Error(), name+": ") })
		if len(about) != 1 || !strings.Contains(about[0].Error(), "not resolved") || strings.Contains(about[0].Error(), "vault.azure.net") {
			t.Errorf("%s: %v", name, about)
		}
	}
}
