package tenant

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// cmdlet is one played cmdlet: who may run it, what it takes and what it does. Parameters that a
// cmdlet has and that are not listed are refused as unknown.
type cmdlet struct {
	name     string
	roles    []string
	required []string
	texts    []string
	flags    []string
	// lists are parameters that take several values, or a single one alone.
	lists []string
	run   func(*Tenant, *invocation) ([]row, error)
}

// The management roles that hold the cmdlets (PowerShell reference, Find the permissions required to
// run any Exchange cmdlet); any one of a line is enough.
var (
	roleManagement = []string{"Role Management"}
	recipientRoles = []string{"View-Only Recipients", "Mail Recipients", "Mail Recipient Creation"}
	configRoles    = []string{"View-Only Configuration", "Organization Configuration", "View-Only Recipients", "Role Management"}
	hydrateRoles   = []string{"Organization Configuration"}
)

// cmdlets is a function and not a variable because what a cmdlet runs may look the table up again.
func cmdlets() []cmdlet {
	return slices.Concat(assignmentCmdlets(), groupCmdlets(), accessCmdlets(), roleGroupCmdlets(), mailboxCmdlets())
}

// assignmentCmdlets are what a scoped role takes.
func assignmentCmdlets() []cmdlet {
	return []cmdlet{
		{"Get-ServicePrincipal", roleManagement, nil, []string{"Identity"}, nil, nil, getServicePrincipal},
		{"New-ServicePrincipal", roleManagement, []string{"AppId", "ObjectId"}, []string{"AppId", "ObjectId", "DisplayName", "ServiceId"}, nil, nil, newServicePrincipal},
		{"Set-ServicePrincipal", roleManagement, []string{"Identity"}, []string{"Identity", "DisplayName"}, nil, nil, setServicePrincipal},
		{"Remove-ServicePrincipal", roleManagement, []string{"Identity"}, []string{"Identity"}, nil, nil, removeServicePrincipal},
		{"Get-ManagementScope", roleManagement, nil, []string{"Identity"}, []string{"Orphan", "Exclusive"}, nil, getManagementScope},
		{"New-ManagementScope", roleManagement, []string{"Name", "RecipientRestrictionFilter"}, []string{"Name", "RecipientRestrictionFilter"}, []string{"Exclusive", "Force"}, nil, newManagementScope},
		{"Set-ManagementScope", roleManagement, []string{"Identity"}, []string{"Identity", "Name", "RecipientRestrictionFilter"}, []string{"Force"}, nil, setManagementScope},
		{"Remove-ManagementScope", roleManagement, []string{"Identity"}, []string{"Identity"}, []string{"Force"}, nil, removeManagementScope},
		{"Get-ManagementRoleAssignment", roleManagement, nil, []string{"Identity", "RoleAssignee", "Role", "RoleAssigneeType", "AssignmentMethod", "RecipientAdministrativeUnitScope"}, []string{"Enabled", "Delegating"}, nil, getManagementRoleAssignment},
		{"New-ManagementRoleAssignment", roleManagement, []string{"Role"}, append([]string{"Name", "Role", "App", "SecurityGroup"}, scopeParameters...), []string{"Delegating", "Force"}, nil, newManagementRoleAssignment},
		{"Set-ManagementRoleAssignment", roleManagement, []string{"Identity"}, append([]string{"Identity"}, scopeParameters...), []string{"Enabled", "Force"}, nil, setManagementRoleAssignment},
		{"Remove-ManagementRoleAssignment", roleManagement, []string{"Identity"}, []string{"Identity"}, []string{"Force"}, nil, removeManagementRoleAssignment},
		{"Test-ServicePrincipalAuthorization", roleManagement, []string{"Identity"}, []string{"Identity", "Resource"}, nil, nil, testServicePrincipalAuthorization},
		{"Get-ManagementRole", roleManagement, nil, []string{"Identity", "RoleType"}, nil, nil, getManagementRole},
		{"Get-Recipient", recipientRoles, nil, []string{"Identity", "Filter", "RecipientPreviewFilter", "ResultSize"}, nil, []string{"RecipientTypeDetails"}, getRecipient},
		{"Get-Mailbox", recipientRoles, nil, []string{"Identity", "Filter", "ResultSize"}, nil, []string{"RecipientTypeDetails"}, getMailbox},
		{"Get-OrganizationConfig", configRoles, nil, nil, nil, nil, getOrganizationConfig},
		{"Enable-OrganizationCustomization", hydrateRoles, nil, nil, nil, nil, enableOrganizationCustomization},
	}
}

// commonTexts and commonFlags go with every cmdlet.
var (
	commonTexts = []string{"ErrorAction", "WarningAction", "InformationAction"}
	commonFlags = []string{"Confirm", "WhatIf", "Verbose", "Debug"}
)

// cmdletByName ignores case, as PowerShell does.
func cmdletByName(name string) (cmdlet, bool) {
	for _, each := range cmdlets() {
		if strings.EqualFold(each.name, name) {
			return each, true
		}
	}
	return cmdlet{}, false
}

