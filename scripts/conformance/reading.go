package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"mailgrant/scripts/administer"
)

// nobody is the id of nothing.
const nobody = "7d3c5c1e-0d1f-4b7a-9a55-3f6f0e3c2b19"

// reading are the probes that change nothing.
func reading() []probe {
	return slices.Concat(wireProbes(), listProbes(), absenceProbes(), rowProbes(), graphProbes())
}

func wireProbes() []probe {
	return []probe{
		{name: "invoke-under-v1", mark: measured, fact: "InvokeCommand exists under beta alone; v1.0 answers 405", simulator: "405",
			ask: statusOf("Get-OrganizationConfig", nil, func(r *administer.Request) { r.Path = strings.Replace(r.Path, "/beta/", "/v1.0/", 1) })},
		{name: "token-of-graph", mark: measured, fact: "a token for Graph is refused by Exchange", simulator: "401",
			ask: statusOf("Get-OrganizationConfig", nil, func(r *administer.Request) { r.As = administer.Graph })},
		{name: "without-anchor", mark: contradicted, fact: "a cmdlet runs without X-AnchorMailbox", simulator: "200",
			ask: statusOf("Get-OrganizationConfig", nil, func(r *administer.Request) { r.Header.Del("X-AnchorMailbox") })},
		{name: "null-parameters", mark: inferred, fact: "Parameters: null is not the same as an empty object, and is refused", simulator: "400",
			ask: statusOf("Get-OrganizationConfig", nil, func(r *administer.Request) {
				r.Body = map[string]any{"CmdletInput": map[string]any{"CmdletName": "Get-OrganizationConfig", "Parameters": nil}}
			})},
		{name: "unknown-parameter", mark: measured, fact: "a parameter that the cmdlet does not have is refused with its own type", simulator: "AmbiguousParameterSetException",
			ask: refused("Get-ManagementScope", map[string]any{"NoSuchParameter": "x"})},
		{name: "bad-value", mark: measured, fact: "a value of the wrong kind is refused with its own type", simulator: "ParameterTransformationException",
			ask: refused("Get-ManagementScope", map[string]any{"Orphan": "neither"})},
		{name: "half-a-word", mark: contradicted, fact: "half a word of an enumeration is taken for the whole word (others measured that it is taken, and finds nothing)", simulator: "finds some",
			ask: func(ctx context.Context, b *bench) (string, error) {
				read, err := b.rows(ctx, "Get-Recipient", map[string]any{"RecipientTypeDetails": "UserMailb", "ResultSize": "Unlimited"})
				if len(read.Value) > 0 {
					return "finds some", err
				}
				return "finds none", err
			}},
		{name: "warnings-beside", mark: measured, fact: "@adminapi.warnings is there and empty in an ordinary answer", simulator: "there, empty", ask: warnings},
		{name: "module-file", mark: oneSource, fact: "EXOModuleFile lists the cmdlets that the caller may run, joined by commas", simulator: "lists Get-ManagementScope", ask: moduleFile},
	}
}

func warnings(ctx context.Context, b *bench) (string, error) {
	read, err := b.rows(ctx, "Get-OrganizationConfig", nil)
	switch {
	case err != nil:
		return "", err
	case read.Warnings == nil:
		return "absent", nil
	case len(*read.Warnings) > 0:
		return "there, with something in it", nil
	}
	return "there, empty", nil
}

func moduleFile(ctx context.Context, b *bench) (string, error) {
	got, err := b.tenant.Send(ctx, administer.Request{Method: http.MethodGet, To: administer.Exchange, Header: http.Header{"Commandname": {"*"}},
		Path: "/adminapi/v1.0/" + b.options.tenant + "/EXOModuleFile?Version=3.9.2"})
	if err != nil {
		return "", err
	}
	if got.Status == http.StatusOK && strings.Contains(string(got.Body), "Get-ManagementScope") {
		return "lists Get-ManagementScope", nil
	}
	return fmt.Sprintf("%d, %d bytes without Get-ManagementScope", got.Status, len(got.Body)), nil
}

// oneARow asks for pages of one row.
func oneARow(r *administer.Request) { r.Header.Set("Prefer", "odata.maxpagesize=1") }

func listProbes() []probe {
	all := map[string]any{"ResultSize": "Unlimited"}
	return []probe{
		{name: "page-size", mark: measured, fact: "Prefer: odata.maxpagesize is obeyed", simulator: "1 rows, a link",
			ask: func(ctx context.Context, b *bench) (string, error) {
				read, err := b.rows(ctx, "Get-Recipient", all, oneARow)
				return shape(read), err
			}},
		{name: "next-page", mark: contradicted, fact: "the link to the next page works when it gets the same body by POST", simulator: "1 rows, another one",
			ask: func(ctx context.Context, b *bench) (string, error) {
				one, err := b.rows(ctx, "Get-Recipient", all, oneARow)
				if err != nil || one.Next == "" {
					return "no link", err
				}
				two, err := b.rows(ctx, "Get-Recipient", all, oneARow, func(r *administer.Request) { r.Path = one.Next })
				if err != nil || len(two.Value) == 0 {
					return "nothing", err
				}
				if one.Value[0].Text("Guid") == two.Value[0].Text("Guid") {
					return fmt.Sprintf("%d rows, the same one", len(two.Value)), nil
				}
				return fmt.Sprintf("%d rows, another one", len(two.Value)), nil
			}},
		{name: "result-size", mark: contradicted, fact: "ResultSize is obeyed", simulator: "1 rows, no link",
			ask: func(ctx context.Context, b *bench) (string, error) {
				read, err := b.rows(ctx, "Get-Recipient", map[string]any{"ResultSize": "1"})
				return shape(read), err
			}},
	}
}

