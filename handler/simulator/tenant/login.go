package tenant

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	discoveryPath = "/common/discovery/instance"
	identityPath  = "/msi/token"
	// identityVersion is the managed-identity interface of App Service that is played.
	identityVersion = "2019-08-01"
)

// serveToken knows three-part paths only; the first part is the tenant.
func (t *Tenant) serveToken(c *call) answer {
	path := c.request.URL.Path
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case path == identityPath && c.request.Method == http.MethodGet:
		return t.identityToken(c)
	case path == discoveryPath && c.request.Method == http.MethodGet:
		return t.discovery(c)
	case rest == "oauth2/v2.0/token" && c.request.Method == http.MethodPost:
		return t.clientToken(c)
	case rest == "v2.0/.well-known/openid-configuration" && c.request.Method == http.MethodGet:
		return t.openIDConfiguration(c)
	}
	return unknownAnswer(c, "the path is not played")
}

// discovery answers a client library that asks whether this authority can be trusted.
func (t *Tenant) discovery(c *call) answer {
	host := c.request.Host
	return jsonAnswer(http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": c.origin() + "/" + t.organization.ID + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": host, "preferred_cache": host, "aliases": []string{host},
		}},
	})
}

// openIDConfiguration repeats the host that the client used, because client libraries compare it.
func (t *Tenant) openIDConfiguration(c *call) answer {
	name, _, _ := strings.Cut(strings.TrimPrefix(c.request.URL.Path, "/"), "/")
	if !t.isTenant(name) {
		return jsonAnswer(http.StatusBadRequest, map[string]any{
			"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant '" + name + "' not found.",
		})
	}
	base := c.origin() + "/" + t.organization.ID
	return jsonAnswer(http.StatusOK, map[string]any{
		"issuer": base + "/v2.0", "token_endpoint": base + "/oauth2/v2.0/token",
		"authorization_endpoint": base + "/oauth2/v2.0/authorize",
		"jwks_uri":               base + "/discovery/v2.0/keys",
	})
}

// isTenant takes the GUID and the domain, as the original does in every path.
func (t *Tenant) isTenant(name string) bool {
	return strings.EqualFold(name, t.organization.ID) || strings.EqualFold(name, t.organization.Domain)
}

// clientToken is the client-credentials flow with a secret.
func (t *Tenant) clientToken(c *call) answer {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return tokenError(http.StatusBadRequest, "invalid_request", "AADSTS900144: the body cannot be read.")
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(c.request.URL.Path, "/"), "/")
	resource := resourceOf(form.Get("scope"))
	scope, _, _ := strings.Cut(form.Get("scope"), " ")
	if resource == "" {
		resource = resourceOf(scope)
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	holder, found := t.state.principal(form.Get("client_id"))
	switch {
	case !t.isTenant(name):
		return tokenError(http.StatusBadRequest, "invalid_request", "AADSTS90002: Tenant '"+name+"' not found.")
	case form.Get("grant_type") != "client_credentials":
		return tokenError(http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: the grant type is not supported.")
	case !found || !strings.EqualFold(holder.AppID, form.Get("client_id")):
		return tokenError(http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
	case holder.Secret == "" || holder.Secret != form.Get("client_secret"):
		return tokenError(http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
	case resource == "":
		return tokenError(http.StatusBadRequest, "invalid_resource", "AADSTS500011: The resource principal was not found.")
	}
	token, made := t.mint(holder, resource)
	life := made.Expires - made.IssuedAt
	return jsonAnswer(http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token,
	})
}

// tokenError has the shape of OAuth 2.0 (RFC 6749, section 5.2).
func tokenError(status int, code, description string) answer {
	return jsonAnswer(status, map[string]any{"error": code, "error_description": description, "error_codes": []int{}})
}

// identityToken is App Service's managed-identity endpoint (Microsoft Learn, How to use managed
// identities for App Service and Azure Functions, REST endpoint reference).
func (t *Tenant) identityToken(c *call) answer {
	if c.request.Header.Get("X-IDENTITY-HEADER") != t.identityHeader {
		return identityError(http.StatusUnauthorized, "The X-IDENTITY-HEADER is missing or wrong.")
	}
	if c.query("api-version") != identityVersion {
		return identityError(http.StatusBadRequest, "The api-version is not supported.")
	}
	resource := resourceOf(c.query("resource"))
	if resource == "" {
		return identityError(http.StatusBadRequest, "The resource is not known.")
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	wanted := c.query("client_id")
	if wanted == "" {
		wanted = t.service.AppID
	}
	holder, found := t.state.principal(wanted)
	if !found || holder.Type != typeManagedIdentity || !strings.EqualFold(holder.AppID, wanted) {
		return identityError(http.StatusBadRequest, "No managed identity was found for this client id.")
	}
	if c.conditions.other {
		holder = t.otherIdentity(holder)
	}
	token, made := t.mint(holder, resource)
	return jsonAnswer(http.StatusOK, map[string]any{
		"access_token": token, "expires_on": strconv.FormatInt(made.Expires, 10),
		"resource": c.query("resource"), "token_type": "Bearer", "client_id": holder.AppID,
	})
}

// otherIdentity is another managed identity of the tenant; the same one where there is none.
func (t *Tenant) otherIdentity(asked principal) principal {
	for _, each := range t.state.principals {
		if !each.deleted && each.Type == typeManagedIdentity && each.ObjectID != asked.ObjectID {
			return each
		}
	}
	return asked
}

func identityError(status int, message string) answer {
	return jsonAnswer(status, map[string]any{"statusCode": status, "message": message})
}

// Token mints an access token as this workload now, with the app roles that it holds now. The
// workload is an app id or an object id; the resource is "graph", "exchange", or an address of
// theirs. It returns "" when the tenant knows one of them not.
func (t *Tenant) Token(workload, resource string) string {
	t.settle()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	holder, found := t.state.principal(workload)
	short := resourceOf(resource)
	if !found || short == "" {
		return ""
	}
	token, _ := t.mint(holder, short)
	return token
}
