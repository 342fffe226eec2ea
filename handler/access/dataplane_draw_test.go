package access_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// drawing makes one random tenant: every kind of path, nested groups, overlaps, and a
// few things of which nobody can know what they open.
type drawing struct {
	random *rand.Rand
	made   playedTenant
}

// drawPlayed draws up to 30 workloads and 60 mailboxes, small tenants more often than
// large ones. The same seed always gives the same tenant.
func drawPlayed(seed uint64) playedTenant {
	d := &drawing{random: rand.New(rand.NewPCG(seed, 2))}
	d.made.Tenant = map[string]string{"id": numbered(6, 1), "domain": playedDomain}
	d.made.Service = map[string]string{"appId": numbered(6, 2), "objectId": numbered(6, 3)}
	d.mailboxes(1 + d.few(60))
	d.groups(1 + d.random.IntN(6))
	d.scopes(1 + d.random.IntN(8))
	for number := range 1 + d.few(30) {
		d.workload(number)
	}
	d.policies(d.random.IntN(7))
	d.grants()
	return d.made
}

// few is below most, and mostly far below.
func (d *drawing) few(most int) int {
	part := d.random.Float64()
	return int(part * part * float64(most))
}

// once is true one time in so many.
func (d *drawing) once(in int) bool { return d.random.IntN(in) == 0 }