// invocation is one bound call of a cmdlet.
type invocation struct {
	by         string
	caller     claims
	at         time.Time
	conditions conditions
	cmdlet     string
	texts      map[string]string
	flags      map[string]bool
	// nulls are flags that were given as null.
	nulls map[string]bool
	lists map[string][]string
	// warnings go beside the result.
	warnings []string
}

// bind is strict, as the admin endpoint is: an unknown name or a value of the wrong kind fails the
// call before anything is looked up.
func (i *invocation) bind(to cmdlet, parameters map[string]any) error {
	i.cmdlet, i.texts, i.lists = to.name, map[string]string{}, map[string][]string{}
	i.flags, i.nulls = map[string]bool{}, map[string]bool{}
	for _, name := range sortedNames(parameters) {
		value := parameters[name]
		if known, is := spelled(name, to.texts, commonTexts); is {
			text, err := textOf(known, value)
			if err != nil {
				return err
			}
			i.texts[known] = text
			continue
		}
		if known, is := spelled(name, to.lists); is {
			list, err := listOf(known, value)
			if err != nil {
				return err
			}
			i.lists[known] = list
			continue
		}
		known, is := spelled(name, to.flags, commonFlags)
		if !is {
			return badParameters("A parameter cannot be found that matches parameter name '" + name + "'.")
		}
		flag, is := value.(bool)
		if !is && (value != nil || !slices.Contains(nullableFlags, known)) {
			return badValue(fmt.Sprintf("parameter '%s' is a switch and not '%v'", known, value))
		}
		i.flags[known] = flag
		i.nulls[known] = !is
	}
	for _, name := range to.required {
		if i.texts[name] == "" && len(i.lists[name]) == 0 {
			return badParameters("The mandatory parameter '" + name + "' is missing or empty.")
		}
	}
	return nil
}

// nullableFlags take null besides true and false.
var nullableFlags = []string{"SmtpClientAuthenticationDisabled"}

// sortedNames makes the first fault the same in every run.
func sortedNames(parameters map[string]any) []string {
	names := make([]string, 0, len(parameters))
	for name := range parameters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// spelled returns a parameter's name as the cmdlet spells it.
func spelled(name string, lists ...[]string) (string, bool) {
	for _, list := range lists {
		for _, known := range list {
			if strings.EqualFold(known, name) {
				return known, true
			}
		}
	}
	return "", false
}

// textOf takes null as nothing, which is how an identity can come to be empty.
func textOf(name string, value any) (string, error) {
	switch typed := value.(type) {
	case nil:
		return "", nil
	case string:
		return typed, nil
	case float64:
		return fmt.Sprint(typed), nil
	}
	return "", badValue(fmt.Sprintf("parameter '%s' cannot be made of '%v'", name, value))
}

// listOf binds a single value to a list, too.
func listOf(name string, value any) ([]string, error) {
	many, is := value.([]any)
	if !is {
		many = []any{value}
	}
	list := []string{}
	for _, each := range many {
		text, err := textOf(name, each)
		if err != nil {
			return nil, err
		}
		if text != "" {
			list = append(list, text)
		}
	}
	return list, nil
}

// text returns "" for a parameter that was not given.
func (i *invocation) text(name string) string { return i.texts[name] }

// flag returns false for a switch that was not given.
func (i *invocation) flag(name string) bool { return i.flags[name] }

// flagOrNull returns nil for null, and for a switch that was not given.
func (i *invocation) flagOrNull(name string) *bool {
	flag, given := i.flags[name]
	if !given || i.nulls[name] {
		return nil
	}
	return &flag
}

// given tells a switch that is false from one that is absent.
func (i *invocation) given(name string) bool {
	_, text := i.texts[name]
	_, flag := i.flags[name]
	_, list := i.lists[name]
	return text || flag || list
}

// list returns nothing for a list that was not given.
func (i *invocation) list(name string) []string { return i.lists[name] }

// words reads a list of enumeration values, which may also come as one text with commas.
func (i *invocation) words(name string, known []string) ([]string, error) {
	var words []string
	for _, part := range strings.Split(strings.Join(i.lists[name], ","), ",") {
		word, is := oneWord(strings.TrimSpace(part), known...)
		if !is {
			return nil, badValue(fmt.Sprintf("parameter '%s' cannot be made of '%s'. The possible values are: %s", name, part, strings.Join(known, ", ")))
		}
		words = append(words, word)
	}
	return words, nil
}

// warn adds a warning to an answer that is a success all the same.
func (i *invocation) warn(text string) { i.warnings = append(i.warnings, text) }

// longestName is the limit of scope and assignment names (PowerShell reference,
// New-ManagementScope and New-ManagementRoleAssignment).
const longestName = 64

func checkName(name string) error {
	if length := len([]rune(name)); length > longestName {
		return badValue(fmt.Sprintf("the name is %d characters long and %d is the maximum", length, longestName))
	}
	return nil
}
