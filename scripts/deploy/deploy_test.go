package main

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// fake writes what it was called with to the log, with the key that it was given, and answers as the
// files beside it say: NAME.exit is its exit code, by the words of the call joined with hyphens.
const fake = `#!/bin/sh
folder=$(dirname "$0")
echo "$(basename "$0") $*${MAILGRANT_KEY:+ [key $MAILGRANT_KEY]}${AZURE_TENANT_ID:+ [tenant $AZURE_TENANT_ID]}" >> "$folder/log"
case "$*" in
  "account show --query tenantId"*) echo "10000000-0000-4000-8000-000000000001" ;;
  "account show"*) echo "Contoso Production 5b0c tenant alice@contoso.example" ;;
  "deployment group"*) cat "$folder/outputs" ;;
  "functionapp keys list"*) echo "the-function-key" ;;
esac
for failing in "$folder"/fail.*; do
  [ -e "$failing" ] || continue
  case "$*" in *"$(cat "$failing")"*) exit 3 ;; esac
done
exit 0
`

// stage is a folder that looks like the repository, with az and go that only write down what is asked.
type stage struct {
	*testing.T
	root, tools string
	looked      atomic.Int32
	client      *http.Client
	host        string
	out, err    bytes.Buffer
}

// set: the service answers at the third look.
func set(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, root: t.TempDir(), tools: t.TempDir()}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/health" || s.looked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	s.client, s.host = server.Client(), strings.TrimPrefix(server.URL, "https://")
	for _, name := range []string{"az", "go"} {
		s.write(filepath.Join(s.tools, name), fake, 0o755)
	}
	s.write(filepath.Join(s.tools, "outputs"), `{"appName":{"type":"String","value":"mailgrant-conto1-x"},"hostName":{"value":"`+s.host+
		`"},"principalId":{"value":"b0000000-0000-4000-8000-000000000001"},"vaultName":{"value":"mg"}}`, 0o644)
	s.write(filepath.Join(s.root, "parameters.json"), "{}", 0o644)
	s.write(filepath.Join(s.root, "document.yaml"), "canaries: [ceo@contoso.example, cfo@contoso.example]\nmechanisms: [rbac, accessPolicy]\nconsentBy: service\n", 0o644)
	s.packageOf("host.json", "handler")
	t.Setenv("AZURE_TENANT_ID", "")
	t.Setenv("MAILGRANT_KEY", "")
	t.Setenv("PATH", s.tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	return s
}

func (s *stage) write(name, text string, mode fs.FileMode) {
	s.Helper()
	err := os.WriteFile(name, []byte(text), mode)
	if err != nil {
		s.Fatal(err)
	}
}

// packageOf is what scripts/package would leave; the last file is executable.
func (s *stage) packageOf(names ...string) {
	s.Helper()
	var text bytes.Buffer
	archive := zip.NewWriter(&text)
	for _, name := range names {
		header := &zip.FileHeader{Name: name}
		header.SetMode(0o644)
		if name == names[len(names)-1] {
			header.SetMode(0o755)
		}
		_, err := archive.CreateHeader(header)
		if err != nil {
			s.Fatal(err)
		}
	}
	err := archive.Close()
	if err == nil {
		err = os.MkdirAll(filepath.Join(s.root, "build"), 0o755)
	}
	if err != nil {
		s.Fatal(err)
	}
	s.write(filepath.Join(s.root, "build", "mailgrant.zip"), text.String(), 0o644)
}

func (s *stage) run(answer string, args ...string) error {
	s.out.Reset()
	usual := []string{"-group", "mail tools", "-parameters", filepath.Join(s.root, "parameters.json"), "-document", filepath.Join(s.root, "document.yaml")}
	return run(s.Context(), append(usual, args...), world{in: strings.NewReader(answer), out: &s.out, err: &s.err, root: s.root, client: s.client})
}

// calls are the lines that az and go have written, without the repository's folder.
func (s *stage) calls() []string {
	text, err := os.ReadFile(filepath.Join(s.tools, "log"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), s.root+"/", "")), "\n")
}

