package graph_test

import (
	"net/http"
	"strings"
	"testing"

	"mailgrant/handler/graph"
)

func TestOwnersAndFederatedCredentials(t *testing.T) {
	t.Parallel()
	served := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/servicePrincipals/"+objectID+"/owners"):
			reply(w, http.StatusOK, `{"value":[{"@odata.type":"#microsoft.graph.user","id":"`+appID+`","userPrincipalName":"alice@contoso.example"}]}`)
		case strings.HasSuffix(r.URL.Path, "/servicePrincipals/"+objectID+"/federatedIdentityCredentials"):
			reply(w, http.StatusOK, `{"value":[{"id":"1","name":"ci","issuer":"https://token.example","subject":"repo:x"},{"id":"2"}]}`)
		default:
			reply(w, http.StatusNotFound, absent)
		}
	})
	owners, err := served.client(t).ListOwners(t.Context(), objectID)
	if err != nil || len(owners) != 1 || owners[0].UserPrincipalName != "alice@contoso.example" || owners[0].Type != graph.MemberUser {
		t.Errorf("got %+v, %v", owners, err)
	}
	credentials, err := served.client(t).ListFederatedCredentials(t.Context(), objectID)
	if err != nil || len(credentials) != 2 || credentials[0] != (graph.FederatedCredential{Name: "ci", Issuer: "https://token.example", Subject: "repo:x"}) || credentials[1].Name != "2" {
		t.Errorf("got %+v, %v", credentials, err)
	}
	_, err = served.client(t).ListFederatedCredentials(t.Context(), appID)
	wantKind(t, err, graph.NotFound)
	_, err = served.client(t).ListFederatedCredentials(t.Context(), "me")
	wantKind(t, err, graph.BadRequest)
}

func TestNamelessFederatedCredentialIsNoList(t *testing.T) {
	t.Parallel()
	served := serve(t, always(http.StatusOK, `{"value":[{"issuer":"https://token.example"}]}`))
	_, err := served.client(t).ListFederatedCredentials(t.Context(), objectID)
	wantKind(t, err, graph.Incomplete)
}

// TestTokenThatCannotBeRead: the helper's token is opaque, and no part of it is shown.
func TestTokenThatCannotBeRead(t *testing.T) {
	t.Parallel()
	served := serve(t, always(http.StatusOK, `{}`))
	_, err := served.client(t).Token(t.Context())
	wantKind(t, err, graph.Incomplete)
	if strings.Contains(err.Error(), "opaque") || served.asked() != 0 {
		t.Errorf("%v after %d requests", err, served.asked())
	}
}
