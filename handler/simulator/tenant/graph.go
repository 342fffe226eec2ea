package tenant

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// graphRoute is one played path of Graph v1.0. Identifiers in the path come as arguments.
type graphRoute struct {
	method  string
	pattern *regexp.Regexp
	options []string
	// roles open the route to read; nil means those for applications.
	roles []string
	// writers open the route to change; nil means those for consents.
	writers []string
	serve   func(*Tenant, *call, time.Time, []string) answer
}

var (
	selectOnly  = []string{"$select"}
	listOptions = []string{"$select", "$filter", "$top", pageOption}
)

// graphRoutes lists what is played. Keys like servicePrincipals(appId='…') come decoded.
var graphRoutes = []graphRoute{
	graphPath("GET", `/servicePrincipals`, listOptions, (*Tenant).listPrincipals),
	graphPath("GET", `/servicePrincipals\(appId='([^']*)'\)`, selectOnly, (*Tenant).principalByAppID),
	graphPath("GET", `/servicePrincipals/([^/]+)`, selectOnly, (*Tenant).principalByID),
	graphPath("GET", `/servicePrincipals/([^/]+)/appRoleAssignments`, listOptions, (*Tenant).listConsents),
	graphPath("GET", `/servicePrincipals/([^/]+)/appRoleAssignedTo`, listOptions, (*Tenant).listConsentsTo),
	graphPath("GET", `/servicePrincipals/([^/]+)/owners`, listOptions, (*Tenant).listOwners),
	graphPath("GET", `/servicePrincipals/([^/]+)/federatedIdentityCredentials`, listOptions, (*Tenant).listFederated),
	graphPath("POST", `/servicePrincipals/([^/]+)/(?:appRoleAssignments|appRoleAssignedTo)`, nil, (*Tenant).postConsent),
	graphPath("DELETE", `/servicePrincipals/([^/]+)/(?:appRoleAssignments|appRoleAssignedTo)/([^/]+)`, nil, (*Tenant).deleteConsent),
	graphPath("GET", `/applications`, listOptions, (*Tenant).listApplications),
	graphPath("GET", `/applications\(appId='([^']*)'\)`, selectOnly, (*Tenant).applicationByAppID),
	graphPath("GET", `/applications/([^/]+)`, selectOnly, (*Tenant).applicationByID),
	graphPath("GET", `/directory/deletedItems/(?:microsoft\.)?graph\.servicePrincipal`, listOptions, (*Tenant).listDeleted),
	graphPath("GET", `/directory/deletedItems/([^/]+)(?:/(?:microsoft\.)?graph\.servicePrincipal)?`, selectOnly, (*Tenant).deletedByID),
}

func graphPath(method, pattern string, options []string, serve func(*Tenant, *call, time.Time, []string) answer) graphRoute {
	return graphRoute{method: method, pattern: regexp.MustCompile(`^/v1\.0` + pattern + `$`), options: options, serve: serve}
}

// The application permissions that open the played calls (Microsoft Graph permissions reference);
// any one of a line is enough.
var (
	rolesThatRead  = []string{"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"}
	rolesThatWrite = []string{"AppRoleAssignment.ReadWrite.All"}
)

// serveGraph checks the token before the path, as the original does, and the options before the
// roles, so that an option that is not played is never hidden behind a refusal.
func (t *Tenant) serveGraph(c *call) answer {
	caller, refusal := t.authenticate(c, graphName)
	if refusal != "" {
		return unauthorized(kindGraph, refusal)
	}
	c.caller = caller
	for _, route := range slices.Concat(graphRoutes, graphDirectoryRoutes) {
		arguments := route.pattern.FindStringSubmatch(c.request.URL.Path)
		if arguments == nil || route.method != c.request.Method {
			continue
		}
		for option := range c.queryValues() {
			if !slices.Contains(route.options, option) {
				return unknownAnswer(c, "the option "+option+" is not played there")
			}
		}
		readers := route.roles
		if readers == nil {
			readers = rolesThatRead
		}
		if !allowed(caller.Roles, readers) || c.write && !allowed(caller.Roles, route.writing()) {
			return graphError(http.StatusForbidden, "Authorization_RequestDenied",
				"Insufficient privileges to complete the operation.", refusalID)
		}
		return t.perform(c, func(at time.Time) answer { return route.serve(t, c, at, arguments[1:]) })
	}
	return unknownAnswer(c, "the path is not played")
}

func (r graphRoute) writing() []string {
	if r.writers != nil {
		return r.writers
	}
	return rolesThatWrite
}

// allowed reports whether one of the wanted roles is held.
func allowed(held, wanted []string) bool {
	return slices.ContainsFunc(held, func(role string) bool { return slices.Contains(wanted, role) })
}

// graphNotFound is the only answer that means absence on Graph.
func graphNotFound(id string) answer {
	return graphError(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.", refusalID)
}

// entity answers one object, trimmed to $select.
func (t *Tenant) entity(c *call, kind string, object map[string]any) answer {
	if c.conditions.empty {
		return jsonAnswer(http.StatusOK, map[string]any{})
	}
	trimmed := selected(c, object)
	trimmed["@odata.context"] = c.origin() + "/v1.0/$metadata#" + kind + "/$entity"
	return jsonAnswer(http.StatusOK, trimmed)
}

// list answers a collection in pages.
func (t *Tenant) list(c *call, kind string, objects []map[string]any) answer {
	context := c.origin() + "/v1.0/$metadata#" + kind
	if c.continues() {
		whole, page, link, found := t.nextPage(c)
		if !found {
			return graphError(http.StatusBadRequest, "Directory_ExpiredPageToken",
				"The specified page token value has expired and can no longer be included in your request.", refusalID)
		}
		return graphPage(page, link, whole.context)
	}
	size, fine := topOf(c)
	if !fine {
		return graphError(http.StatusBadRequest, "Request_UnsupportedQuery", "Invalid page size specified. Must be between 1 and 999 inclusive.", refusalID)
	}
	rows := make([]any, 0, len(objects))
	for _, object := range ordered(t, c.conditions, objects) {
		rows = append(rows, selected(c, object))
	}
	page, link := t.firstPage(c, pages{rows: rows, size: size, context: context})
	return graphPage(page, link, context)
}

func graphPage(page []any, link, context string) answer {
	body := map[string]any{"@odata.context": context, "value": page}
	if link != "" {
		body["@odata.nextLink"] = link
	}
	return jsonAnswer(http.StatusOK, body)
}

// selected copies what $select names, and annotations; everything when it is absent.
func selected(c *call, object map[string]any) map[string]any {
	trimmed := map[string]any{}
	wanted := strings.FieldsFunc(c.query("$select"), func(r rune) bool { return r == ',' || r == ' ' })
	for name, value := range object {
		if len(wanted) == 0 || strings.HasPrefix(name, "@") || slices.ContainsFunc(wanted, func(each string) bool { return strings.EqualFold(each, name) }) {
			trimmed[name] = value
		}
	}
	return trimmed
}
