package tenant

import (
	"fmt"
	"slices"
	"strings"
)

// The rights on a mailbox that are played. SendAs is a permission of the recipient and has cmdlets
// of its own; the others are permissions of the mailbox.
const (
	fullAccess = "FullAccess"
	sendAs     = "SendAs"
)

var mailboxRights = []string{fullAccess, "ReadPermission", "ChangePermission", "ChangeOwner", "DeleteItem", "ExternalAccount"}

// mostEntries is how many entries the access control list of a mailbox holds (PowerShell reference,
// Add-MailboxPermission).
const mostEntries = 500

// permission is one entry of a mailbox's access control list. Trustee is the GUID of a pointer, of a
// mailbox or of a group; a pointer that was removed leaves its entries dead behind, and one that is
// made again is another trustee (inferred).
type permission struct {
	Mailbox string `json:"mailbox"`
	Trustee string `json:"trustee"`
	Right   string `json:"right"`
}

// trusteeID resolves who is given something, among pointers, mailboxes and groups.
func (t *Tenant) trusteeID(call *invocation, identity string) (string, error) {
	found, _, err := t.findPointer(call, identity, false)
	if err == nil {
		return found.GUID, nil
	}
	other, _, err := oneOf(t.state.recipients(), identity, false, func(each mailbox) bool {
		return each.answersTo(identity, t.organization.Domain)
	})
	if err != nil {
		return "", err
	}
	return other.GUID, nil
}

// trusteeName is how a list shows who it is: a pointer by its object id and a recipient by its sign-in
// name (both inferred), anything that is gone by its security identifier.
func (t *Tenant) trusteeName(id string) string {
	for _, each := range t.state.pointers {
		if strings.EqualFold(each.GUID, id) {
			return each.ObjectID
		}
	}
	for _, each := range t.state.recipients() {
		if strings.EqualFold(each.GUID, id) {
			if each.UPN == "" {
				return each.DisplayName
			}
			return each.UPN
		}
	}
	return SecurityID(id)
}

func (t *Tenant) permissionMailbox(identity string) (mailbox, error) {
	found, _, err := oneOf(t.state.mailboxes, identity, false, func(each mailbox) bool {
		return each.isMailbox() && each.answersTo(identity, t.organization.Domain)
	})
	return found, err
}

func mailboxPermissionRow(of mailbox, user string, rights []string) row {
	return row{
		"Identity": of.DisplayName, "User": user, "AccessRights": rights, "IsInherited": false, "Deny": false, "InheritanceType": "All",
	}
}

// getMailboxPermission lists all rights of one trustee in one row, after the mailbox's own.
func getMailboxPermission(t *Tenant, call *invocation) ([]row, error) {
	target, err := t.permissionMailbox(call.text("Identity"))
	if err != nil {
		return nil, err
	}
	wanted := call.text("User")
	var rows []row
	if wanted == "" {
		rows = append(rows, mailboxPermissionRow(target, `NT AUTHORITY\SELF`, []string{fullAccess, "ReadPermission"}))
	} else {
		wanted, err = t.trusteeID(call, wanted)
		if err != nil {
			return nil, err
		}
	}
	rights := map[string][]string{}
	var trustees []string
	for _, each := range t.state.permissionsOf(target) {
		if each.Right == sendAs || wanted != "" && each.Trustee != wanted {
			continue
		}
		if rights[each.Trustee] == nil {
			trustees = append(trustees, each.Trustee)
		}
		rights[each.Trustee] = append(rights[each.Trustee], each.Right)
	}
	for _, trustee := range trustees {
		rows = append(rows, mailboxPermissionRow(target, t.trusteeName(trustee), rights[trustee]))
	}
	most, err := resultSize(call.text("ResultSize"))
	if err != nil {
		return nil, err
	}
	return rows[:min(most, len(rows))], nil
}

func (s *state) permissionsOf(target mailbox) []permission {
	var held []permission
	for _, each := range s.permissions {
		if strings.EqualFold(each.Mailbox, target.GUID) {
			held = append(held, each)
		}
	}
	return held
}

// addMailboxPermission answers the entry also where it stood before: the original only warns.
func addMailboxPermission(t *Tenant, call *invocation) ([]row, error) {
	target, err := t.permissionMailbox(call.text("Identity"))
	if err != nil {
		return nil, err
	}
	rights, err := call.words("AccessRights", mailboxRights)
	if err != nil {
		return nil, err
	}
	trustee, err := t.trusteeID(call, call.text("User"))
	if err != nil {
		return nil, err
	}
	err = t.givePermissions(call, target, trustee, rights)
	if err != nil {
		return nil, err
	}
	return []row{mailboxPermissionRow(target, t.trusteeName(trustee), rights)}, nil
}

