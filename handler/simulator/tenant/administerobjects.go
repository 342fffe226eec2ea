package tenant

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func (t *Tenant) mailboxIndex(fields map[string]any) (int, error) {
	wanted, _ := fields["guid"].(string)
	index := slices.IndexFunc(t.state.mailboxes, func(each mailbox) bool { return strings.EqualFold(each.GUID, wanted) })
	if index < 0 {
		return 0, fmt.Errorf("there is no mailbox with guid %q", wanted)
	}
	return index, nil
}

// checkMailboxes holds the same rules as at start, for all mailboxes together.
func (t *Tenant) checkMailboxes() error {
	check := &directoryCheck{seen: map[string]string{}}
	for _, each := range t.state.mailboxes {
		check.mailbox(each.DisplayName, each)
	}
	for _, each := range t.state.groups {
		check.group(each.DisplayName, each, each.standsAmong(t.state.mailboxes))
	}
	if len(check.faults) > 0 {
		return check.faults[0]
	}
	return nil
}

func (t *Tenant) addMailbox(fields map[string]any, now time.Time) error {
	var made mailbox
	err := overlay(fields, &made)
	if err != nil {
		return err
	}
	made = made.completed()
	t.state.mailboxes = append(t.state.mailboxes, made)
	t.state.changed(now, administrator, "created", "mailbox", made.DisplayName, made.Primary)
	return t.checkMailboxes()
}

// setMailbox replaces lists as a whole: an empty list of aliases takes all of them away.
func (t *Tenant) setMailbox(fields map[string]any, now time.Time) error {
	index, err := t.mailboxIndex(fields)
	if err != nil {
		return err
	}
	changed := t.state.mailboxes[index]
	// Decoding into shared slices, maps and pointers would alter what an undo has to bring back.
	changed.Aliases = slices.Clone(changed.Aliases)
	if _, named := fields["attributes"]; named {
		changed.Attributes = nil
	}
	for name, list := range map[string]*[]string{"aliases": &changed.Aliases, "memberOf": &changed.MemberOf, "administrativeUnits": &changed.AdministrativeUnits} {
		if _, named := fields[name]; named {
			*list = nil
		}
	}
	if _, named := fields["smtpClientAuthenticationDisabled"]; named {
		changed.SMTPDisabled = nil
	}
	if _, named := fields["customAttributes"]; named {
		changed.CustomAttributes = nil
	}
	err = overlay(fields, &changed)
	if err != nil {
		return err
	}
	t.state.mailboxes = slices.Clone(t.state.mailboxes)
	t.state.mailboxes[index] = changed
	t.state.changed(now, administrator, "changed", "mailbox", changed.DisplayName, changed.Primary)
	return t.checkMailboxes()
}

func (t *Tenant) removeMailbox(fields map[string]any, now time.Time) error {
	index, err := t.mailboxIndex(fields)
	if err != nil {
		return err
	}
	gone := t.state.mailboxes[index]
	t.state.mailboxes = slices.Delete(slices.Clone(t.state.mailboxes), index, index+1)
	t.state.changed(now, administrator, "removed", "mailbox", gone.DisplayName, gone.Primary)
	return nil
}

func (t *Tenant) addPrincipal(fields map[string]any, now time.Time) error {
	var made principal
	err := overlay(fields, &made)
	if err != nil {
		return err
	}
	t.state.principals = append(t.state.principals, made.completed())
	check := &directoryCheck{seen: map[string]string{}}
	for _, each := range t.state.principals {
		check.principal(each.DisplayName, each)
	}
	if len(check.faults) > 0 {
		return check.faults[0]
	}
	t.state.changed(now, administrator, "created", "servicePrincipal", made.DisplayName, made.ObjectID)
	return nil
}

// setDeleted fails where there is nothing to change, so that a mistyped action cannot pass.
func (t *Tenant) setDeleted(workload string, deleted bool) (principal, error) {
	for index, each := range t.state.principals {
		if each.deleted == deleted || !each.named(workload) {
			continue
		}
		each.deleted = deleted
		t.state.principals = slices.Clone(t.state.principals)
		t.state.principals[index] = each
		return each, nil
	}
	return principal{}, fmt.Errorf("there is no such service principal %q", workload)
}

// removePrincipal moves it to the deleted items. Exchange loses its pointer and assignments; scopes
// stay behind as orphans (Microsoft Learn, Role Based Access Control for Applications).
func (t *Tenant) removePrincipal(workload string, now time.Time) error {
	gone, err := t.setDeleted(workload, true)
	if err != nil {
		return err
	}
	t.state.changed(now, administrator, "removed", "servicePrincipal", gone.DisplayName, gone.ObjectID)
	t.state.consents = slices.DeleteFunc(slices.Clone(t.state.consents), func(each consent) bool {
		return strings.EqualFold(each.Workload, gone.ObjectID)
	})
	t.state.directoryRoles = slices.DeleteFunc(slices.Clone(t.state.directoryRoles), func(each directoryRole) bool {
		return strings.EqualFold(each.Principal, gone.ObjectID)
	})
	call := &invocation{by: administrator, at: now}
	for _, each := range slices.Clone(t.state.pointers) {
		if strings.EqualFold(each.ObjectID, gone.ObjectID) {
			t.dropPointer(each, call)
		}
	}
	return nil
}

// restorePrincipal brings back the principal alone: what hung on it in Exchange stays gone, and
// that its consents stay gone too is inferred.
func (t *Tenant) restorePrincipal(workload string, now time.Time) error {
	back, err := t.setDeleted(workload, false)
	if err != nil {
		return err
	}
	t.state.changed(now, administrator, "restored", "servicePrincipal", back.DisplayName, back.ObjectID)
	return nil
}
