package plan

import (
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// put makes the step's object on paper, as the tenant would show it. What has no id yet is
// known by its name. False for a kind of step that is not known here.
func (p *sheet) put(step grant.Step) bool {
	switch step.Kind {
	case grant.PointerStep:
		workload := p.Grant.Workload
		p.Facts.Pointer = access.Known(&access.Pointer{ObjectID: workload.ObjectID, AppID: workload.AppID, ID: workload.ObjectID})
	case grant.ScopeStep:
		p.Facts.Scopes[step.Name] = access.Known(&access.Scope{Name: step.Name, Filter: step.Filter})
	case grant.AssignmentStep:
		made := access.Assignment{Name: step.Name, Role: step.Role, Unit: step.Unit, Enabled: true, Ours: true}
		if step.Unit == "" {
			made.Scope = ScopeName(p.Steps)
		}
		p.Facts.Assignments.Value = append(p.Facts.Assignments.Value, made)
	case grant.GroupStep:
		p.Group = access.Known(&Group{Name: step.Name})
	case grant.HidingStep:
		p.Group.Value.Hidden = true
	case grant.MemberStep:
		p.Group.Value.Members = append(p.Group.Value.Members, step.Name)
	case grant.PolicyStep:
		p.Policies.Value = append(p.Policies.Value, access.Policy{AppID: p.Grant.Workload.AppID, Right: access.RestrictAccess, Description: step.Name, Ours: true})
	case grant.ConsentStep:
		p.Facts.Consents.Value = append(p.Facts.Consents.Value, access.Consent{Resource: consentResource(step), Value: step.Permission, Ours: true})
	case grant.MailboxPermissionStep:
		mailbox, right := PermissionOf(step)
		p.Held.Value = append(p.Held.Value, access.MailboxPermission{Workload: p.Grant.Workload.ObjectID, Mailbox: mailbox, Right: right, Ours: true})
	case grant.MailboxStep:
		p.putMailbox(step)
	default:
		return false
	}
	return true
}

// take takes the step's object away again.
func (p *sheet) take(step grant.Step) bool {
	switch step.Kind {
	case grant.PointerStep:
		p.Facts.Pointer = access.Known[*access.Pointer](nil)
	case grant.ScopeStep:
		p.Facts.Scopes[step.Name] = access.Known[*access.Scope](nil)
	case grant.AssignmentStep:
		p.Facts.Assignments.Value = slices.DeleteFunc(p.Facts.Assignments.Value, func(one access.Assignment) bool { return strings.EqualFold(one.Name, step.Name) })
	case grant.GroupStep:
		p.Group = access.Known[*Group](nil)
	case grant.MemberStep:
		p.Group.Value.Members = slices.DeleteFunc(p.Group.Value.Members, func(one string) bool { return strings.EqualFold(one, step.Name) })
	case grant.PolicyStep:
		p.Policies.Value = slices.DeleteFunc(p.Policies.Value, func(one access.Policy) bool {
			return one.Description == step.Name || step.RemoteID != "" && strings.EqualFold(one.ID, step.RemoteID)
		})
	case grant.ConsentStep:
		p.Facts.Consents.Value = slices.DeleteFunc(p.Facts.Consents.Value, func(one access.Consent) bool {
			return one.Resource == consentResource(step) && one.Value == step.Permission
		})
	case grant.MailboxPermissionStep:
		mailbox, right := PermissionOf(step)
		p.Held.Value = slices.DeleteFunc(p.Held.Value, func(one access.MailboxPermission) bool {
			return strings.EqualFold(one.Mailbox, mailbox) && one.Right == right
		})
	default:
		return false
	}
	return true
}

// consentResource is the API on which a consent of ours is, by the step's name.
func consentResource(step grant.Step) access.Resource {
	resource, _, _ := strings.Cut(step.Name, "/")
	return access.Resource(resource)
}
