package exchange

import (
	"net/http"
	"strings"
	"testing"
)

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := New(Options{Endpoint: "http://outlook.office365.com", Tenant: "contoso"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, part := range []string{"endpoint", "tenant", "credential"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name the %s", err, part)
		}
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "https://outlook.office365.com",
		"https://127.0.0.1:8443/":                "https://127.0.0.1:8443",
		"https://outlook.office365.us":           "https://outlook.office365.us",
		"https://outlook.office365.com/adminapi": "",
		"https://user:secret@host":               "",
		"https://host?x=1":                       "",
		"https://host#x":                         "",
		"https://":                               "",
		"outlook.office365.com":                  "",
		"https://ho st":                          "",
	} {
		client, err := New(Options{Endpoint: text, Tenant: strings.ToUpper(testTenant), Credential: staticCredential{}})
		if (err == nil) != (want != "") {
			t.Errorf("%q: error %v", text, err)
			continue
		}
		if err != nil {
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the password: %v", err)
			}
			continue
		}
		if got := client.address.String(); got != want+"/adminapi/beta/"+testTenant+"/InvokeCommand" {
			t.Errorf("%q gives %q", text, got)
		}
	}
}

func TestTheGivenClientIsNotChanged(t *testing.T) {
	t.Parallel()
	given := &http.Client{}
	own, isClient := withoutRedirects(given).(*http.Client)
	if !isClient || own == given || given.CheckRedirect != nil || own.CheckRedirect == nil {
		t.Error("the caller's client must stay as it is, ours must not follow redirects")
	}
}
