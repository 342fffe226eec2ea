package tenant

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The app role that opens the admin endpoint (Microsoft Learn, App-only authentication in Exchange
// Online PowerShell). Its newer namesakes do not.
const manageAsApp = "Exchange.ManageAsApp"

// serveExchange answers 405 before it looks at the token: the path does not exist for anybody.
func (t *Tenant) serveExchange(c *call) answer {
	parts := strings.Split(strings.TrimPrefix(c.request.URL.Path, "/adminapi/"), "/")
	if len(parts) != 3 {
		return unknownAnswer(c, "the path is not played")
	}
	version, organization, resource := parts[0], parts[1], parts[2]
	caller, refusal := t.authenticate(c, exchangeName)
	switch {
	case resource == "InvokeCommand" && version != "beta":
		return emptyAnswer(http.StatusMethodNotAllowed)
	case refusal != "" || !slices.Contains(caller.Roles, manageAsApp) || !t.isTenant(organization):
		return unauthorized(kindExchange, refusal)
	}
	c.caller = caller
	switch {
	case resource == "InvokeCommand" && c.request.Method == http.MethodPost:
		return t.invoke(c)
	case resource == "EXOModuleFile" && version == "v1.0" && c.request.Method == http.MethodGet:
		return t.moduleFile(c)
	case resource == "InvokeCommand":
		return emptyAnswer(http.StatusMethodNotAllowed)
	}
	return unknownAnswer(c, "the path is not played")
}

// moduleFile lists the cmdlets that the caller may run, joined by commas. What it answers without the
// header and the version that public clients send is not known.
func (t *Tenant) moduleFile(c *call) answer {
	if c.request.Header.Get("CommandName") != "*" || c.query("Version") == "" {
		return unknownAnswer(c, "only CommandName: * and a Version are played")
	}
	var names []string
	for _, each := range cmdlets() {
		if t.mayRun(c.caller, each) {
			names = append(names, each.name)
		}
	}
	return jsonAnswer(http.StatusOK, map[string]any{"value": []any{map[string]any{"exportedCmdlets": strings.Join(names, ",")}}})
}

// mayRun asks for a management role on top of the app role.
func (t *Tenant) mayRun(caller claims, wanted cmdlet) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return slices.ContainsFunc(t.exchangeRolesOf(caller), func(held string) bool {
		return isEverything(held) || slices.ContainsFunc(wanted.roles, func(role string) bool { return strings.EqualFold(role, held) })
	})
}

// isEverything names the two holders of every cmdlet: a role group and a directory role.
func isEverything(role string) bool {
	return strings.EqualFold(role, "Organization Management") || strings.EqualFold(role, "Exchange Administrator")
}

// invoke answers an unknown cmdlet with 501 although the original answers 403: a refusal would hide
// that this double does not know it.
func (t *Tenant) invoke(c *call) answer {
	if c.command.fault != nil {
		return jsonAnswer(http.StatusBadRequest, map[string]any{"error": map[string]any{
			"code": "BadRequest", "message": c.command.fault.Error(),
		}})
	}
	wanted, known := cmdletByName(c.command.name)
	if !known {
		return unknownAnswer(c, "the cmdlet is not played")
	}
	if !t.mayRun(c.caller, wanted) {
		return t.notAllowed()
	}
	return t.perform(c, func(at time.Time) answer {
		return t.execute(c, wanted, &invocation{by: t.nameOf(c.caller), caller: c.caller, at: at, conditions: c.conditions})
	})
}

// notAllowed comes with NUL bytes one time, and without a body but with diagnostics the next.
func (t *Tenant) notAllowed() answer {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.turn("notAllowed", 2) == 0 {
		return nulAnswer()
	}
	made := emptyAnswer(http.StatusForbidden)
	made.header.Set("x-ms-diagnostics", `2000008;reason="The role assigned to the application does not allow this cmdlet.";error_category="invalid_user"`)
	return made
}

// execute runs a cmdlet, or goes on with the pages of an earlier run. It needs the lock.
func (t *Tenant) execute(c *call, wanted cmdlet, call *invocation) answer {
	if c.continues() {
		_, page, link, found := t.nextPage(c)
		if !found {
			return t.failed(expiredPages())
		}
		return exchangePage(c, page, link)
	}
	rows, err := t.runCmdlet(wanted, c.command.parameters, call)
	if err != nil {
		var known failure
		if errors.As(err, &known) {
			return t.failed(known)
		}
		return plainAnswer(http.StatusInternalServerError, err.Error())
	}
	c.warnings = call.warnings
	size := preferredPageSize(c.request.Header.Get("Prefer"))
	if size == 0 || size > usualPage {
		size = usualPage
	}
	whole := pages{size: size}
	for _, each := range ordered(t, c.conditions, rows) {
		whole.rows = append(whole.rows, each.annotated(c.query("$select")))
	}
	page, link := t.firstPage(c, whole)
	return exchangePage(c, page, link)
}

// runCmdlet binds the parameters and runs the cmdlet once. A WhatIf changes nothing.
func (t *Tenant) runCmdlet(wanted cmdlet, parameters map[string]any, call *invocation) ([]row, error) {
	err := call.bind(wanted, parameters)
	if err != nil {
		return nil, err
	}
	if !call.flag("WhatIf") {
		return wanted.run(t, call)
	}
	before := t.state.copied()
	_, err = wanted.run(t, call)
	t.state = before
	return nil, err
}