const (
	account      = "az account show --query join(' ', [name, id, tenantId, user.name]) --output tsv"
	register     = "az provider register --namespace Microsoft.App --wait"
	create       = "az deployment group create --resource-group mail tools --name mailgrant --template-file infra/main.bicep --parameters @parameters.json --query properties.outputs --output json"
	show         = "az deployment group show --resource-group mail tools --name mailgrant --query properties.outputs --output json"
	tenantOf     = "az account show --query tenantId --output tsv"
	inTenant     = " [tenant 10000000-0000-4000-8000-000000000001]"
	rights       = "go run ./scripts/bootstrap -identity b0000000-0000-4000-8000-000000000001 -mechanisms rbac,accessPolicy -consent-by service"
	publish      = "az functionapp deployment source config-zip --resource-group mail tools --name mailgrant-conto1-x --src build/deploy.zip"
	keys         = "az functionapp keys list --resource-group mail tools --name mailgrant-conto1-x --query functionKeys.default --output tsv"
	trialApp     = "a0000000-0000-4000-8000-000000000002"
	trialMailbox = "test@contoso.example"
)

func (s *stage) wantCalls(want ...string) {
	s.Helper()
	if got := s.calls(); !slices.Equal(got, want) {
		s.Errorf("the calls were\n  %s\nwanted\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestDeployedInOrder: the rights before the code, the key in nobody's sight.
func TestDeployedInOrder(t *testing.T) {
	s := set(t)
	err := s.run("y\n", "-workload", trialApp, "-mailbox", trialMailbox)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.out.String())
	}
	s.wantCalls(account, "go run ./scripts/package", register, create, tenantOf, rights+inTenant, publish, keys,
		"go run ./scripts/doctor https://"+s.host+" [key the-function-key]",
		"go run ./scripts/smoke -service https://"+s.host+" -workload "+trialApp+" -mailbox "+trialMailbox+" [key the-function-key]")
	if told := s.out.String(); strings.Contains(told, "the-function-key") || !strings.Contains(told, "Contoso Production") || !strings.Contains(told, "mailgrant serves https://"+s.host) {
		t.Errorf("it said:\n%s", told)
	}
	if s.looked.Load() != 3 {
		t.Errorf("it looked %d times whether the service answers", s.looked.Load())
	}
	s.wantPackage("host.json -rw-r--r--", "handler -rwxr-xr-x", "mailgrant.yaml -rw-r--r--")
}

// wantPackage looks at what is published: everything of the package, with its modes, and the document.
func (s *stage) wantPackage(want ...string) {
	s.Helper()
	published, err := zip.OpenReader(filepath.Join(s.root, "build", "deploy.zip"))
	if err != nil {
		s.Fatal(err)
	}
	defer published.Close()
	var got []string
	for _, each := range published.File {
		got = append(got, each.Name+" "+each.Mode().String())
	}
	if !slices.Equal(got, want) {
		s.Errorf("published is %v", got)
	}
	document, err := published.Open("mailgrant.yaml")
	if err != nil {
		s.Fatal(err)
	}
	text, err := io.ReadAll(document)
	if err != nil || !strings.HasPrefix(string(text), "canaries:") {
		s.Errorf("the document is %q, %v", text, err)
	}
}

// TestDryRunPrintsTheVeryCommands and runs none.
func TestDryRunPrintsTheVeryCommands(t *testing.T) {
	s := set(t)
	err := s.run("", "-dry-run", "-yes", "-parameters", "parameters.json", "-workload", trialApp, "-mailbox", trialMailbox)
	if err == nil {
		t.Fatal("a missing file of parameters was not noticed")
	}
	err = s.run("", "-dry-run", "-yes", "-workload", trialApp, "-mailbox", trialMailbox)
	if err != nil || len(s.calls()) > 0 {
		t.Fatalf("%v, calls %v", err, s.calls())
	}
	want := `# package
go run ./scripts/package
# build/deploy.zip: build/mailgrant.zip with document.yaml as mailgrant.yaml
# infrastructure
az provider register --namespace Microsoft.App --wait
az deployment group create --resource-group 'mail tools' --name mailgrant --template-file infra/main.bicep --parameters @parameters.json --query properties.outputs --output json
# bootstrap
az account show --query tenantId --output tsv
go run ./scripts/bootstrap -identity '<principalId>' -mechanisms rbac,accessPolicy -consent-by service -yes
# publish
az functionapp deployment source config-zip --resource-group 'mail tools' --name '<appName>' --src build/deploy.zip
# try
# until it answers: GET https://<hostName>/api/health
az functionapp keys list --resource-group 'mail tools' --name '<appName>' --query functionKeys.default --output tsv
go run ./scripts/doctor 'https://<hostName>'
go run ./scripts/smoke -service 'https://<hostName>' -workload ` + trialApp + " -mailbox " + trialMailbox + "\n"
	if got := strings.ReplaceAll(s.out.String(), s.root+"/", ""); got != want {
		t.Errorf("it printed\n%s", got)
	}
}

// TestNothingIsPublishedBeforeTheRights: a failure stops there, says how to go on, and going on does
// not begin anew.
func TestNothingIsPublishedBeforeTheRights(t *testing.T) {
	s := set(t)
	s.write(filepath.Join(s.tools, "fail.rights"), "scripts/bootstrap", 0o644)
	err := s.run("", "-yes")
	if err == nil || !strings.Contains(err.Error(), "with -from bootstrap") || !strings.Contains(err.Error(), "go on with -from publish") {
		t.Fatalf("got %v", err)
	}
	s.wantCalls(account, "go run ./scripts/package", register, create, tenantOf, rights+" -yes"+inTenant)
	err = os.Remove(filepath.Join(s.tools, "log"))
	if err != nil {
		t.Fatal(err)
	}
	err = s.run("", "-yes", "-from", "publish")
	if err != nil {
		t.Fatal(err)
	}
	s.wantCalls(account, show, publish, keys, "go run ./scripts/doctor https://"+s.host+" [key the-function-key]")
}

func TestFailuresSayTheNextStep(t *testing.T) {
	for _, test := range []struct {
		name, fails, answer string
		args                []string
		document, says      string
		calls               int
	}{
		{"not signed in", "account show", "", []string{"-yes"}, "", "Next: az login", 1},
		{"no", "", "n\n", nil, "", "nothing was done", 1},
		{"nobody there", "", "", nil, "", "-yes answers for you", 1},
		{"template refused", "group create", "", []string{"-yes"}, "", "az deployment operation group list", 4},
		{"a fault", "scripts/doctor", "", []string{"-yes", "-from", "try"}, "", "with -from try", 4},
		{"faulty document", "", "", []string{"-yes"}, "canaryes: [one@contoso.example]\n", "is faulty", 0},
		{"unknown step", "", "", []string{"-from", "nowhere"}, "", "package, infrastructure", 0},
		{"half a trial", "", "", []string{"-mailbox", trialMailbox}, "", "go together", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := set(t)
			if test.fails != "" {
				s.write(filepath.Join(s.tools, "fail.one"), test.fails, 0o644)
			}
			if test.document != "" {
				s.write(filepath.Join(s.root, "document.yaml"), test.document, 0o644)
			}
			err := s.run(test.answer, test.args...)
			if err == nil || !strings.Contains(err.Error(), test.says) || len(s.calls()) != test.calls {
				t.Errorf("got %v after %v", err, s.calls())
			}
		})
	}
}

// TestNoStartIsNoSuccess: a service that never answers ends the waiting.
func TestNoStartIsNoSuccess(t *testing.T) {
	s := set(t)
	s.looked.Store(-1000)
	err := s.run("", "-yes", "-from", "try")
	if err == nil || !strings.Contains(err.Error(), "does not serve (answered 503)") {
		t.Fatalf("got %v", err)
	}
	s.wantCalls(account, show)
}
