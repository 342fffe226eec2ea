package tenant

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// guidShape is what Entra and Exchange print; both compare without regard to case.
var guidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// mailboxTypes can be opened through the data plane; recipientTypes cannot.
var mailboxTypes = []string{"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"}

var recipientTypes = []string{
	"MailUser", "GuestMailUser", "MailContact", "GroupMailbox", "MailUniversalSecurityGroup",
	"MailUniversalDistributionGroup", "DynamicDistributionGroup", "PublicFolder",
}

// directoryCheck collects every fault, so that a person corrects a file once.
type directoryCheck struct {
	faults []error
	seen   map[string]string
}

func (c *directoryCheck) fault(where, format string, arguments ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, arguments...)))
}

func (c *directoryCheck) guid(where, value string) {
	if !guidShape.MatchString(value) {
		c.fault(where, "%q is not a GUID", value)
	}
}

// unique holds that no two things of one kind share a value; kinds are separate name spaces.
func (c *directoryCheck) unique(kind, where, value string) {
	key := kind + " " + strings.ToLower(value)
	if other, taken := c.seen[key]; taken {
		c.fault(where, "%s %q is already used by %s", kind, value, other)
		return
	}
	c.seen[key] = where
}

// check returns all faults of a document together, each with the place where it is.
func (d directory) check() error {
	check := &directoryCheck{seen: map[string]string{}}
	check.guid("tenant.id", d.Tenant.ID)
	if !strings.Contains(d.Tenant.Domain, ".") {
		check.fault("tenant.domain", "%q is not a domain", d.Tenant.Domain)
	}
	check.principal("service", principal{AppID: d.Service.AppID, ObjectID: d.Service.ObjectID, DisplayName: "service"})
	for index, each := range d.ServicePrincipals {
		check.principal(fmt.Sprintf("servicePrincipals[%d]", index), each)
	}
	for index, each := range d.Applications {
		where := fmt.Sprintf("applications[%d]", index)
		check.guid(where+".appId", each.AppID)
		check.guid(where+".objectId", each.ObjectID)
		check.unique("registration", where, each.AppID)
		for _, declared := range each.Declared {
			err := declared.check()
			if err != nil {
				check.fault(where+".declared", "%v", err)
			}
		}
		check.unique("object id", where, each.ObjectID)
	}
	for index, each := range d.Mailboxes {
		check.mailbox(fmt.Sprintf("mailboxes[%d]", index), each)
	}
	d.checkConsents(check)
	d.checkExchange(check)
	d.checkGroups(check)
	d.checkAccess(check)
	return errors.Join(check.faults...)
}

func (c *directoryCheck) principal(where string, each principal) {
	c.guid(where+".appId", each.AppID)
	c.guid(where+".objectId", each.ObjectID)
	c.unique("appId", where, each.AppID)
	c.unique("object id", where, each.ObjectID)
	if each.DisplayName == "" {
		c.fault(where+".displayName", "is missing")
	}
	if each.Type != "" && each.Type != typeApplication && each.Type != typeManagedIdentity {
		c.fault(where+".type", "%q is neither %s nor %s", each.Type, typeApplication, typeManagedIdentity)
	}
}

func (c *directoryCheck) mailbox(where string, each mailbox) {
	c.guid(where+".guid", each.GUID)
	c.unique("mailbox guid", where, each.GUID)
	for _, id := range []string{each.ExchangeGUID, each.EntraID} {
		if id != "" {
			c.guid(where, id)
		}
	}
	if each.DisplayName == "" {
		c.fault(where+".displayName", "is missing")
	}
	if !slices.Contains(mailboxTypes, each.Type) && !slices.Contains(recipientTypes, each.Type) {
		c.fault(where+".type", "%q is not a recipient type", each.Type)
	}
	for _, address := range append([]string{each.Primary}, each.Aliases...) {
		if !strings.Contains(address, "@") {
			c.fault(where, "%q is not an address", address)
		}
		c.unique("address", where, address)
	}
	for name := range each.Attributes {
		if !slices.Contains(attributeNames, name) {
			c.fault(where+".attributes", "%q is not one of %s", name, strings.Join(attributeNames, ", "))
		}
	}
	for name := range each.CustomAttributes {
		property, known := filterProperty(name)
		if !known || property != name || !strings.HasPrefix(name, "CustomAttribute") {
			c.fault(where+".customAttributes", "%q is not CustomAttribute1 to CustomAttribute15", name)
		}
	}
}

// knows reports whether a principal with this app id or object id stands in the document.
func (d directory) knows(workload string) bool {
	if strings.EqualFold(d.Service.AppID, workload) || strings.EqualFold(d.Service.ObjectID, workload) {
		return true
	}
	return slices.ContainsFunc(d.ServicePrincipals, func(each principal) bool { return each.named(workload) })
}

func (d directory) checkConsents(check *directoryCheck) {
	for _, role := range d.Service.Roles {
		if _, known := resourceOfServiceRole(role); !known {
			check.fault("service.roles", "%q is an app role of neither resource", role)
		}
	}
	for index, each := range d.Consents {
		where := fmt.Sprintf("consents[%d]", index)
		if !d.knows(each.Workload) {
			check.fault(where+".workload", "%q is not a service principal", each.Workload)
		}
		if _, known := appRoleByName(each.Resource, each.Permission); !known {
			check.fault(where, "%q has no app role %q", each.Resource, each.Permission)
		}
	}
}

func (d directory) checkExchange(check *directoryCheck) {
	for index, each := range d.Pointers {
		where := fmt.Sprintf("pointers[%d]", index)
		check.guid(where+".appId", each.AppID)
		check.guid(where+".objectId", each.ObjectID)
		check.unique("pointer", where, each.ObjectID)
	}
	for index, each := range d.Scopes {
		where := fmt.Sprintf("scopes[%d]", index)
		check.unique("scope", where, each.Name)
		_, err := parseFilter(each.Filter)
		if err != nil {
			check.fault(where+".filter", "%v", err)
		}
	}
	for index, each := range d.Assignments {
		where := fmt.Sprintf("assignments[%d]", index)
		check.unique("assignment", where, each.Name)
		if _, known := applicationRoleByName(each.Role); !known && each.Role != impersonationRole {
			check.fault(where+".role", "%q is not an application role", each.Role)
		}
		if !slices.ContainsFunc(d.Pointers, func(p pointer) bool { return p.named(each.Workload) }) {
			check.fault(where+".workload", "%q has no pointer", each.Workload)
		}
		if each.Scope != "" && !slices.ContainsFunc(d.Scopes, func(s scope) bool { return strings.EqualFold(s.Name, each.Scope) }) {
			check.fault(where+".scope", "there is no scope %q", each.Scope)
		}
	}
}
