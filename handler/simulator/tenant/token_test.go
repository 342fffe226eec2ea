package tenant

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func decoded(t *testing.T, token string) claims {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q has not three parts", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var read claims
	err = json.Unmarshal(text, &read)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestTokensCarryTheRolesOnTheirResource(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	read := decoded(t, to.Token(SampleArchiveAppID, "graph"))
	if read.Audience != "https://graph.microsoft.com" || read.ObjectID != SampleArchiveObjectID || read.TenantID != SampleTenantID ||
		!slices.Equal(read.Roles, []string{"Mail.ReadWrite"}) {
		t.Errorf("got %+v", read)
	}
	if roles := decoded(t, to.Token(SampleArchiveAppID, "exchange")).Roles; roles != nil {
		t.Errorf("on the other resource: %v", roles)
	}
	if to.Token("nobody", "graph") != "" || to.Token(SampleArchiveAppID, "sharepoint") != "" {
		t.Error("a token for nobody or nothing")
	}
}

func TestTokensLiveOnTheSharedClockButTheServicesDoNot(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	for workload, life := range map[string]time.Duration{SampleArchiveAppID: time.Hour, SampleRoomBookingAppID: 24 * time.Hour} {
		read := decoded(t, to.Token(workload, "graph"))
		if time.Unix(read.Expires, 0).Sub(time.Unix(read.IssuedAt, 0)) != life || time.Unix(read.IssuedAt, 0).Before(testStart) {
			t.Errorf("%s has a token from %d to %d", workload, read.IssuedAt, read.Expires)
		}
	}
	own := to.Token(SampleServiceAppID, "graph")
	to.Advance(60 * 24 * time.Hour)
	wantStatus(t, send(t, to, "GET", "/v1.0/servicePrincipals", "", own), 200)
	if left := time.Until(time.Unix(decoded(t, own).Expires, 0)); left < 24*time.Hour {
		t.Errorf("the service's token lives %s", left)
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	token := to.Token(SampleServiceAppID, "graph")
	head, rest, _ := strings.Cut(token, ".")
	for _, forged := range []string{"", "x", "a.b", head + "." + rest + "A", "x" + token, head + "..", to.Token(SampleServiceAppID, "exchange")} {
		wantStatus(t, send(t, to, "GET", "/v1.0/servicePrincipals", "", forged), 401)
	}
	wantStatus(t, send(t, to, "GET", "/v1.0/servicePrincipals", "", token), 200)
}

func TestManagedIdentityEndpoint(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	ask := func(header, query string) wireReply {
		request, err := http.NewRequestWithContext(t.Context(), "GET", to.IdentityURL()+"?"+query, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-IDENTITY-HEADER", header)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		read := wireReply{Status: response.StatusCode}
		err = json.NewDecoder(response.Body).Decode(&read.Body)
		if err != nil {
			t.Fatal(err)
		}
		return read
	}
	const fine = "resource=https://graph.microsoft.com&api-version=2019-08-01"
	wantStatus(t, ask("", fine), 401)
	wantStatus(t, ask(to.IdentityHeader(), "resource=https://graph.microsoft.com&api-version=2017-09-01"), 400)
	wantStatus(t, ask(to.IdentityHeader(), "resource=https://vault.azure.net&api-version=2019-08-01"), 400)
	wantStatus(t, ask(to.IdentityHeader(), fine+"&client_id="+SampleNewsletterAppID), 400)
	own := ask(to.IdentityHeader(), fine)
	wantStatus(t, own, 200)
	read := decoded(t, own.Body["access_token"].(string))
	if read.AppID != SampleServiceAppID || own.Body["expires_on"] != strconv.FormatInt(read.Expires, 10) || own.Body["token_type"] != "Bearer" {
		t.Errorf("got %v", own.Body)
	}
	room := ask(to.IdentityHeader(), fine+"&client_id="+SampleRoomBookingAppID)
	if decoded(t, room.Body["access_token"].(string)).ObjectID != SampleRoomBookingObjectID {
		t.Errorf("got %v", room.Body)
	}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {SampleNewsletterAppID}, "client_secret": {SampleNewsletterSecret},
		"scope": {"https://graph.microsoft.com/.default openid offline_access profile"},
	}
	path := "/" + SampleTenantID + "/oauth2/v2.0/token"
	got := send(t, to, "POST", path, form.Encode(), "")
	wantStatus(t, got, 200)
	if decoded(t, got.Body["access_token"].(string)).AppID != SampleNewsletterAppID || got.Body["expires_in"] != 3600.0 {
		t.Errorf("got %v", got.Body)
	}
	for name, value := range map[string]string{
		"client_secret": "wrong", "client_id": SampleNewsletterObjectID, "scope": "https://vault.azure.net/.default", "grant_type": "password",
	} {
		changed := url.Values{}
		for each, values := range form {
			changed[each] = values
		}
		changed.Set(name, value)
		if got := send(t, to, "POST", path, changed.Encode(), ""); got.Status < 400 || got.Body["error"] == nil {
			t.Errorf("%s=%s is answered %d %s", name, value, got.Status, got.Text)
		}
	}
	wantStatus(t, send(t, to, "POST", "/"+SampleNewsGUID+"/oauth2/v2.0/token", form.Encode(), ""), 400)
}

func TestDiscoveryNamesThisTenant(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	got := send(t, to, "GET", "/common/discovery/instance?api-version=1.1", "", "")
	address := got.Body["tenant_discovery_endpoint"].(string)
	found := send(t, to, "GET", address, "", "")
	wantStatus(t, found, 200)
	if found.Body["token_endpoint"] != to.URL()+"/"+SampleTenantID+"/oauth2/v2.0/token" {
		t.Errorf("got %v", found.Body)
	}
	wantStatus(t, send(t, to, "GET", "/"+SampleNewsGUID+"/v2.0/.well-known/openid-configuration", "", ""), 400)
}