func (d *drawing) mailboxes(count int) {
	types := []string{"UserMailbox", "UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "MailUser"}
	crawled := !d.once(4)
	for i := range count {
		made := playedMailbox{GUID: numbered(1, i), DisplayName: fmt.Sprintf("Mailbox %d", i), Primary: fmt.Sprintf("m%d@%s", i, playedDomain),
			Type: pick(d.random, types...), uncrawled: !crawled && d.once(5)}
		if d.once(4) {
			made.Aliases = []string{fmt.Sprintf("old-m%d@%s", i, playedDomain)}
		}
		if !d.once(3) {
			made.Attributes = map[string]string{"Department": pick(d.random, "Sales", "Sales South", "IT")}
		}
		if !d.once(3) {
			made.CustomAttributes = map[string]string{"CustomAttribute1": pick(d.random, "red", "blue", "O'Neill")}
		}
		d.made.Mailboxes = append(d.made.Mailboxes, made)
	}
}

func (d *drawing) mailbox() string { return pick(d.random, d.made.Mailboxes...).GUID }

// members are recipients and, sometimes, a group: in a circle, too.
func (d *drawing) members(groups int) []string {
	var some []string
	for _, each := range d.made.Mailboxes {
		if d.once(4) {
			some = append(some, each.GUID)
		}
	}
	for d.once(3) && len(some) < 99 {
		some = append(some, numbered(2, d.random.IntN(groups)))
	}
	return some
}

func (d *drawing) groups(count int) {
	kinds := []string{"MailEnabledSecurity", "MailEnabledSecurity", "MailEnabledSecurity", "MailEnabledSecurity", "MailEnabledSecurity", "MailEnabledSecurity",
		"Distribution", "Distribution", "Microsoft365", "Dynamic", "Security"}
	for i := range count {
		made := playedGroup{GUID: numbered(2, i), DisplayName: fmt.Sprintf("Group %d", i), Kind: pick(d.random, kinds...), Primary: fmt.Sprintf("g%d@%s", i, playedDomain)}
		if made.Kind == "Dynamic" {
			made.Filter = "Department -eq 'Sales'"
		} else {
			made.Members = d.members(count)
		}
		d.made.Groups = append(d.made.Groups, made)
	}
	for i := range 1 + d.random.IntN(3) {
		d.made.Units = append(d.made.Units, playedUnit{ID: numbered(3, i), DisplayName: fmt.Sprintf("Unit %d", i), Members: d.members(count)})
	}
}

// listed is a group whose direct members Exchange lists; empty when there is none.
func (d *drawing) listed() playedGroup {
	for range 10 {
		drawn := pick(d.random, d.made.Groups...)
		if drawn.listed() {
			return drawn
		}
	}
	return playedGroup{}
}

func (d *drawing) workload(number int) {
	who := playedPrincipal{AppID: numbered(5, number), ObjectID: numbered(4, number), DisplayName: fmt.Sprintf("Workload %d", number)}
	d.made.ServicePrincipals = append(d.made.ServicePrincipals, who)
	for range d.random.IntN(4) {
		d.made.Consents = append(d.made.Consents, d.consent(who.ObjectID))
	}
	if !d.once(6) {
		d.made.Pointers = append(d.made.Pointers, who)
		for i := range d.random.IntN(5) {
			d.assignment(who.ObjectID, fmt.Sprintf("%d-%d", number, i))
		}
	}
	for range d.random.IntN(5) {
		d.made.MailboxPermissions = append(d.made.MailboxPermissions, playedRight{Mailbox: d.mailbox(), Trustee: who.ObjectID,
			Right: pick(d.random, "FullAccess", "FullAccess", "SendAs", "ReadPermission")})
	}
	d.administer(who.ObjectID)
}

func (d *drawing) consent(workload string) playedConsent {
	made := playedConsent{Workload: workload, Resource: "graph"}
	switch d.random.IntN(10) {
	case 0:
		made.Permission = pick(d.random, "User.Read.All", "Directory.Read.All", "Group.Read.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Exchange")
	case 1, 2, 3:
		made.Resource = "exchange"
		made.Permission = pick(d.random, "full_access_as_app", "IMAP.AccessAsApp", "IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp", "SMTP.SendAsApp", "Mail.Read",
			"Mail.Send", "Calendars.Read", "Contacts.ReadWrite", "EWS.AccessAsApp", "Exchange.ManageAsApp")
	default:
		made.Permission = pick(d.random, graphPermissions()...)
	}
	return made
}

// graphPermissions open mailboxes, each in its own way.
func graphPermissions() []string {
	return []string{"Mail.ReadBasic", "Mail.ReadBasic.All", "Mail.Read", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read", "MailboxSettings.ReadWrite",
		"Calendars.Read", "Calendars.ReadBasic.All", "Calendars.ReadWrite", "Contacts.Read", "Contacts.ReadWrite", "MailboxFolder.Read.All",
		"MailboxFolder.ReadWrite.All", "MailboxItem.Read.All", "MailboxItem.ReadWrite.All", "MailboxItem.Export.All", "MailboxItem.ImportExport.All",
		"MailboxConfigItem.Read", "MailboxConfigItem.ReadWrite", "MailTips.ReadBasic.All", "Mail-Advanced.ReadWrite.All"}
}

// playedRoles are the application roles, and the one that they replaced.
func playedRoles() []string {
	names := []string{"ApplicationImpersonation"}
	for _, short := range []string{"Mail.Read", "Mail.ReadBasic", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read", "MailboxSettings.ReadWrite", "Calendars.Read",
		"Calendars.ReadWrite", "Contacts.Read", "Contacts.ReadWrite", "MailboxFolder.Read", "MailboxFolder.ReadWrite", "MailboxItem.Read", "MailboxItem.ReadWrite",
		"MailboxItem.Export", "MailboxItem.ImportExport", "Mail Full Access", "Exchange Full Access", "EWS.AccessAsApp", "SMTP.SendAsApp", "SMTP.SendAsApp",
		"MailboxConfigItem.Read", "MailboxConfigItem.ReadWrite", "MailTips.ReadBasic.All", "Mail-Advanced.ReadWrite.All"} {
		names = append(names, "Application "+short)
	}
	return names
}

func (d *drawing) assignment(workload, name string) {
	made := playedAssignment{Name: name, Workload: workload, Role: pick(d.random, playedRoles()...), Disabled: d.once(15)}
	switch group := d.listed(); d.random.IntN(12) {
	case 0: // the whole organization
	case 1:
		made.Delegating = true
	case 2, 3:
		made.Unit = pick(d.random, d.made.Units...).ID
	case 4, 5, 6:
		if group.GUID != "" {
			made.group, made.Scope = group.GUID, "made by Exchange for "+name
			d.made.Scopes = append(d.made.Scopes, playedScope{Name: made.Scope, Filter: "MemberOfGroup -eq '" + groupName(group.DisplayName) + "'"})
		}
	case 7:
		if d.once(4) {
			made.Unit = numbered(3, 99)
		}
	default:
		made.Scope = d.made.Scopes[d.random.IntN(min(8, len(d.made.Scopes)))].Name
	}
	d.made.Assignments = append(d.made.Assignments, made)
}

// administer gives some workloads roles over others' access.
func (d *drawing) administer(objectID string) {
	if d.once(6) {
		d.made.DirectoryRoles = append(d.made.DirectoryRoles, playedRole{Principal: objectID, Scope: pick(d.random, "", "/", "/administrativeUnits/"+numbered(3, 0)),
			Role: pick(d.random, "Global Administrator", "Exchange Administrator", "Privileged Role Administrator", "Application Administrator", "Exchange Recipient Administrator", "Global Reader")})
	}
	if d.once(8) {
		name := pick(d.random, "Organization Management", "Recipient Management", "View-Only Organization Management", "Keepers")
		at := slices.IndexFunc(d.made.RoleGroups, func(each playedRoleGroup) bool { return each.Name == name })
		if at < 0 {
			at = len(d.made.RoleGroups)
			d.made.RoleGroups = append(d.made.RoleGroups, playedRoleGroup{Name: name})
			if name == "Keepers" {
				d.made.RoleGroups[at].Roles = []string{"Role Management"}
			}
		}
		d.made.RoleGroups[at].Members = append(d.made.RoleGroups[at].Members, objectID)
	}
}

// policies concern the first workloads or all; no application has two of one scope.
func (d *drawing) policies(count int) {
	taken := map[string]bool{}
	for range count {
		made := playedPolicy{AppID: numbered(5, d.random.IntN(min(4, len(d.made.ServicePrincipals)))), Scope: pick(d.random, d.made.Groups...).GUID,
			Right: pick(d.random, "RestrictAccess", "RestrictAccess", "DenyAccess")}
		if d.once(6) {
			made.AppID = "*"
		}
		if everybody := d.made.everybody(); d.once(8) && len(everybody) > 0 {
			made.Scope = pick(d.random, everybody...)
		}
		if d.once(15) {
			made.Scope = numbered(9, 1)
		}
		if key := made.AppID + made.Scope; !taken[key] {
			taken[key] = true
			d.made.Policies = append(d.made.Policies, made)
		}
	}
}

func (d *drawing) scopes(count int) {
	for i := range count {
		made := playedScope{Name: fmt.Sprintf("Scope %d", i), Filter: d.filter(3), Exclusive: d.once(12)}
		if d.once(12) {
			made.undecided, made.Filter = true, d.undecided()
		}
		d.made.Scopes = append(d.made.Scopes, made)
	}
}

func (d *drawing) filter(depth int) string {
	if depth == 0 || d.once(2) {
		return d.term()
	}
	left, right := d.filter(depth-1), d.filter(depth-1)
	switch d.random.IntN(4) {
	case 0:
		return "-not (" + left + ")"
	case 1:
		return "(" + left + ") -and (" + right + ")"
	}
	return "(" + left + ") -or (" + right + ")"
}

// term compares one property in a way whose meaning is documented.
func (d *drawing) term() string {
	of := pick(d.random, d.made.Mailboxes...)
	alias, _, _ := strings.Cut(of.Primary, "@")
	equal, like := pick(d.random, "-eq", "-EQ", "-ne"), pick(d.random, "-like", "-like", "-notlike")
	switch d.random.IntN(11) {
	case 0, 1:
		return "Guid -eq '" + strings.ToUpper(of.GUID) + "'"
	case 2:
		return "Alias " + equal + " '" + strings.ToUpper(alias) + "'"
	case 3:
		return "Alias " + like + " '" + alias[:2] + "*'"
	case 4:
		return "department " + equal + " " + pick(d.random, "'sales'", "'IT'", "$null")
	case 5:
		return "Department " + like + " 'SALES*'"
	case 6:
		return "CustomAttribute1 " + equal + " " + pick(d.random, "'red'", "'o''neill'", "$null")
	case 7:
		return "PrimarySmtpAddress -eq '" + pick(d.random, append(of.Aliases, of.Primary)...) + "'"
	case 8:
		return "EmailAddresses -eq 'smtp:" + of.Primary + "'"
	case 9:
		return "RecipientTypeDetails " + equal + " '" + of.Type + "'"
	}
	if group := d.listed(); group.GUID != "" {
		return "MemberOfGroup " + equal + " '" + groupName(group.DisplayName) + "'"
	}
	return "DisplayName " + equal + " '" + of.DisplayName + "'"
}

// undecided filters mean what nobody documents: operators without brackets, wildcards
// in the middle or on addresses, members of what lists none.
func (d *drawing) undecided() string {
	for _, each := range d.made.Groups {
		if !each.listed() && d.once(2) {
			return "MemberOfGroup -eq '" + groupName(each.DisplayName) + "'"
		}
	}
	return pick(d.random, "Alias -eq 'm0' -and Department -eq 'Sales' -or Alias -eq 'm1'", "Alias -like 'm*1'", "PrimarySmtpAddress -like 'm1*'")
}
