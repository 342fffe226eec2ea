package administer

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const tenantID = "10000000-0000-4000-8000-000000000001"

// token is a credential that has one token for everything.
type token string

// GetToken implements azcore.TokenCredential.
func (t token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// played answers everything with the handler, and notes how long it was waited.
func played(t *testing.T, as token, handler http.HandlerFunc) (*Tenant, *time.Duration) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	var waited time.Duration
	to, err := New(Options{Tenant: tenantID, Graph: server.URL, Exchange: server.URL, Credential: as, Transport: server.Client().Transport,
		Wait: func(_ context.Context, length time.Duration) error { waited += length; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return to, &waited
}

// TestRefusalsAreRead in each of the shapes in which they come.
func TestRefusalsAreRead(t *testing.T) {
	t.Parallel()
	detail := func(message string) string {
		return `{"error":{"code":"NotFound","message":"Error executing cmdlet","details":[{"message":` + message + `}]}}`
	}
	for body, want := range map[string][2]string{
		detail(`"Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|it is | gone"`):  {"ManagementObjectNotFoundException", "it is | gone"},
		detail(`"|Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException|taken"`):                         {"ADObjectAlreadyExistsException", "taken"},
		detail(`"{\"Message\":\"no\",\"TypeName\":\"Microsoft.Exchange.Admin.OData.Core.X\",\"StackTrace\":null}"`): {"X", "no"},
		detail(`"words alone"`): {"NotFound", "Error executing cmdlet"},
		`{"error":{"code":"Request_ResourceNotFound","message":"no such","innerError":{}}}`: {"Request_ResourceNotFound", "no such"},
		"\x00\x00": {"", ""}, "": {"", ""}, "[]": {"", ""},
	} {
		kind, text := Failure(Reply{Status: 400, Body: []byte(body)})
		if kind != want[0] || text != want[1] {
			t.Errorf("%q: %q, %q", body, kind, text)
		}
	}
}

// TestReadsWaitAndWritesDoNot: a read is sent again when it is asked to be, a write never.
func TestReadsWaitAndWritesDoNot(t *testing.T) {
	t.Parallel()
	for cmdlet, sent := range map[string]int32{"Get-RoleGroup": 3, "New-RoleGroup": 1, "Remove-RoleGroup": 1} {
		var count atomic.Int32
		to, waited := played(t, "t", func(w http.ResponseWriter, _ *http.Request) {
			if count.Add(1) < 3 {
				w.Header().Set("Retry-After", "1.5")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			_, _ = w.Write([]byte(`{"value":[]}`))
		})
		_, err := to.Run(t.Context(), cmdlet, nil)
		if (err == nil) != (sent == 3) || count.Load() != sent || sent == 3 && *waited != 4*time.Second {
			t.Errorf("%s: %v after %d, waited %s", cmdlet, err, count.Load(), *waited)
		}
	}
}

// TestNoSuccessIsDoubtful: what looks like a success and is none, or is not all, is an error.
func TestNoSuccessIsDoubtful(t *testing.T) {
	t.Parallel()
	for body, fine := range map[string]bool{
		`{"value":[{"Name":"a"}]}`: true, "": true, `{}`: true,
		`{"value":[],"@adminapi.errors":["it went wrong"]}`: false, `{"value":[],"@odata.nextLink":"https://x"}`: false, "half": false,
	} {
		to, _ := played(t, "t", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		_, err := to.Run(t.Context(), "Get-RoleGroup", nil)
		if (err == nil) != fine {
			t.Errorf("%q: %v", body, err)
		}
	}
}

// TestEveryObjectIsNotTheOne: an identity that is not known can be answered with every object.
func TestEveryObjectIsNotTheOne(t *testing.T) {
	t.Parallel()
	to, _ := played(t, "t", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"value":[{"Name":"other"},{"Name":"Wanted"}]}`))
	})
	row, found, err := to.Find(t.Context(), "Get-RoleGroup", "wanted", "Name")
	if err != nil || !found || row.Text("Name") != "Wanted" {
		t.Errorf("got %v, %t, %v", row, found, err)
	}
	_, found, err = to.Find(t.Context(), "Get-RoleGroup", "another", "Name")
	if err == nil || found {
		t.Error("it took somebody else's object")
	}
}

// TestTokensStayHome: neither another origin nor a plain one gets a token.
func TestTokensStayHome(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	to, _ := played(t, "secret-token", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "https://attacker.example/", http.StatusTemporaryRedirect)
	})
	for _, path := range []string{"https://attacker.example/v1.0", to.options.Graph + ".attacker.example/v1.0"} {
		_, err := to.Send(t.Context(), Request{Method: "GET", Path: path, To: Graph})
		if err == nil || !strings.Contains(err.Error(), "no token is sent there") {
			t.Errorf("%s: %v", path, err)
		}
	}
	got, err := to.Send(t.Context(), Request{Method: "GET", Path: "/v1.0/x", To: Graph})
	if err != nil || got.Status != http.StatusTemporaryRedirect || asked.Load() != 1 {
		t.Errorf("got %d, %v after %d", got.Status, err, asked.Load())
	}
	for _, origin := range []string{"http://graph.example", "https://graph.example/x", "graph.example", "https://a@b"} {
		_, err := New(Options{Tenant: tenantID, Graph: origin})
		if err == nil {
			t.Errorf("%s is taken", origin)
		}
	}
}

// TestPeopleAreAnchoredAtTheirName, applications at a system mailbox.
func TestPeopleAreAnchoredAtTheirName(t *testing.T) {
	t.Parallel()
	for claims, anchor := range map[string]string{
		`{"upn":"alice@contoso.example"}`: "UPN:alice@contoso.example",
		`{"appid":"a"}`:                   "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@" + tenantID,
	} {
		as := token("e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln")
		to, err := New(Options{Tenant: tenantID, Credential: as})
		if err != nil {
			t.Fatal(err)
		}
		wanted, err := to.Command(t.Context(), "Get-RoleGroup", nil)
		if err != nil || wanted.Header.Get("X-AnchorMailbox") != anchor {
			t.Errorf("%s: %v, %v", claims, wanted.Header, err)
		}
	}
}

// TestGivenTokensAreUsed where there is one for each resource.
func TestGivenTokensAreUsed(t *testing.T) {
	t.Parallel()
	env := map[string]string{"MAILGRANT_GRAPH_TOKEN": "one", "MAILGRANT_EXCHANGE_TOKEN": "two"}
	credential, err := SignIn(func(name string) string { return env[name] }, nil)
	if err != nil {
		t.Fatal(err)
	}
	for scope, want := range map[Resource]string{Graph: "one", Exchange: "two"} {
		got, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{string(scope)}})
		if err != nil || got.Token != want {
			t.Errorf("%s: %q, %v", scope, got.Token, err)
		}
	}
	_, err = credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
	if err == nil {
		t.Error("a token for another resource was made up")
	}
}
