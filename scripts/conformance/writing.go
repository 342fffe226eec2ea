package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mailgrant/scripts/administer"
)

// role is what is assigned in a scope without any mailbox.
const role = "Application MailboxSettings.Read"

// noMailbox is a filter that nothing matches.
const noMailbox = "Guid -eq '" + nobody + "'"

// writing are the probes that write; each goes on where the one before it stopped.
func writing() []probe {
	all := []probe{
		{name: "new-scope", mark: inferred, fact: "a new scope is answered with its Guid", simulator: "Name, Guid", ask: newScope},
		{name: "scope-filter", mark: oneSource, fact: "the filter is written anew: the same but for blanks, brackets and case", simulator: "the same", ask: scopeFilter},
		{name: "name-taken", mark: measured, fact: "a name that is taken is refused with its own type", simulator: "ADObjectAlreadyExistsException",
			ask: func(ctx context.Context, b *bench) (string, error) {
				got, err := b.invoke(ctx, "New-ManagementScope", map[string]any{"Name": b.name, "RecipientRestrictionFilter": noMailbox})
				return refusalOf(got), err
			}},
		{name: "new-assignment", mark: inferred, fact: "an assignment is shown with its holder's object id and the name of its scope", simulator: "ServicePrincipal, object id, scope by name, CustomRecipientScope", ask: newAssignment},
		{name: "scope-in-use", mark: inferred, fact: "a scope that an assignment names cannot be removed", simulator: "TaskInvalidOperationException",
			ask: func(ctx context.Context, b *bench) (string, error) {
				got, err := b.invoke(ctx, "Remove-ManagementScope", map[string]any{"Identity": b.name, "Confirm": false})
				return refusalOf(got), err
			}},
		{name: "test-outside", mark: measured, fact: "the test says of a mailbox outside: not in scope, by a custom scope", simulator: "False, CustomRecipientScope", ask: testOutside},
		{name: "test-without-mailbox", mark: oneSource, fact: "the test without a mailbox says Not Run", simulator: "Not Run", ask: testWithout},
		{name: "removed-twice", mark: inferred, fact: "a second removal is refused as not found", simulator: "200, then ManagementObjectNotFoundException", ask: removedTwice},
		{name: "test-without-role", mark: inferred, fact: "the test of a pointer without roles succeeds and is empty", simulator: "0 rows", ask: testWithoutRole},
		{name: "absent-consent", mark: inferred, fact: "removing a consent that is not there answers 404", simulator: "404",
			ask: func(ctx context.Context, b *bench) (string, error) {
				err := b.application(ctx)
				if err != nil {
					return "", err
				}
				got, err := b.tenant.Send(ctx, administer.Request{Method: http.MethodDelete, To: administer.Graph,
					Path: "/v1.0/servicePrincipals/" + b.objectID + "/appRoleAssignments/" + strings.Repeat("A", 43)})
				return fmt.Sprint(got.Status), err
			}},
	}
	for i := range all {
		all[i].writes = true
	}
	return all
}

func newScope(ctx context.Context, b *bench) (string, error) {
	b.made = true
	row, err := b.first(ctx, "New-ManagementScope", map[string]any{"Name": b.name, "RecipientRestrictionFilter": noMailbox})
	return present(row, "Name", "Guid"), err
}

func scopeFilter(ctx context.Context, b *bench) (string, error) {
	row, err := b.first(ctx, "Get-ManagementScope", map[string]any{"Identity": b.name})
	if err != nil {
		return "", err
	}
	plain := strings.NewReplacer(" ", "", "(", "", ")", "")
	if strings.EqualFold(plain.Replace(row.Text("RecipientFilter")), plain.Replace(noMailbox)) {
		return "the same", nil
	}
	return row.Text("RecipientFilter"), nil
}

// How long an assignment is tried until Exchange finds the new pointer.
const (
	triesToAssign = 10
	pauseToAssign = 30 * time.Second
)

func newAssignment(ctx context.Context, b *bench) (string, error) {
	err := b.application(ctx)
	if err != nil {
		return "", err
	}
	b.made = true
	_, err = b.tenant.Run(ctx, "New-ServicePrincipal", map[string]any{"AppId": b.appID, "ObjectId": b.objectID, "DisplayName": b.name})
	if err != nil {
		return "", fmt.Errorf("the test application needs to be one that Exchange does not know: %w", err)
	}
	b.pointer = true
	for try := 1; ; try++ {
		_, err = b.tenant.Run(ctx, "New-ManagementRoleAssignment", map[string]any{"Name": b.name, "Role": role, "App": b.objectID, "CustomResourceScope": b.name})
		if !administer.NotFound(err) || try == triesToAssign {
			break
		}
		waiting := b.wait(ctx, pauseToAssign)
		if waiting != nil {
			return "", waiting
		}
	}
	if err != nil {
		return "", err
	}
	row, err := b.first(ctx, "Get-ManagementRoleAssignment", map[string]any{"Identity": b.name})
	if err != nil {
		return "", err
	}
	holder := row.Text("RoleAssignee")
	if strings.EqualFold(holder, b.objectID) {
		holder = "object id"
	}
	scope := row.Text("CustomResourceScope")
	if scope == b.name {
		scope = "scope by name"
	}
	return strings.Join([]string{row.Text("RoleAssigneeType"), holder, scope, row.Text("RecipientWriteScope")}, ", "), nil
}

// test runs the tenant's own test of the test application.
func test(ctx context.Context, b *bench, parameters map[string]any) (page, error) {
	parameters["Identity"] = b.objectID
	return b.rows(ctx, "Test-ServicePrincipalAuthorization", parameters)
}

func testOutside(ctx context.Context, b *bench) (string, error) {
	read, err := test(ctx, b, map[string]any{"Resource": b.options.mailbox})
	if err != nil || len(read.Value) == 0 {
		return "nothing", err
	}
	inScope := read.Value[0].Text("InScope")
	// It comes as a flag and as a word.
	if strings.EqualFold(inScope, "false") {
		inScope = "False"
	}
	return inScope + ", " + read.Value[0].Text("ScopeType"), nil
}

func testWithout(ctx context.Context, b *bench) (string, error) {
	read, err := test(ctx, b, map[string]any{})
	if err != nil || len(read.Value) == 0 {
		return "nothing", err
	}
	return read.Value[0].Text("InScope"), nil
}

func removedTwice(ctx context.Context, b *bench) (string, error) {
	var seen []string
	for range 2 {
		got, err := b.invoke(ctx, "Remove-ManagementRoleAssignment", map[string]any{"Identity": b.name, "Confirm": false})
		if err != nil {
			return "", err
		}
		seen = append(seen, refusalOf(got))
	}
	return strings.Join(seen, ", then "), nil
}

func testWithoutRole(ctx context.Context, b *bench) (string, error) {
	read, err := test(ctx, b, map[string]any{"Resource": b.options.mailbox})
	return fmt.Sprintf("%d rows", len(read.Value)), err
}