func shape(read page) string {
	if read.Next != "" {
		return fmt.Sprintf("%d rows, a link", len(read.Value))
	}
	return fmt.Sprintf("%d rows, no link", len(read.Value))
}

func absenceProbes() []probe {
	const gone = "ManagementObjectNotFoundException"
	return []probe{
		{name: "absent-scope", mark: contradicted, fact: "an identity that is not there is refused, and not answered with every object", simulator: gone,
			ask: refused("Get-ManagementScope", map[string]any{"Identity": namePrefix + "absent"})},
		{name: "absent-assignee", mark: inferred, fact: "assignments of an assignee that Exchange does not know: not found, and not an empty list", simulator: gone,
			ask: refused("Get-ManagementRoleAssignment", map[string]any{"RoleAssignee": nobody})},
		{name: "absent-test-subject", mark: inferred, fact: "the test of an application without a pointer: not found, and not an empty list", simulator: gone,
			ask: refused("Test-ServicePrincipalAuthorization", map[string]any{"Identity": nobody})},
		{name: "absent-pointer", mark: inferred, fact: "a pointer that is not there is refused in the same way", simulator: gone,
			ask: refused("Get-ServicePrincipal", map[string]any{"Identity": nobody})},
	}
}

func rowProbes() []probe {
	return []probe{
		{name: "scope-columns", mark: inferred, fact: "a management scope is shown with Guid and RecipientFilter", simulator: "Name, Guid, RecipientFilter",
			ask: columns("Get-ManagementScope", nil, "Name", "Guid", "RecipientFilter")},
		{name: "pointer-columns", mark: inferred, fact: "a pointer is shown with Guid and Name", simulator: "ObjectId, AppId, Guid, Name",
			ask: columns("Get-ServicePrincipal", nil, "ObjectId", "AppId", "Guid", "Name")},
		{name: "filter-by-guid", mark: inferred, fact: "a filter on Guid selects exactly the mailbox", simulator: "that one", ask: filterByGUID},
		{name: "policy-test-without-policy", mark: inferred, fact: "Test-ApplicationAccessPolicy says Granted of an application without a policy", simulator: "Granted",
			ask: func(ctx context.Context, b *bench) (string, error) {
				row, err := b.first(ctx, "Test-ApplicationAccessPolicy", map[string]any{"Identity": b.options.mailbox, "AppId": nobody})
				return row.Text("AccessCheckResult"), err
			}},
		{name: "role-group-member", mark: inferred, fact: "a service principal in a role group is shown by its object id", simulator: "an id", ask: roleGroupMember},
		{name: "application-roles", mark: oneSource, fact: "the tenant has the 24 application roles that are known here", simulator: "24, none lacks, none is new", ask: applicationRoles},
	}
}

// columns tells which of the properties the first row has.
func columns(cmdlet string, parameters map[string]any, names ...string) func(context.Context, *bench) (string, error) {
	return func(ctx context.Context, b *bench) (string, error) {
		row, err := b.first(ctx, cmdlet, parameters)
		return present(row, names...), err
	}
}

func filterByGUID(ctx context.Context, b *bench) (string, error) {
	row, err := b.first(ctx, "Get-Recipient", map[string]any{"Identity": b.options.mailbox})
	if err != nil {
		return "", err
	}
	read, err := b.rows(ctx, "Get-Recipient", map[string]any{"Filter": "Guid -eq '" + row.Text("Guid") + "'", "ResultSize": "Unlimited"})
	switch {
	case err != nil:
		return "", err
	case len(read.Value) == 1 && read.Value[0].Text("Guid") == row.Text("Guid"):
		return "that one", nil
	}
	return fmt.Sprintf("%d others", len(read.Value)), nil
}

func roleGroupMember(ctx context.Context, b *bench) (string, error) {
	row, err := b.first(ctx, "Get-RoleGroupMember", map[string]any{"Identity": b.options.group})
	if err != nil {
		return "", err
	}
	for _, name := range []string{"ExternalDirectoryObjectId", "Name"} {
		var found struct{ ID string }
		if row.Text(name) == "" {
			continue
		}
		err := b.tenant.Get(ctx, "/servicePrincipals/"+row.Text(name)+"?$select=id", &found)
		if err == nil {
			return "an id", nil
		}
	}
	return "by " + present(row, "Name", "Guid", "ExternalDirectoryObjectId", "DisplayName"), nil
}
