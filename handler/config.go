package main

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mailgrant/handler/grant"
)

// config is what the environment says, read once and checked. Empty endpoints mean
// the public cloud.
type config struct {
	port             int
	tenant           string
	clientID         string // of the service's own identity; empty for a system-assigned one
	authority        string
	managedIdentity  bool // the platform offers a managed identity's endpoint
	installation     string
	documentPath     string
	storage          storageConfig
	graphEndpoint    string
	exchangeEndpoint string
	collector        string // where traces and metrics go; empty where nobody asks for any
}

// storageConfig names the storage account in exactly one of two ways.
type storageConfig struct {
	connection                   string
	tableEndpoint, queueEndpoint string
	clientID                     string // of the identity for storage; empty means the service's own
}

// defaultDocument is where the operator's document lies in the package when
// MAILGRANT_CONFIG does not say otherwise.
const defaultDocument = "mailgrant.yaml"

// readConfig reads every setting through lookup and returns every fault at once,
// relations between settings included. A setting that is blank counts as unset.
func readConfig(lookup func(string) string) (config, []error) {
	r := settingsReader{lookup: lookup}
	settings := config{
		port:             r.port("FUNCTIONS_CUSTOMHANDLER_PORT"),
		tenant:           r.guid("AZURE_TENANT_ID", true),
		clientID:         r.guid("AZURE_CLIENT_ID", false),
		authority:        r.origin("AZURE_AUTHORITY_HOST"),
		managedIdentity:  r.managedIdentity(),
		installation:     r.installation("MAILGRANT_INSTALLATION"),
		documentPath:     r.document("MAILGRANT_CONFIG"),
		storage:          r.storage("GrantStorage"),
		graphEndpoint:    r.origin("GRAPH_ENDPOINT"),
		exchangeEndpoint: r.origin("EXCHANGE_ENDPOINT"),
		collector:        r.collector("OTEL_EXPORTER_OTLP_ENDPOINT"),
	}
	for _, name := range signInSettings {
		_ = r.get(name)
	}
	return settings, r.faults
}

// signInSettings are read by the client library alone, and may be references.
var signInSettings = [...]string{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD"}

// settingsReader collects every fault while settings are read.
type settingsReader struct {
	lookup func(string) string
	faults []error
	// unresolved are the settings whose one fault is that they hold a reference.
	unresolved []string
}

// vaultReference begins a setting whose value lies in Key Vault. Where the platform cannot
// read it there, the setting keeps the reference itself (Microsoft Learn, Use Key Vault
// references as app settings, Troubleshoot Key Vault references).
const vaultReference = "@Microsoft.KeyVault("

func (r *settingsReader) get(name string) string {
	text := strings.TrimSpace(r.lookup(name))
	if !strings.HasPrefix(text, vaultReference) {
		return text
	}
	if !slices.Contains(r.unresolved, name) {
		r.fault(name, "the reference to Key Vault was not resolved: the app's identity needs Key Vault Secrets User on the vault, "+
			"keyVaultReferenceIdentity has to name that identity, and the secret has to exist and be enabled")
		r.unresolved = append(r.unresolved, name)
	}
	return ""
}

func (r *settingsReader) fault(name, detail string) {
	if slices.Contains(r.unresolved, name) {
		return // whatever it lacks, it lacks because of that
	}
	r.faults = append(r.faults, errors.New(name+": "+detail))
}

func (r *settingsReader) port(name string) int {
	text := r.get(name)
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || number == 0 {
		r.fault(name, "the host sets this to the port that it will call, 1 to 65535")
		return 0
	}
	return int(number)
}

func (r *settingsReader) guid(name string, required bool) string {
	text := r.get(name)
	switch {
	case text == "" && required:
		r.fault(name, "this is required; a GUID")
	case text != "" && !grant.IsGUID(text):
		r.fault(name, "this has to be a GUID")
	}
	return strings.ToLower(text)
}

// origin reads an https address without a path. There is no setting that allows
// plain http: tokens travel on these addresses.
func (r *settingsReader) origin(name string) string {
	text := r.get(name)
	if text == "" {
		return ""
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "https" || address.Host == "" || strings.Trim(address.Path, "/") != "" ||
		address.RawQuery != "" || address.Fragment != "" || address.User != nil {
		r.fault(name, "this has to be an https address without path, query or user")
		return ""
	}
	return "https://" + address.Host
}

// collector reads the base address of a collector of telemetry. What goes there holds no
// secrets, and a collector often runs beside the service, so plain http is allowed.
func (r *settingsReader) collector(name string) string {
	text := r.get(name)
	if text == "" {
		return ""
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Host == "" || address.RawQuery != "" ||
		address.Fragment != "" || address.User != nil {
		r.fault(name, "this has to be an http or https address without query or user; headers go into OTEL_EXPORTER_OTLP_HEADERS")
		return ""
	}
	return text
}

// managedIdentity reports whether the platform offers a managed identity (App
// Service REST endpoint reference: both variables are set together).
func (r *settingsReader) managedIdentity() bool {
	endpoint, header := r.get("IDENTITY_ENDPOINT"), r.get("IDENTITY_HEADER")
	if (endpoint == "") != (header == "") {
		r.fault("IDENTITY_ENDPOINT", "this and IDENTITY_HEADER are set together by the platform, or not at all")
	}
	return endpoint != ""
}

func (r *settingsReader) installation(name string) string {
	text := r.get(name)
	if !grant.IsInstallation(text) {
		r.fault(name, "six lower-case letters or digits are required; they mark every object that is made in the tenant")
	}
	return text
}

// document does not look at the file: one that is missing or faulty stops new
// access and must not stop the process.
func (r *settingsReader) document(name string) string {
	path, root := r.get(name), r.get("FUNCTIONS_APP_ROOT_PATH")
	if path == "" {
		path = defaultDocument
	}
	if filepath.IsAbs(path) || root == "" {
		return path
	}
	return filepath.Join(root, path)
}

func (r *settingsReader) storage(prefix string) storageConfig {
	read := storageConfig{
		connection:    r.get(prefix),
		tableEndpoint: r.origin(prefix + "__tableServiceUri"),
		queueEndpoint: r.origin(prefix + "__queueServiceUri"),
		clientID:      r.guid(prefix+"__clientId", false),
	}
	credential := r.get(prefix + "__credential")
	named := r.get(prefix+"__tableServiceUri") != "" || r.get(prefix+"__queueServiceUri") != ""
	both := r.get(prefix+"__tableServiceUri") != "" && r.get(prefix+"__queueServiceUri") != ""
	switch {
	case read.connection == "" && !named:
		r.fault(prefix, fmt.Sprintf("either a connection string, or %s__tableServiceUri and %s__queueServiceUri, is required", prefix, prefix))
	case read.connection != "" && named:
		r.fault(prefix, "a connection string and service addresses are both set; which one counts cannot be told")
	case named && !both:
		r.fault(prefix, fmt.Sprintf("%s__tableServiceUri and %s__queueServiceUri are set together", prefix, prefix))
	case strings.EqualFold(read.connection, "UseDevelopmentStorage=true"):
		r.fault(prefix, "the short form for the emulator is known to the host alone; the full connection string is needed")
	}
	if credential != "" && !strings.EqualFold(credential, "managedidentity") {
		r.fault(prefix+"__credential", "managedidentity is the only value that is known")
	}
	if read.clientID != "" && credential == "" {
		r.fault(prefix+"__clientId", "this says which managed identity; it needs "+prefix+"__credential")
	}
	return read
}
