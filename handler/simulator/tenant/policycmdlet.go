package tenant

import (
	"slices"
	"strings"
)

// The space for policies is bounded; about 300 fit with descriptions of one character (PowerShell
// reference, New-ApplicationAccessPolicy). The figures below that lead there are inferred.
const (
	policySpace    = 64 << 10
	policyOverhead = 217
)

// accessCheckResults are the answers of the test, which Exchange may localize (inferred).
var accessCheckResults = map[bool][languages]string{
	true:  {english: "Granted", german: "Gewährt", french: "Accordé", japanese: "許可"},
	false: {english: "Denied", german: "Verweigert", french: "Refusé", japanese: "拒否"},
}

// policyIdentity has the documented form: organization, application, the scope's security identifier
// and the policy's own id.
func (t *Tenant) policyIdentity(of policy) string {
	return t.organization.ID + `\` + of.AppID + ":" + SecurityID(of.Scope) + ";" + of.GUID
}

func (t *Tenant) policyRow(from policy) row {
	name := from.Scope
	for _, each := range t.state.recipients() {
		if strings.EqualFold(each.GUID, from.Scope) {
			name = each.name()
		}
	}
	return row{
		"Identity": t.policyIdentity(from), "AppId": from.AppID, "ScopeName": name,
		"ScopeIdentity": name, "ScopeIdentityRaw": SecurityID(from.Scope) + ";" + from.Scope,
		"AccessRight": from.AccessRight, "Description": from.Description, "ShardType": "All", "IsValid": true,
	}
}

func (t *Tenant) findPolicy(call *invocation, identity string) (policy, int, error) {
	return oneOf(t.state.policies, identity, call.conditions.other && !isWriteVerb(call.cmdlet), func(each policy) bool {
		if each.visibleFrom.After(call.at) && !isWriteVerb(call.cmdlet) {
			return false
		}
		return strings.EqualFold(t.policyIdentity(each), identity) || strings.EqualFold(each.GUID, identity)
	})
}

func getApplicationAccessPolicy(t *Tenant, call *invocation) ([]row, error) {
	if identity := call.text("Identity"); identity != "" {
		found, _, err := t.findPolicy(call, identity)
		if err != nil {
			return nil, err
		}
		return []row{t.policyRow(found)}, nil
	}
	var rows []row
	for _, each := range t.state.policies {
		if !each.visibleFrom.After(call.at) {
			rows = append(rows, t.policyRow(each))
		}
	}
	return rows, nil
}

// policyScope finds what a policy may be scoped to: a user mailbox, a mail user or a mail-enabled
// security group, and nothing else (PowerShell reference, New-ApplicationAccessPolicy).
func (t *Tenant) policyScope(call *invocation, identity string) (mailbox, error) {
	found, _, err := oneOf(t.state.recipients(), identity, false, func(each mailbox) bool {
		return each.answersTo(identity, t.organization.Domain)
	})
	if err != nil {
		return mailbox{}, err
	}
	switch found.Type {
	case "UserMailbox", "MailUser", "MailUniversalSecurityGroup":
		return found, nil
	}
	return mailbox{}, noSecurityPrincipal(identity)
}

// newApplicationAccessPolicy makes one policy for each application that is named; that several come
// of several names is inferred.
func newApplicationAccessPolicy(t *Tenant, call *invocation) ([]row, error) {
	right, known := oneWord(call.text("AccessRight"), restrictAccess, denyAccess)
	if !known {
		return nil, badValue("AccessRight '" + call.text("AccessRight") + "'. The possible values are: RestrictAccess, DenyAccess")
	}
	scoped, err := t.policyScope(call, call.text("PolicyScopeGroupId"))
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, appID := range call.list("AppId") {
		if appID != everyApplication && !guidShape.MatchString(appID) {
			return nil, badValue("AppId '" + appID + "' is neither a GUID nor *")
		}
		made := policy{AppID: appID, Scope: scoped.GUID, AccessRight: right, Description: call.text("Description"), made: call.at, visibleFrom: hiddenUntil(call.at, call.conditions)}
		made, err = t.addPolicy(made)
		if err != nil {
			return nil, err
		}
		t.state.changed(call.at, call.by, "created", "accessPolicy", made.AppID, made.AccessRight+" to "+scoped.DisplayName)
		rows = append(rows, t.policyRow(made))
	}
	return rows, nil
}

// addPolicy refuses what is full, and a second policy of one application for one scope.
func (t *Tenant) addPolicy(made policy) (policy, error) {
	used := 0
	for _, each := range append(slices.Clone(t.state.policies), made) {
		used += policyOverhead + len(each.Description)
	}
	if used > policySpace {
		return policy{}, policySpaceFull()
	}
	if slices.ContainsFunc(t.state.policies, func(each policy) bool {
		return strings.EqualFold(each.AppID, made.AppID) && strings.EqualFold(each.Scope, made.Scope)
	}) {
		return policy{}, alreadyExists(made.AppID)
	}
	if made.GUID == "" {
		made.GUID = t.state.newGUID("policy", made.AppID+" "+made.Scope)
	}
	t.state.policies = append(slices.Clone(t.state.policies), made)
	return made, nil
}

// setApplicationAccessPolicy changes the description, which is all that can be changed.
func setApplicationAccessPolicy(t *Tenant, call *invocation) ([]row, error) {
	found, index, err := t.findPolicy(call, call.text("Identity"))
	if err != nil {
		return nil, err
	}
	found.Description = call.text("Description")
	t.state.policies = slices.Clone(t.state.policies)
	t.state.policies[index] = found
	t.state.changed(call.at, call.by, "changed", "accessPolicy", found.AppID, found.Description)
	return nil, nil
}

func removeApplicationAccessPolicy(t *Tenant, call *invocation) ([]row, error) {
	found, _, err := t.findPolicy(call, call.text("Identity"))
	if err != nil {
		return nil, err
	}
	t.dropPolicy(found, call)
	return nil, nil
}

// dropPolicy keeps it for the data plane, which follows later.
func (t *Tenant) dropPolicy(gone policy, call *invocation) {
	t.state.policies = slices.DeleteFunc(slices.Clone(t.state.policies), func(each policy) bool { return each.GUID == gone.GUID })
	gone.gone = call.at
	t.state.pastPolicies = append(slices.Clone(t.state.pastPolicies), gone)
	t.state.changed(call.at, call.by, "removed", "accessPolicy", gone.AppID, gone.AccessRight)
}

// testApplicationAccessPolicy judges by the policies as they stand, past every cache. Where no
// policy concerns the application it says Granted, whatever was consented (inferred).
func testApplicationAccessPolicy(t *Tenant, call *invocation) ([]row, error) {
	target, _, err := oneOf(t.state.mailboxes, call.text("Identity"), call.conditions.other, func(each mailbox) bool {
		return each.answersTo(call.text("Identity"), t.organization.Domain)
	})
	if err != nil {
		return nil, err
	}
	appID := call.text("AppId")
	if !guidShape.MatchString(appID) {
		return nil, badValue("AppId '" + appID + "' is not a GUID")
	}
	granted := policiesAllow(t.state.policies, appID, target, t.state.memberships())
	return []row{{
		"AppId": appID, "Mailbox": target.DisplayName, "MailboxId": guid(target.GUID), "MailboxSid": SecurityID(target.GUID),
		"AccessCheckResult": accessCheckResults[granted][t.resultLanguage(call.conditions)],
	}}, nil
}

// oneWord returns a value of an enumeration as Exchange spells it.
func oneWord(given string, words ...string) (string, bool) {
	for _, word := range words {
		if strings.EqualFold(word, given) {
			return word, true
		}
	}
	return "", false
}