func (t *Tenant) givePermissions(call *invocation, target mailbox, trustee string, rights []string) error {
	for _, right := range rights {
		made := permission{Mailbox: target.GUID, Trustee: trustee, Right: right}
		if slices.Contains(t.state.permissions, made) {
			call.warn("The appropriate access control entry is already present on the object \"" + target.DisplayName + "\".")
			continue
		}
		if len(t.state.permissionsOf(target)) >= mostEntries {
			return tooManyEntries(target.DisplayName)
		}
		t.state.setPermission(made, true, call.at)
		t.state.changed(call.at, call.by, "created", "mailboxPermission", target.DisplayName, right+" to "+t.trusteeName(trustee))
	}
	return nil
}

func removeMailboxPermission(t *Tenant, call *invocation) ([]row, error) {
	return t.takePermissions(call, call.text("User"), mailboxRights)
}

// takePermissions warns where there is nothing to take, as the original does.
func (t *Tenant) takePermissions(call *invocation, user string, known []string) ([]row, error) {
	target, err := t.permissionMailbox(call.text("Identity"))
	if err != nil {
		return nil, err
	}
	rights, err := call.words("AccessRights", known)
	if err != nil {
		return nil, err
	}
	trustee, err := t.trusteeID(call, user)
	if err != nil {
		trustee, err = t.deadTrustee(target, user, err)
	}
	if err != nil {
		return nil, err
	}
	for _, right := range rights {
		gone := permission{Mailbox: target.GUID, Trustee: trustee, Right: right}
		if !slices.Contains(t.state.permissions, gone) {
			call.warn(fmt.Sprintf("Can't remove the access control entry on the object %q because it isn't present.", target.DisplayName))
			continue
		}
		t.state.setPermission(gone, false, call.at)
		t.state.changed(call.at, call.by, "removed", "mailboxPermission", target.DisplayName, right+" of "+t.trusteeName(trustee))
	}
	return nil, nil
}

// deadTrustee finds the entry of somebody who is gone by the security identifier that lists show.
func (t *Tenant) deadTrustee(target mailbox, user string, otherwise error) (string, error) {
	for _, each := range t.state.permissionsOf(target) {
		if SecurityID(each.Trustee) == user {
			return each.Trustee, nil
		}
	}
	return "", otherwise
}

func recipientPermissionRow(of mailbox, trustee string) row {
	return row{
		"Identity": of.DisplayName, "Trustee": trustee, "AccessControlType": "Allow", "AccessRights": []string{sendAs},
		"IsInherited": false, "InheritanceType": "None",
	}
}

// getRecipientPermission lists one mailbox, or all of them without an identity. Other recipients, to
// which the original gives the permission as well, are not played.
func getRecipientPermission(t *Tenant, call *invocation) ([]row, error) {
	targets := slices.DeleteFunc(slices.Clone(t.state.mailboxes), func(each mailbox) bool { return !each.isMailbox() })
	if identity := call.text("Identity"); identity != "" {
		target, err := t.permissionMailbox(identity)
		if err != nil {
			return nil, err
		}
		targets = []mailbox{target}
	}
	most, err := resultSize(call.text("ResultSize"))
	if err != nil {
		return nil, err
	}
	wanted := call.text("Trustee")
	if wanted != "" {
		wanted, err = t.trusteeID(call, wanted)
		if err != nil {
			return nil, err
		}
	}
	var rows []row
	for _, target := range targets {
		rows = append(rows, t.recipientPermissionRows(target, wanted)...)
	}
	return rows[:min(most, len(rows))], nil
}

// recipientPermissionRows begin with the mailbox's own entry where no trustee is named.
func (t *Tenant) recipientPermissionRows(target mailbox, trustee string) []row {
	var rows []row
	if trustee == "" {
		rows = append(rows, recipientPermissionRow(target, `NT AUTHORITY\SELF`))
	}
	for _, each := range t.state.permissionsOf(target) {
		if each.Right == sendAs && (trustee == "" || each.Trustee == trustee) {
			rows = append(rows, recipientPermissionRow(target, t.trusteeName(each.Trustee)))
		}
	}
	return rows
}

func addRecipientPermission(t *Tenant, call *invocation) ([]row, error) {
	target, err := t.permissionMailbox(call.text("Identity"))
	if err != nil {
		return nil, err
	}
	rights, err := call.words("AccessRights", []string{sendAs})
	if err != nil {
		return nil, err
	}
	trustee, err := t.trusteeID(call, call.text("Trustee"))
	if err != nil {
		return nil, err
	}
	err = t.givePermissions(call, target, trustee, rights)
	if err != nil {
		return nil, err
	}
	return []row{recipientPermissionRow(target, t.trusteeName(trustee))}, nil
}

func removeRecipientPermission(t *Tenant, call *invocation) ([]row, error) {
	return t.takePermissions(call, call.text("Trustee"), []string{sendAs})
}
