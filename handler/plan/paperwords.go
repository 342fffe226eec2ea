package plan

import (
	"fmt"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// What says in a clause what the line does, for people.
func (r Rehearsal) What(line Line) string {
	switch line.Verb {
	case Wait:
		return line.Message
	case Prove:
		if r.Grant.Mechanism == grant.MailboxPermission {
			return "list who may open them: every mailbox of the grant names the workload, no canary does, and no other path opens what this grant opens"
		}
		return "ask the tenant's own test: every mailbox of the grant is allowed, every canary refused, and no other path opens what this grant opens"
	case Survey:
		return "list the permissions of every mailbox, or have an operator say that none is old: " + line.Message
	case Record:
		return noted(line.Step, r.object(line.Step))
	case Remove:
		return r.away(line.Step)
	}
	return r.made(line.Step)
}

// made says what making the step's object does.
func (r Rehearsal) made(step grant.Step) string {
	switch step.Kind {
	case grant.HidingStep:
		return "hide that group from the address lists"
	case grant.MemberStep:
		return "put " + r.address(step.Name) + " into that group"
	case grant.ConsentStep, grant.MailboxPermissionStep:
		return "give " + r.object(step)
	}
	return "make " + r.object(step)
}

// away says what removing it does.
func (r Rehearsal) away(step grant.Step) string {
	if step.Kind == grant.MemberStep {
		return "take " + r.address(step.Name) + " out of the group, which cuts the access to it"
	}
	if step.Kind == grant.MailboxPermissionStep {
		return "take away " + r.object(step) + ", which cuts the access to it"
	}
	return "remove " + r.object(step)
}

func noted(step grant.Step, object string) string {
	switch {
	case step.Kind == grant.MailboxStep:
		return object + " is kept, with the mail in it"
	case step.State == grant.Left:
		return object + " is there already and is left as it is"
	}
	return object + " is there already and is taken over"
}

// object says what the step's object is. One of a kind that is not known here is called by
// its kind and name.
func (r Rehearsal) object(step grant.Step) string {
	switch step.Kind {
	case grant.PointerStep:
		return "Exchange's own record of the service principal " + r.Grant.Workload.DisplayName
	case grant.ScopeStep:
		return "the management scope " + step.Name + " over " + r.scope()
	case grant.AssignmentStep:
		limit := "the scope " + r.Scope
		switch {
		case step.Unscoped:
			return fmt.Sprintf("the role assignment %s of %s over the whole organization", step.Name, step.Role)
		case step.Unit != "":
			limit = "the administrative unit " + step.Unit
		case step.Group != "":
			limit = "the group " + step.Group
		}
		return fmt.Sprintf("the role assignment %s of %s, limited to %s", step.Name, step.Role, limit)
	case grant.GroupStep:
		return "the closed mail-enabled security group " + step.Name
	case grant.PolicyStep:
		return "the application access policy " + step.Name + ", which restricts the application to its group"
	case grant.ConsentStep:
		return "the consent to " + step.Permission + " on " + ResourceTitle(consentResource(step))
	}
	if step.Kind == grant.MailboxStep {
		return fmt.Sprintf("the shared mailbox %s (%s)", step.Address, step.DisplayName)
	}
	if step.Kind == grant.MailboxPermissionStep {
		mailbox, right := PermissionOf(step)
		return "the permission " + string(right) + " on the mailbox " + r.address(mailbox)
	}
	return string(step.Kind) + " " + step.Name
}

// ResourceTitle is how Microsoft calls the API; its own word for one without a title.
func ResourceTitle(resource access.Resource) string {
	switch resource {
	case access.Graph:
		return "Microsoft Graph"
	case access.Exchange:
		return "Office 365 Exchange Online"
	}
	return string(resource)
}

// scope says which mailboxes the grant is about.
func (r Rehearsal) scope() string {
	if r.Grant.Scope.Counted() || len(r.Grant.Mailboxes) == 0 {
		return r.Grant.Scope.String()
	}
	return strings.Join(addressesOf(r.Grant.Mailboxes), ", ")
}

func addressesOf(mailboxes []grant.Mailbox) []string {
	all := make([]string, len(mailboxes))
	for i, mailbox := range mailboxes {
		all[i] = mailbox.Address
	}
	return all
}

// address is the address of the grant's mailbox with this GUID, else the GUID.
func (r Rehearsal) address(guid string) string {
	for _, mailbox := range r.Grant.Mailboxes {
		if strings.EqualFold(mailbox.GUID, guid) {
			return mailbox.Address
		}
	}
	return guid
}
